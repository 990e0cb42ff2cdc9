//! Memory that a tile asks for before it reads it.

use std::collections::BTreeSet;

use super::rows::{InputRow, Rows};
use super::{Columns, Job, Scope};
use crate::ir::Contraction;
use crate::plan::schedule::{LINE, asks_for_next_block, inputs_ahead, weights_ahead};
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

/// Asks for a share of the weights of the next block, while a tile of this one computes: the part that its outputs are of all.
/// Otherwise the first tile of a block waits for all of its weights. Behind the last block, what is asked for is nothing that
/// is read.
pub(super) fn next_block(scope: &Scope, rows: &Rows, columns: &Columns, channel: &Affine) -> Vec<Step> {
    let Job { contraction, schedule, target, .. } = scope.job;
    if !asks_for_next_block(contraction, schedule, scope.block, target) {
        return Vec::new();
    }
    let Contraction { group_inputs, group_outputs, ref axes, .. } = **contraction;
    let mut position = Affine::constant(0);
    let mut positions = 1;
    for (axis, index) in axes.iter().zip(rows.outputs[0].iter().chain([&columns.output])) {
        position = position.times(axis.output).plus(index);
        positions *= axis.output as usize;
    }
    let mut step = channel.clone();
    let mut steps = group_inputs;
    for (axis, tap) in axes.iter().zip(&rows.taps) {
        step = step.times(axis.most_taps() as i64).plus(tap);
        steps *= axis.most_taps();
    }
    let weights = contraction.group_weights() / group_outputs * scope.block.size();
    let of_position = weights.div_ceil(positions);
    let of_step = (of_position * rows.outputs.len() * columns.reads.len()).div_ceil(steps);
    let asked = position.times(of_position as i64).plus(&step.times(of_step as i64));
    let ask = |first: usize| {
        let weight = asked.clone().plus_constant(first as i64);
        let index = vec![scope.outer.clone(), scope.number.clone().plus_constant(1), weight];
        Step::Do(Instr::Prefetch { at: Access { buffer: scope.weight, index, lanes: None } })
    };
    (0..of_step).step_by(LINE).map(ask).collect()
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
