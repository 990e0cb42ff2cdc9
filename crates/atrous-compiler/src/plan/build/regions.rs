//! The pieces of an axis as rows of a table.

use super::nest::{Header, Vars, index};
use crate::ir::{PiecewiseAxis, Progression};
use crate::plan::{Affine, Count, Var};

/// One piece (or progression of outputs without taps) as numbers: output `q` of the row is
/// `first + output_step·q`, its tap `j` reads input `stride·q + dilation·j + input` and stands at `tap + j` in the
/// packed weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The first output.
    pub first: i64,
    /// How many outputs.
    pub count: i64,
    /// The input that tap 0 of output 0 reads.
    pub input: i64,
    /// The place of tap 0 among the packed taps.
    pub tap: i64,
    /// How many taps.
    pub taps: i64,
}

/// An axis as a table, with the numbers that all rows share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxisTable {
    /// Distance between neighbouring outputs of a row.
    pub output_step: i64,
    /// Distance between the inputs of neighbouring outputs.
    pub stride: i64,
    /// Distance between the inputs of neighbouring taps.
    pub dilation: i64,
    /// The rows.
    pub rows: Vec<Row>,
}

impl AxisTable {
    /// The table of an axis. All its pieces come from one relation, so they share their steps.
    pub fn new(axis: &PiecewiseAxis) -> AxisTable {
        let order = TapOrder::new(axis);
        let inner = axis.pieces.first().map(|piece| piece.axis);
        let progressions = axis.pieces.iter().map(|piece| piece.outputs).chain(axis.empty.iter().copied());
        let rows = axis.pieces.iter().map(|piece| Row {
            first: piece.outputs.start,
            count: piece.outputs.count,
            input: -piece.axis.pad,
            tap: order.place(piece.taps.start),
            taps: piece.taps.count,
        });
        let without_taps =
            |&outputs: &Progression| Row { first: outputs.start, count: outputs.count, input: 0, tap: 0, taps: 0 };
        AxisTable {
            output_step: progressions.map(|outputs| outputs.step).next().unwrap_or(1),
            stride: inner.map_or(1, |inner| inner.stride),
            dilation: inner.map_or(1, |inner| inner.dilation),
            rows: rows.chain(axis.empty.iter().map(without_taps)).collect(),
        }
    }

    /// The table of an axis that only copies: positions of each run in the output, and its first input.
    pub fn of_runs(runs: &[(Progression, i64)]) -> AxisTable {
        let row = |&(outputs, input): &(Progression, i64)| Row {
            first: outputs.start,
            count: outputs.count,
            input,
            tap: 0,
            taps: 1,
        };
        AxisTable { output_step: 1, stride: 1, dilation: 1, rows: runs.iter().map(row).collect() }
    }

    /// Opens the table as a header (unless all its columns are constant) and returns its columns.
    ///
    /// The outputs of each row are split into parts: as many runs of `widths[0]` outputs as fit, then of `widths[1]`,
    /// and so on. The last width is 1.
    pub fn open(&self, name: &str, widths: &[usize], vars: &mut Vars, headers: &mut Vec<Header>) -> Columns {
        let mut table = Table::new(vars, name);
        let first = table.column("first", self.rows.iter().map(|row| row.first).collect());
        let mut left: Vec<i64> = self.rows.iter().map(|row| row.count).collect();
        let mut start = Affine::constant(0);
        let mut parts = Vec::new();
        for &width in widths {
            let width = width as i64;
            let name = if width == 1 { "count".to_string() } else { format!("count_{width}") };
            let count = table.column(&name, left.iter().map(|left| left / width).collect());
            left.iter_mut().for_each(|left| *left %= width);
            let next = start.plus(&count.times(width));
            parts.push(Part { width: width as usize, count: as_count(&count), start });
            start = next;
        }
        parts.retain(|part| part.count != Count::Fixed(0));
        let input = table.column("input", self.rows.iter().map(|row| row.input).collect());
        let tap = table.column("tap", self.rows.iter().map(|row| row.tap).collect());
        let taps = as_count(&table.column("taps", self.rows.iter().map(|row| row.taps).collect()));
        headers.extend(table.header());
        Columns { first, parts, input, tap, taps }
    }

    /// Output `q` of the open row.
    pub fn position(&self, columns: &Columns, q: &Affine) -> Position {
        Position {
            output: columns.first.plus(&q.times(self.output_step)),
            input: columns.input.plus(&q.times(self.stride)),
            tap: columns.tap.clone(),
            taps: columns.taps,
        }
    }
}

/// Opens tables one inside the other, with a loop over the outputs of each row.
pub fn open_positions(
    tables: &[AxisTable],
    names: &[&str],
    vars: &mut Vars,
    headers: &mut Vec<Header>,
) -> Vec<Position> {
    let open = |(table, name): (&AxisTable, &&str)| {
        let columns = table.open(name, &[1], vars, headers);
        let count = columns.parts.first().map_or(Count::Fixed(0), |part| part.count);
        let q = index(vars, name, count, |var, count| headers.push(Header::Par(var, count)));
        table.position(&columns, &q)
    };
    tables.iter().zip(names).map(open).collect()
}

/// One output position along one axis.
#[derive(Clone)]
pub struct Position {
    /// Its place in the output.
    pub output: Affine,
    /// The input that tap 0 reads.
    pub input: Affine,
    /// The place of tap 0 among the packed taps.
    pub tap: Affine,
    /// How many taps.
    pub taps: Count,
}

/// The columns of an open table: variables, or constants where all rows agree.
pub struct Columns {
    /// See [`Row::first`].
    pub first: Affine,
    /// The outputs of a row; parts that no row has are left out.
    pub parts: Vec<Part>,
    /// See [`Row::input`].
    pub input: Affine,
    /// See [`Row::tap`].
    pub tap: Affine,
    /// See [`Row::taps`].
    pub taps: Count,
}

/// A part of the outputs of a row: runs of equal width.
pub struct Part {
    /// Outputs of one run.
    pub width: usize,
    /// How many runs.
    pub count: Count,
    /// The first output, counted within the row.
    pub start: Affine,
}

/// A column as a loop count: columns are constants or single variables.
pub fn as_count(column: &Affine) -> Count {
    column.terms.first().map_or(Count::Fixed(column.constant), |term| Count::Column(term.0))
}

/// A table that is being written, column by column.
pub struct Table<'a> {
    vars: &'a mut Vars,
    /// The first part of the columns' names.
    axis: &'a str,
    columns: Vec<Var>,
    values: Vec<Vec<i64>>,
}

impl<'a> Table<'a> {
    /// An empty table.
    pub fn new(vars: &'a mut Vars, axis: &'a str) -> Table<'a> {
        Table { vars, axis, columns: Vec::new(), values: Vec::new() }
    }

    /// Adds a column with one value per row. A column of equal values is a constant and takes no place in the table.
    pub fn column(&mut self, name: &str, values: Vec<i64>) -> Affine {
        if values.iter().all(|&value| value == values[0]) {
            return Affine::constant(values[0]);
        }
        let var = self.vars.fresh(&format!("{}_{name}", self.axis));
        self.columns.push(var);
        self.values.push(values);
        Affine::var(var)
    }

    /// The statement that walks the table; nothing when no column needs it.
    pub fn header(self) -> Option<Header> {
        let height = self.values.first()?.len();
        let row = |index: usize| self.values.iter().map(|column| column[index]).collect();
        Some(Header::Regions(self.columns, (0..height).map(row).collect()))
    }
}

/// The order of the packed taps of an axis: phase by phase, each ascending.
#[derive(Clone, Copy, Debug)]
pub struct TapOrder {
    taps: i64,
    step: i64,
}

impl TapOrder {
    /// The order that makes the taps of each piece neighbours.
    pub fn new(axis: &PiecewiseAxis) -> TapOrder {
        TapOrder { taps: axis.taps, step: axis.pieces.first().map_or(1, |piece| piece.taps.step) }
    }

    /// The place of tap `k`.
    pub fn place(self, k: i64) -> i64 {
        let before = self.phases().take_while(|phase| phase.start < k % self.step);
        before.map(|phase| phase.count).sum::<i64>() + k / self.step
    }

    /// The taps of each phase.
    pub fn phases(self) -> impl Iterator<Item = Progression> {
        let TapOrder { taps, step } = self;
        (0..step.min(taps)).map(move |start| Progression { start, step, count: (taps - start + step - 1) / step })
    }
}
