//! The pieces of an axis as rows of a table.

use crate::ir::{PiecewiseAxis, Progression};

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
            output_step: axis.output_step(),
            stride: inner.map_or(1, |inner| inner.stride),
            dilation: inner.map_or(1, |inner| inner.dilation),
            rows: rows.chain(axis.empty.iter().map(without_taps)).collect(),
        }
    }

    /// The outputs of each row in runs of at most `most`, as few as there can be but for the last ones: for each size of
    /// runs, a table of the rows that have some, whose counts are those of the runs. The longest come first.
    pub fn together(&self, most: usize) -> Vec<(usize, AxisTable)> {
        let mut left = self.rows.clone();
        let mut of_size = |size: usize| {
            let runs = left.iter_mut().filter(|row| row.count >= size as i64);
            let taken = |row: &mut Row| {
                let runs = Row { count: row.count / size as i64, ..*row };
                let outputs = runs.count * size as i64;
                row.first += self.output_step * outputs;
                row.input += self.stride * outputs;
                row.count -= outputs;
                runs
            };
            (size, AxisTable { rows: runs.map(taken).collect(), ..*self })
        };
        (1..=most).rev().map(&mut of_size).filter(|(_, table)| !table.rows.is_empty()).collect()
    }

    /// The table with at most `most` outputs in a row, in the order of the first ones: neighbours of all phases follow each
    /// other.
    pub fn in_parts(&self, most: usize) -> AxisTable {
        let most = most.max(1);
        let parts_of = |row: &Row| {
            let row = *row;
            (0..row.count).step_by(most).map(move |from| Row {
                first: row.first + self.output_step * from,
                count: (row.count - from).min(most as i64),
                input: row.input + self.stride * from,
                ..row
            })
        };
        let mut rows: Vec<Row> = self.rows.iter().flat_map(parts_of).collect();
        rows.sort_by_key(|row| row.first);
        AxisTable { rows, ..*self }
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

    /// The place of tap `k`. Each phase has `taps / step` taps, and the first `taps % step` phases one more.
    pub fn place(self, k: i64) -> i64 {
        let TapOrder { taps, step } = self;
        let phase = k % step;
        phase * (taps / step) + phase.min(taps % step) + k / step
    }

    /// The places of the phase in which a place is.
    pub fn phase_at(self, place: i64) -> Progression {
        let (least, longer) = (self.taps / self.step, self.taps % self.step);
        let of_longer = longer * (least + 1);
        let (start, count) = match place - of_longer {
            ..0 => (place - place % (least + 1), least + 1),
            behind => (place - behind % least, least),
        };
        Progression { start, step: 1, count }
    }

    /// The taps of each phase.
    pub fn phases(self) -> impl Iterator<Item = Progression> {
        let TapOrder { taps, step } = self;
        (0..step.min(taps)).map(move |start| Progression { start, step, count: (taps - start + step - 1) / step })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_all_phases_are_in_neighbouring_parts() {
        let row = |first, count, input, tap| Row { first, count, input, tap, taps: 2 };
        let table = |rows| AxisTable { output_step: 2, stride: 3, dilation: 1, rows };
        let parts = table(vec![row(0, 5, -1, 0), row(1, 2, 0, 2), row(5, 3, 6, 2)]).in_parts(2);
        let expected = vec![
            row(0, 2, -1, 0),
            row(1, 2, 0, 2),
            row(4, 2, 5, 0),
            row(5, 2, 6, 2),
            row(8, 1, 11, 0),
            row(9, 1, 12, 2),
        ];
        assert_eq!(parts, table(expected));
    }

    /// Phase by phase, as the order is defined.
    #[test]
    fn taps_have_the_places_of_their_order() {
        for (taps, step) in (1..40).flat_map(|taps| (1..45).map(move |step| (taps, step))) {
            let order = TapOrder { taps, step };
            let mut next = 0;
            for phase in order.phases() {
                let places = Progression { start: next, step: 1, count: phase.count };
                for number in 0..phase.count {
                    assert_eq!(order.place(phase.start + step * number), next, "{order:?}");
                    assert_eq!(order.phase_at(next), places, "{order:?}");
                    next += 1;
                }
            }
            assert_eq!(next, taps);
        }
    }

    #[test]
    fn rows_go_together_with_those_that_have_their_taps() {
        let row = |first, count, input, tap, taps| Row { first, count, input, tap, taps };
        let rows = vec![row(0, 1, 0, 1, 2), row(2, 5, 1, 0, 3), row(12, 2, 6, 0, 2)];
        let together = AxisTable { output_step: 2, stride: 1, dilation: 1, rows }.together(2);
        let pairs = vec![row(2, 2, 1, 0, 3), row(12, 1, 6, 0, 2)];
        let single = vec![row(0, 1, 0, 1, 2), row(10, 1, 5, 0, 3)];
        let found: Vec<(usize, Vec<Row>)> = together.into_iter().map(|(size, table)| (size, table.rows)).collect();
        assert_eq!(found, [(2, pairs), (1, single)]);
    }
}
