//! Memory that a tile asks for before it reads it.

use std::collections::BTreeSet;

use super::rows::InputRow;
use super::{Columns, Scope};
use crate::plan::schedule::{LINE, inputs_ahead, weights_ahead};
use crate::plan::{Access, Affine, Instr, Step};

/// Asks for the lines of some input rows that are read some iterations later: those of another input channel. Behind the
/// last one, what is asked for is nothing that is read.
pub(super) fn inputs(scope: &Scope, rows: &[InputRow], columns: &Columns, channel: &Affine) -> Vec<Step> {
    let job = scope.job;
    let Some(ahead) = inputs_ahead(job.contraction, job.input_layout(), job.target) else { return Vec::new() };
    let pairs = columns.reads.iter().flat_map(|read| read.pairs(columns.table.dilation));
    let lines = lines(pairs.map(|(_, input)| input).collect());
    let channel = channel.clone().plus_constant(ahead);
    let ask = |row: &InputRow, column: i64| {
        let column = columns.input.clone().plus_constant(column);
        Step::Do(Instr::Prefetch { at: Access { lanes: None, ..scope.input(&channel, &row.index, column) } })
    };
    rows.iter().flat_map(|row| lines.iter().map(|&column| ask(row, column))).collect()
}

/// Columns whose lines have all of these, wherever lines begin: the first of neighbours, one of each line, and the last.
fn lines(columns: BTreeSet<i64>) -> Vec<i64> {
    let mut asked: Vec<i64> = Vec::new();
    for &column in &columns {
        let is_near = |other: i64| (other - column).abs() < LINE as i64;
        let follows = columns.range(column + 1..).next().is_some_and(|&next| is_near(next));
        if !follows || !asked.last().is_some_and(|&asked| is_near(asked)) {
            asked.push(column);
        }
    }
    asked
}

/// Asks for a line of weights that is read soon, if they are far and a vector of neighbours is read before: with the first
/// vector of each line, of those from a channel of the block on.
pub(super) fn weights(scope: &Scope, from: &Access, channel: usize) -> Option<Step> {
    let job = scope.job;
    let ahead = weights_ahead(job.contraction, job.schedule.along, scope.block)?;
    from.lanes.filter(|lanes| lanes.part.is_none() && channel.is_multiple_of(LINE))?;
    let mut at = Access { lanes: None, ..from.clone() };
    let last = at.index.last_mut()?;
    *last = last.clone().plus_constant(ahead);
    Some(Step::Do(Instr::Prefetch { at }))
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn each_line_is_asked_for_once() {
        let asked = |columns: &mut dyn Iterator<Item = i64>| lines(columns.collect());
        assert_eq!(asked(&mut (0..40)), [0, 16, 32, 39]);
        assert_eq!(asked(&mut (-2..14).step_by(2)), [-2, 12]);
        assert_eq!(asked(&mut [5, 600, 601].into_iter()), [5, 600, 601]);
        assert_eq!(asked(&mut std::iter::empty()), []);
    }
}
