//! Tables of the pieces of an axis around loops over their outputs.

use super::nest::{Header, Vars, walk};
use crate::plan::schedule::AxisTable;
use crate::plan::{Affine, Count, Var};

impl AxisTable {
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

    /// Opens the table with a loop over the outputs of each row, whose variable it gives too.
    pub fn open_runs(&self, name: &str, vars: &mut Vars, headers: &mut Vec<Header>) -> (Columns, Affine) {
        let columns = self.open(name, &[1], vars, headers);
        let q = columns.walk(name, vars, headers);
        (columns, q)
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
        let (columns, q) = table.open_runs(name, vars, headers);
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

impl Columns {
    /// Opens a loop over the runs of the first part, and gives its variable.
    pub fn walk(&self, name: &str, vars: &mut Vars, headers: &mut Vec<Header>) -> Affine {
        let count = self.parts.first().map_or(Count::Fixed(0), |part| part.count);
        walk(vars, name, count, headers)
    }
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
