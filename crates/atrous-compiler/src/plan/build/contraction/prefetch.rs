//! Memory that a tile asks for before it reads or writes it.

use std::collections::BTreeSet;

use super::rows::{InputRow, Rows};
use super::{Columns, Job, Scope};
use crate::ir::Contraction;
use crate::plan::build::nest::TileBuilder;
use crate::plan::schedule::{Ahead, LINE, asks_for_next_block, asks_for_outputs, inputs_ahead, weights_ahead};
use crate::plan::{Access, Affine, Instr, Step};

/// Asks for the lines of some input rows that are read later: those of another input channel, or of the next tile. Behind the
/// last one, what is asked for is nothing that is read.
pub(super) fn inputs(scope: &Scope, rows: &[InputRow], columns: &Columns, channel: &Affine) -> Vec<Step> {
    let job = scope.job;
    let Some(ahead) = inputs_ahead(job.contraction, job.input_layout(), job.target) else { return Vec::new() };
    let (channels, positions) = match ahead {
        Ahead::Channels(channels) => (channels, 0),
        Ahead::Tile => (0, columns.table.stride * columns.reads.len() as i64),
        Ahead::Share => return rows.first().map_or(Vec::new(), |row| share(scope, row, columns, channel)),
    };
    let pairs = columns.reads.iter().flat_map(|read| read.pairs(columns.table.dilation));
    let lines = lines(pairs.map(|(_, input)| input).collect());
    let channel = channel.clone().plus_constant(channels);
    let ask = |row: &InputRow, column: i64| {
        let column = columns.input.clone().plus_constant(column + positions);
        Step::Do(Instr::Prefetch { at: Access { lanes: None, ..scope.input(&channel, &row.index, column) } })
    };
    rows.iter().flat_map(|row| lines.iter().map(|&column| ask(row, column))).collect()
}

/// Asks for a share of the inputs of the next tile in each step, of which there is one for each channel: with channels last,
/// they follow those of this tile as one piece.
fn share(scope: &Scope, row: &InputRow, columns: &Columns, channel: &Affine) -> Vec<Step> {
    let size = columns.reads.len();
    let column = columns.input.clone().plus_constant(columns.reads[0].input + size as i64);
    let ask = |first: usize| {
        let place = channel.times(size as i64).plus_constant(first as i64);
        Step::Do(Instr::Prefetch { at: Access { lanes: None, ..scope.input(&place, &row.index, column.clone()) } })
    };
    (0..size).step_by(LINE).map(ask).collect()
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

/// Asks for the lines that a finished tile stores to before all else that it does, if they are far and it does enough until
/// then: a store that waits for its line holds up those behind it.
pub(super) fn outputs(scope: &Scope, tile: &mut TileBuilder) {
    let does_enough = tile.body.iter().any(|step| matches!(step, Step::Reduce { .. }));
    if !does_enough || !asks_for_outputs(scope.job.contraction, scope.job.target) {
        return;
    }
    let stores = tile.body.iter().filter_map(|step| match step {
        Step::Do(Instr::Store { from, to }) => Some(elements(to, tile.lanes(*from))),
        _ => None,
    });
    // The last index counts neighbours in memory.
    let mut rows: Vec<(Access, BTreeSet<i64>)> = Vec::new();
    for mut element in stores.flatten() {
        let Some(last) = element.index.last_mut() else { continue };
        let column = std::mem::take(&mut last.constant);
        match rows.iter_mut().find(|(row, _)| *row == element) {
            Some((_, columns)) => {
                columns.insert(column);
            }
            None => rows.push((element, BTreeSet::from([column]))),
        }
    }
    let ask = |(row, columns): (Access, BTreeSet<i64>)| {
        lines(columns).into_iter().map(move |column| {
            let mut at = row.clone();
            if let Some(last) = at.index.last_mut() {
                last.constant = column;
            }
            Step::Do(Instr::Prefetch { at })
        })
    };
    let asks: Vec<Step> = rows.into_iter().flat_map(ask).collect();
    tile.body.splice(0..0, asks);
}

/// The elements of an access with so many lanes, each as an access of its own.
fn elements(access: &Access, lanes: usize) -> Vec<Access> {
    let Some(along) = access.lanes else { return vec![access.clone()] };
    let of_lane = |lane: usize| {
        let mut index = access.index.clone();
        index[along.dim].constant += along.step * lane as i64;
        Access { index, lanes: None, ..*access }
    };
    along.active(lanes).map(of_lane).collect()
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
