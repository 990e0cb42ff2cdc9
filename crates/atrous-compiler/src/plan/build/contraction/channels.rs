//! Tiles with lanes along channels: vectors of weights, one input for all lanes (or a vector of them, with lanes along
//! groups).

use std::collections::BTreeMap;

use super::rows::{InputRow, Rows};
use super::{Columns, Scope, prefetch, transpose};
use crate::layer::{Layout, Number};
use crate::plan::build::activation;
use crate::plan::build::nest::{TileBuilder, Vars, index, reduce};
use crate::plan::schedule::{LEAST_TRANSPOSED, LaneAxis};
use crate::plan::{Affine, Count, Instr, Lanes, Reg, Step, Stmt};

/// The tile of a block for some rows of outputs that read with the same taps.
pub(super) fn tile(scope: &Scope, rows: Rows, columns: &Columns, vars: &mut Vars) -> Stmt {
    let mut tile = TileBuilder::default();
    let size = rows.outputs.len() * columns.reads.len();
    let sums: Vec<Vec<Reg>> = (0..scope.block.channels).map(|vector| sums(scope, vector, size, &mut tile)).collect();
    let mut loops = Vec::new();
    let inputs = Count::Fixed(scope.job.contraction.group_inputs as i64);
    let channel = index(vars, "i", inputs, |var, count| loops.push((var, count)));
    let mut steps = prefetch::inputs(scope, &rows.inputs, columns, &channel);
    steps.extend(prefetch::next_block(scope, &rows, columns, &channel));
    let place = if scope.job.walks_taps_above_first() { 0 } else { loops.len() };
    loops.splice(place..place, rows.loops);
    let multiply = Multiply { scope, rows: &rows.inputs, columns, channel: &channel, sums: &sums };
    match scope.job.schedule.along {
        LaneAxis::Groups => multiply.by_input(&mut tile, &mut steps),
        LaneAxis::OutputChannels | LaneAxis::Width => multiply.by_tap(&mut tile, &mut steps),
    }
    tile.body.extend(reduce(loops, steps));
    for (number, row) in rows.outputs.iter().enumerate() {
        let of_row = number * columns.reads.len()..(number + 1) * columns.reads.len();
        for (vector, sums) in sums.iter().enumerate() {
            let outputs: Vec<Reg> = sums[of_row.clone()]
                .iter()
                .map(|&sum| activation::apply(&mut tile, scope.job.activation, sum))
                .collect();
            store(scope, row, columns, vector, &outputs, &mut tile);
        }
    }
    prefetch::outputs(scope, &mut tile);
    tile.tile()
}

/// One register per output, with the bias.
fn sums(scope: &Scope, vector: usize, size: usize, tile: &mut TileBuilder) -> Vec<Reg> {
    let lanes = scope.block.lanes;
    let sums: Vec<Reg> = (0..size).map(|_| tile.register("sum", lanes)).collect();
    for &to in &sums {
        tile.push(match scope.job.bias {
            Some(bias) => Instr::Load { to, from: scope.bias(bias, vector * lanes) },
            None => Instr::Constant { to, value: Number::new(0.0) },
        });
    }
    sums
}

/// The products of input rows, one for each row of outputs.
struct Multiply<'a> {
    scope: &'a Scope<'a>,
    rows: &'a [InputRow],
    columns: &'a Columns<'a>,
    channel: &'a Affine,
    /// By vector of channels, and output: those of the first row, then those of the next ones.
    sums: &'a [Vec<Reg>],
}

/// An output that reads an input.
#[derive(Clone, Copy)]
struct Reader {
    output: usize,
    row: usize,
    input: i64,
}

impl Multiply<'_> {
    /// Tap by tap. The smaller side stays in registers, the other one streams through one.
    fn by_tap(&self, tile: &mut TileBuilder, steps: &mut Vec<Step>) {
        for (tap, readers) in self.taps() {
            let vectors = 0..self.sums.len();
            if readers.len() > vectors.len() {
                let weights: Vec<Reg> = vectors.map(|vector| self.weight(tap, vector, tile, steps)).collect();
                for reader in readers {
                    let input = self.input(reader, tile, steps);
                    let pairs = weights.iter().enumerate();
                    steps.extend(pairs.map(|(vector, &weight)| self.add(vector, reader.output, input, weight)));
                }
            } else {
                let inputs: Vec<Reg> = readers.iter().map(|&reader| self.input(reader, tile, steps)).collect();
                for vector in vectors {
                    let weight = self.weight(tap, vector, tile, steps);
                    let pairs = readers.iter().zip(&inputs);
                    steps.extend(pairs.map(|(reader, &input)| self.add(vector, reader.output, input, weight)));
                }
            }
        }
    }

    /// Input by input, with all weights of a row in registers.
    fn by_input(&self, tile: &mut TileBuilder, steps: &mut Vec<Step>) {
        let mut readers: BTreeMap<(usize, i64), Vec<(Reader, i64)>> = BTreeMap::new();
        let mut weights = BTreeMap::new();
        for (tap, of_tap) in self.taps() {
            weights.insert(tap, self.weight(tap, 0, tile, steps));
            for reader in of_tap {
                readers.entry((reader.row, reader.input)).or_default().push((reader, tap));
            }
        }
        for of_input in readers.into_values() {
            let input = self.input(of_input[0].0, tile, steps);
            steps.extend(of_input.iter().map(|(reader, tap)| self.add(0, reader.output, input, weights[tap])));
        }
    }

    /// The taps along the last axis, each with the outputs that read it and their inputs.
    fn taps(&self) -> BTreeMap<i64, Vec<Reader>> {
        let mut taps: BTreeMap<i64, Vec<Reader>> = BTreeMap::new();
        let reads = || self.columns.reads.iter().enumerate();
        for row in 0..self.rows.len() {
            for (column, read) in reads() {
                let output = row * self.columns.reads.len() + column;
                for (tap, input) in read.pairs(self.columns.table.dilation) {
                    taps.entry(tap).or_default().push(Reader { output, row, input });
                }
            }
        }
        taps
    }

    fn weight(&self, tap: i64, vector: usize, tile: &mut TileBuilder, steps: &mut Vec<Step>) -> Reg {
        // With lanes along channels, one row of outputs reads each input row, and all of them with the same tap.
        let above = &self.rows[0].readers[0].1;
        let taps: Vec<Affine> = above.iter().cloned().chain([Affine::constant(tap)]).collect();
        let to = tile.register("weight", self.scope.block.lanes);
        let channel = vector * self.scope.block.lanes;
        let from = self.scope.weight(self.channel, &taps, channel);
        steps.extend(prefetch::weights(self.scope, &from, channel));
        steps.push(Step::Do(Instr::Load { to, from }));
        to
    }

    fn input(&self, reader: Reader, tile: &mut TileBuilder, steps: &mut Vec<Step>) -> Reg {
        let column = self.columns.input.clone().plus_constant(reader.input);
        let from = self.scope.input(self.channel, &self.rows[reader.row].index, column);
        let lanes = self.scope.block.lanes;
        let to = tile.register("input", lanes);
        let is_shared = self.scope.job.schedule.along != LaneAxis::Groups && lanes > 1;
        steps.push(Step::Do(if is_shared { Instr::Broadcast { to, from } } else { Instr::Load { to, from } }));
        to
    }

    fn add(&self, vector: usize, output: usize, left: Reg, right: Reg) -> Step {
        let to = self.sums[vector][output];
        Step::Do(Instr::MultiplyAdd { to, left, right, addend: to, fused: self.scope.job.target.fused, part: None })
    }
}

/// Stores the outputs of a vector of channels: as they are where channels are neighbours in memory, transposed where
/// the outputs of a row are.
fn store(scope: &Scope, row: &[Affine], columns: &Columns, vector: usize, outputs: &[Reg], tile: &mut TileBuilder) {
    let lanes = scope.block.lanes;
    let groups = scope.job.schedule.along == LaneAxis::Groups;
    let transposes = scope.job.layout == Layout::Nchw && !groups && lanes >= LEAST_TRANSPOSED;
    let mut first = 0;
    while first < outputs.len() {
        let together = if transposes { lanes.min(outputs.len() - first) } else { 1 };
        let column = columns.output(first);
        if together < LEAST_TRANSPOSED {
            let to = scope.output(vector * lanes, row, column);
            tile.push(Instr::Store { from: outputs[first], to });
            first += 1;
            continue;
        }
        let transposed = transpose::transpose(&outputs[first..first + together], tile);
        for part in transposed.into_iter().filter(|part| part.lane < scope.channels_from(vector * lanes)) {
            let step = columns.step;
            let column = column.clone().plus_constant(-step * part.lanes.start as i64);
            let along = Lanes { step, ..part.along(lanes) };
            let to = scope.outputs(vector * lanes + part.lane, row, column, Some(along));
            tile.push(Instr::Store { from: part.register, to });
        }
        first += together;
    }
}
