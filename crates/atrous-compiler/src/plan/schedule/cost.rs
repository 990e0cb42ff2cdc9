//! What a schedule costs, in half cycles, by counting what its tiles do.
//!
//! The counts are those of one image and one group, where all taps meet inputs; borders do less, in all schedules alike.
//! Costs of instructions are those of AMD Zen 4 and similar machines: a vector of 512 bits takes a whole cycle for a
//! multiply-add or an aligned load, shorter ones half of it; two numbers are broadcast from memory in a cycle.

use super::blocks::split;
use super::reads::{self, Reads, sizes};
use super::{AxisTable, LaneAxis, Outermost, Schedule, vectors};
use crate::ir::{Contraction, PiecewiseAxis};
use crate::layer::Layout;
use crate::plan::Target;

/// Most taps along an axis that are written out.
const MOST_TAPS: usize = 32;

/// Most multiply-adds of a tile that are written out.
const MOST_WRITTEN: usize = 1024;

/// Most multiply-adds of all different tiles of a stage, each with so many more for what is around them.
const MOST_IN_STAGE: usize = 3200;

/// What is around the multiply-adds of a tile takes as long to compile as so many of them.
const AROUND: usize = 24;

/// Most outputs along an axis whose different runs are counted; of longer axes there is a bound.
const MOST_COUNTED: usize = 512;

/// Half cycles of a call of a tile: pointers, counters, the first sums, and the wait for the last ones.
const CALL: usize = 160;

/// Half cycles until the sum of a multiply-add can be added to.
const LATENCY: usize = 8;

/// Bytes after which addresses fall into the same sets of a first-level cache again.
const WAY: usize = 4096;

/// Bytes of weights from which on blocks are walked one after the other: a good part of a second-level cache.
const NEAR: usize = 384 << 10;

/// What matters of a contraction.
pub struct Problem {
    layout: Layout,
    groups: usize,
    inputs: usize,
    channels: usize,
    /// The last axis.
    width: Axis,
    /// The last axis but one, where there is one.
    rows: Option<Axis>,
    /// Most taps of an output along all axes but the last.
    taps_above: usize,
    /// Outputs along all axes but the last.
    outputs_above: usize,
    /// Bytes of all weights of a group.
    weights: usize,
    /// How many phases are computed one after the other, each as an axis of its own, if tiles do not have all of them.
    phases_apart: Option<usize>,
}

/// What matters of an axis.
struct Axis {
    outputs: usize,
    /// Distance between outputs with equal taps.
    phases: usize,
    /// Inputs from one output of a phase to the next.
    stride: usize,
    /// Inputs from one tap to the next.
    dilation: usize,
    /// Most taps of an output.
    taps: usize,
    /// Taps of all outputs.
    kernel: usize,
    /// Rows of outputs that differ in their taps.
    pieces: usize,
    /// What the outputs read, if their different runs are to be counted.
    reads: Vec<Reads>,
}

impl Axis {
    fn new(axis: &PiecewiseAxis) -> Axis {
        let table = AxisTable::new(axis);
        let outputs = axis.output as usize;
        Axis {
            outputs,
            phases: table.output_step as usize,
            stride: table.stride as usize,
            dilation: table.dilation as usize,
            taps: table.rows.iter().map(|row| row.taps as usize).max().unwrap_or(0),
            kernel: axis.taps as usize,
            pieces: table.rows.len(),
            reads: if outputs <= MOST_COUNTED { reads::of(&table) } else { Vec::new() },
        }
    }

    /// The first phase.
    fn phase(&self) -> Axis {
        let (outputs, pieces) = (self.units(), self.pieces.div_ceil(self.phases));
        Axis { outputs, phases: 1, pieces, reads: reads::of_phase(&self.reads, 0, self.phases), ..*self }
    }

    /// Outputs with the same place in all phases.
    fn units(&self) -> usize {
        self.outputs.div_ceil(self.phases)
    }

    /// The different ones of runs with these sizes. Runs that begin in different phases are different.
    fn different(&self, sizes: &[usize]) -> usize {
        let begin_alike =
            sizes.split_last().is_none_or(|(_, others)| others.iter().all(|size| size % self.phases == 0));
        match &self.reads[..] {
            [] if begin_alike => sizes.len().min(2 * self.pieces + 1),
            [] => sizes.len(),
            reads => reads::join(reads, sizes).len(),
        }
    }

    /// Input positions that so many outputs read. A stride over positions is as good as none to a cache of lines.
    fn inputs_of(&self, outputs: usize) -> usize {
        let of_tap = outputs.div_ceil(self.phases);
        of_tap + self.taps.saturating_sub(1) * self.dilation.min(of_tap)
    }
}

impl Problem {
    /// A contraction with its phases together; and apart, where their outputs need not be brought together in memory.
    pub fn all(contraction: &Contraction, layout: Layout) -> Vec<Problem> {
        let together = Problem::new(contraction, layout);
        let phases = together.width.phases;
        let apart = (phases > 1 && layout == Layout::Nhwc).then(|| Problem {
            width: together.width.phase(),
            phases_apart: Some(phases),
            ..Problem::new(contraction, layout)
        });
        [together].into_iter().chain(apart).collect()
    }

    fn new(contraction: &Contraction, layout: Layout) -> Problem {
        let Contraction { groups, group_inputs, group_outputs, axes } = contraction;
        let mut above: Vec<Axis> = axes.iter().map(Axis::new).collect();
        let width = above.pop().expect("a convolution has at least one axis");
        let all_taps: usize = axes.iter().map(|axis| axis.taps as usize).product();
        Problem {
            layout,
            groups: *groups,
            inputs: *group_inputs,
            channels: *group_outputs,
            taps_above: above.iter().map(|axis| axis.taps).product(),
            outputs_above: above.iter().map(|axis| axis.outputs).product(),
            width,
            rows: above.pop(),
            weights: 4 * group_inputs * group_outputs * all_taps,
            phases_apart: None,
        }
    }

    /// Bytes from one input position that a tile reads to the next, with channels last.
    fn pixel(&self) -> usize {
        4 * self.groups * self.inputs * if self.width.taps > 1 { 1 } else { self.width.stride }
    }
}

/// The schedules whose registers fit and whose tiles can be written out.
pub fn candidates(problem: &Problem, epilogue: usize, target: &Target) -> Vec<Schedule> {
    let mut candidates = Vec::new();
    if problem.width.taps > MOST_TAPS {
        return candidates;
    }
    let axes = match problem.layout {
        Layout::Nchw => [LaneAxis::Width, LaneAxis::OutputChannels],
        Layout::Nhwc => [LaneAxis::OutputChannels, LaneAxis::Groups],
    };
    let shape = Shape { problem, epilogue, target };
    for along in axes {
        let extent = match along {
            LaneAxis::Width => problem.width.units(),
            LaneAxis::OutputChannels => problem.channels,
            LaneAxis::Groups => problem.groups,
        };
        let widest = target.lanes.min(extent.next_power_of_two());
        let mut lanes = widest;
        while lanes > 0 {
            candidates.extend(shape.of(along, lanes));
            lanes = if lanes > 4 { lanes / 2 } else { 0 };
        }
    }
    candidates
}

/// What the candidates have in common.
struct Shape<'a> {
    problem: &'a Problem,
    epilogue: usize,
    target: &'a Target,
}

impl Shape<'_> {
    fn of(&self, along: LaneAxis, lanes: usize) -> Vec<Schedule> {
        let Problem { channels, width, .. } = self.problem;
        let (channels, positions) = match along {
            LaneAxis::Width => (*channels, width.units().div_ceil(lanes)),
            LaneAxis::OutputChannels => ((channels / lanes).max(1), width.outputs),
            LaneAxis::Groups => (1, width.outputs),
        };
        let most = self.target.registers;
        let mut found = Vec::new();
        for channels in 1..=channels.min(most) {
            for positions in 1..=positions.min(most) {
                let rows = self.rows(along, channels, positions);
                found.extend(rows.into_iter().filter_map(|rows| self.fitting(along, lanes, channels, positions, rows)));
            }
        }
        found
    }

    /// How many rows may go together.
    fn rows(&self, along: LaneAxis, channels: usize, positions: usize) -> Vec<Option<usize>> {
        let mut rows = vec![None];
        if let (LaneAxis::Width, Some(axis), 1..=8) = (along, &self.problem.rows, self.problem.inputs)
            && axis.taps <= MOST_TAPS
        {
            let most =
                (self.target.registers / (channels * positions * self.problem.width.phases).max(1)).min(axis.outputs);
            rows.extend((1..=most).map(Some));
        }
        rows
    }

    fn fitting(
        &self,
        along: LaneAxis,
        lanes: usize,
        channels: usize,
        positions: usize,
        rows: Option<usize>,
    ) -> Option<Schedule> {
        let Axis { outputs, phases, taps, kernel, .. } = self.problem.width;
        let taps_of_rows = match (rows, &self.problem.rows) {
            (Some(rows), Some(axis)) => rows * axis.taps,
            _ => 1,
        };
        let vectors = match along {
            LaneAxis::Width => channels * positions * phases * rows.unwrap_or(1),
            LaneAxis::OutputChannels | LaneAxis::Groups => channels * positions,
        };
        let streamed = match along {
            LaneAxis::Width => positions + 1,
            LaneAxis::OutputChannels => channels.min(positions) + 1,
            LaneAxis::Groups => kernel + 1,
        };
        // Rounding twice needs a register for the product; vectors of two lengths need each constant twice.
        let kinds = match along {
            LaneAxis::Width => 1 + usize::from(!self.problem.width.units().is_multiple_of(lanes)),
            LaneAxis::OutputChannels | LaneAxis::Groups => 1,
        };
        let temporary = if along == LaneAxis::Width { self.temporary() } else { 0 };
        let beside = (streamed + usize::from(!self.target.fused) + temporary).max(self.epilogue * kinds);
        let left = self.target.registers.checked_sub(vectors + beside)?;
        if along == LaneAxis::OutputChannels && self.transposing(channels, positions, lanes) > self.target.registers {
            return None;
        }
        let written = channels * positions * taps * taps_of_rows * if along == LaneAxis::Width { phases } else { 1 };
        if written > MOST_WRITTEN {
            return None;
        }
        let is_near = self.problem.weights <= NEAR;
        let outermost = if is_near { Outermost::Rows } else { Outermost::Blocks };
        let kept_weights = if rows.is_some() { left } else { 0 };
        let schedule = Schedule {
            along,
            lanes,
            channels,
            positions,
            rows,
            kept_weights,
            outermost,
            writes_taps_out: true,
            phases_apart: self.problem.phases_apart.is_some(),
        };
        let mut different = self.problem.width.different(&schedule.run_sizes(outputs, phases));
        let (extent, in_vector) = match along {
            LaneAxis::Width => (self.problem.channels, 1),
            LaneAxis::OutputChannels => (self.problem.channels, lanes),
            LaneAxis::Groups => (self.problem.groups, lanes),
        };
        different *= self.problem.phases_apart.unwrap_or(1) * split(extent, channels, in_vector, true).len();
        if let (Some(rows), Some(axis)) = (rows, &self.problem.rows) {
            different *= axis.different(&sizes(axis.outputs, rows, axis.phases));
        }
        ((written + AROUND) * different <= MOST_IN_STAGE).then_some(schedule)
    }
}

impl Shape<'_> {
    /// Registers that one instruction needs beside its operands, where machines have no masks: for the sums of a part of
    /// the lanes, and for zipping vectors.
    fn temporary(&self) -> usize {
        let has_masks = self.target.lanes == 16;
        if has_masks { 0 } else { 1 + usize::from(self.problem.width.phases > 1) }
    }

    /// Most registers alive while vectors of channels are transposed, which makes as many of some rows as the next power
    /// of two.
    fn transposing(&self, channels: usize, positions: usize, lanes: usize) -> usize {
        if self.problem.layout == Layout::Nhwc {
            return 0;
        }
        let first = positions.min(lanes);
        channels * positions - first + first.next_power_of_two() + 1.max(self.epilogue)
    }
}

/// The half cycles of a schedule.
pub fn cycles(problem: &Problem, schedule: &Schedule, target: &Target) -> usize {
    let machine = Machine { wide: target.lanes == 16 };
    let (extent, lanes, rest) = match schedule.along {
        LaneAxis::Width => (problem.channels, 1, 1),
        LaneAxis::OutputChannels => (problem.channels, schedule.lanes, 1),
        LaneAxis::Groups => (problem.groups, schedule.lanes, problem.channels),
    };
    let mut sum = 0;
    for block in split(extent, schedule.channels, lanes, true) {
        for (size, count) in grouped(&schedule.run_sizes(problem.width.outputs, problem.width.phases)) {
            let tile = match schedule.along {
                LaneAxis::Width => machine.width_tile(problem, schedule, block.channels, size),
                LaneAxis::OutputChannels | LaneAxis::Groups => {
                    machine.channel_tile(problem, schedule.along, [block.channels, block.lanes], size)
                }
            };
            sum += block.count * count * tile;
        }
    }
    sum = sum * (100 + experience(problem, schedule)) / 100;
    // All groups, so that lanes along groups compare with others.
    let groups = if schedule.along == LaneAxis::Groups { 1 } else { problem.groups };
    let rows = problem.outputs_above as f64 / schedule.rows.unwrap_or(1) as f64;
    let rows = rows * problem.phases_apart.unwrap_or(1) as f64;
    (sum as f64 * rows * (groups * rest) as f64) as usize
}

/// Per cent that tiles of some shapes were measured to take longer than what is counted.
fn experience(problem: &Problem, schedule: &Schedule) -> usize {
    let Schedule { channels, positions, .. } = *schedule;
    let rows = schedule.rows.unwrap_or(1);
    match schedule.along {
        LaneAxis::Width => {
            // A broadcast weight should serve many vectors, or none but the one that it is an operand of.
            let seldom = if positions == 2 && rows == 1 { 7 } else { 0 };
            // Many rows of memory are written at once.
            let streams = if channels * rows > 8 { 3 } else { 0 };
            seldom + streams + if rows > 13 { 10 } else { 0 }
        }
        LaneAxis::OutputChannels => {
            let bytes = problem.weights / problem.channels.max(1) * channels * schedule.lanes;
            let far = if bytes > 2 * NEAR / 3 { 4 } else { 0 };
            far + if channels > 2 && positions > channels { 12 } else { channels / 2 }
        }
        LaneAxis::Groups => 0,
    }
}

/// Equal neighbours as one with their number.
fn grouped(sizes: &[usize]) -> Vec<(usize, usize)> {
    let mut grouped: Vec<(usize, usize)> = Vec::new();
    for &size in sizes {
        match grouped.last_mut() {
            Some((last, count)) if *last == size => *count += 1,
            _ => grouped.push((size, 1)),
        }
    }
    grouped
}

/// What instructions cost.
struct Machine {
    /// Whether 512 bits take a whole cycle.
    wide: bool,
}

impl Machine {
    fn multiply_add(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 2 } else { 1 }
    }

    fn load(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 2 } else { 1 }
    }

    /// A vector of inputs along the width, `stride` apart, mostly across a line of the cache.
    fn shifted_load(&self, lanes: usize, stride: usize) -> usize {
        match stride {
            1 if self.wide && lanes == 16 => 3,
            1 => 2,
            2 => 3 * self.load(lanes) + 2,
            _ => 2 * lanes,
        }
    }

    fn store(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 4 } else { 2 }
    }

    fn shuffle(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 2 } else { 1 }
    }

    fn channel_tile(&self, problem: &Problem, along: LaneAxis, [channels, lanes]: [usize; 2], size: usize) -> usize {
        let Problem { inputs, taps_above, width: Axis { taps, phases, stride, .. }, .. } = *problem;
        let vectors = channels * size;
        let taps_of_tile = taps * phases.min(size);
        let loads = match along {
            LaneAxis::Groups => {
                let apart = if inputs == 1 { self.load(lanes) } else { 2 * lanes };
                taps_of_tile * self.load(lanes) + (stride * size.div_ceil(phases) + taps) * apart
            }
            LaneAxis::OutputChannels | LaneAxis::Width => taps_of_tile * channels * self.load(lanes) + taps * size,
        };
        let multiply_adds = vectors * taps * self.multiply_add(lanes);
        let step = multiply_adds.max(loads).max(LATENCY * taps);
        let step = step * self.conflict(problem, along, channels, size) / 100;
        let outputs = match (problem.layout, along) {
            (Layout::Nchw, LaneAxis::OutputChannels) if size < 4 || lanes < 4 => 2 * lanes * vectors,
            (Layout::Nchw, LaneAxis::OutputChannels) => {
                let full = channels * lanes;
                let steps = size.min(lanes).next_power_of_two().ilog2() as usize;
                vectors.next_multiple_of(4) * steps * self.shuffle(lanes) + full * self.store(size.min(16))
            }
            (_, LaneAxis::Groups) if problem.channels > 1 => 2 * lanes * vectors,
            _ => vectors * self.store(lanes),
        };
        inputs * taps_above * step + outputs + CALL
    }

    /// Per cent of the time, with inputs that the positions of a tile read at once from few sets of a first-level cache:
    /// 64 sets of 8 lines of 64 bytes. Vectors of channels share what is read.
    fn conflict(&self, problem: &Problem, along: LaneAxis, channels: usize, size: usize) -> usize {
        if problem.layout == Layout::Nchw || along == LaneAxis::Groups {
            return 100;
        }
        let distance = 1 << problem.pixel().trailing_zeros().min(WAY.ilog2());
        let in_a_set = problem.width.inputs_of(size) * distance / WAY;
        100 + 23 * in_a_set.saturating_sub(4) / channels
    }

    fn width_tile(&self, problem: &Problem, schedule: &Schedule, channels: usize, size: usize) -> usize {
        let Problem { inputs, taps_above, width: Axis { taps, phases, stride, .. }, .. } = *problem;
        let vectors = vectors(size.div_ceil(phases), schedule.lanes);
        let distances = taps + usize::from(phases > 1);
        let loads: usize = vectors.iter().map(|&lanes| self.shifted_load(lanes, stride)).sum();
        let products: usize = vectors.iter().map(|&lanes| self.multiply_add(lanes)).sum();
        let kinds = 1 + usize::from(vectors.first() != vectors.last());
        let (rows, rows_read, taps_of_rows, loops) = match (schedule.rows, &problem.rows) {
            (Some(rows), &Some(Axis { stride, taps, .. })) => {
                (rows, stride * (rows - 1) + taps, rows * taps, taps_above / taps.max(1))
            }
            _ => (1, 1, 1, taps_above),
        };
        let used = taps_of_rows * taps * phases * channels;
        let keeps =
            channels * taps * phases * taps_of_rows / rows * kinds <= schedule.kept_weights && inputs * loops == 1;
        let weights = if keeps { 0 } else { used * kinds };
        // Products of one sum that follow each other.
        let chain = taps_of_rows / rows * taps;
        let step = (used * products).max(rows_read * distances * loads + weights).max(LATENCY * chain);
        let zip = match phases {
            1 => 0,
            _ if phases.is_power_of_two() => phases.ilog2() as usize,
            _ => schedule.lanes,
        };
        let outputs: usize = vectors.iter().map(|&lanes| self.store(lanes) + zip * self.shuffle(lanes)).sum::<usize>()
            * phases
            * channels
            * rows;
        inputs * loops.max(1) * step + outputs + CALL
    }
}
