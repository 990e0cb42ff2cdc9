//! What a schedule costs, in half cycles, by counting what its tiles do.
//!
//! The counts are those of one image and one group, where all taps meet inputs; borders do less, in all schedules alike.
//! Costs of instructions are those of AMD Zen 4 and similar machines: a vector of 512 bits takes a whole cycle for a
//! multiply-add or an aligned load, shorter ones half of it; two numbers are broadcast from memory in a cycle.

use super::blocks::blocks;
use super::candidates::NEAR;
use super::problem::{Axis, Problem};
use super::reads::sizes;
use super::{FIRST_LEVEL, LaneAxis, Outermost, SECOND_LEVEL, SHORTEST, Schedule, loads_windows, vectors};
use crate::layer::Layout;
use crate::plan::{Access, Buffer, Instr, Reg, Target, Tile};

/// Half cycles of a call of a tile: pointers, counters, the first sums, and the wait for the last ones.
pub const CALL: usize = 100;

/// Half cycles until the sum of a multiply-add can be added to.
pub const LATENCY: usize = 8;

/// Bytes after which addresses fall into the same sets of a first-level cache again.
const WAY: usize = 4096;

/// Bytes of neighbours that come from a second-level cache in half a cycle.
const FROM_SECOND_LEVEL: usize = 12;

/// Half cycles in which a line whose neighbours are not read comes from a second-level cache.
const LONE_LINE: usize = 10;

/// The same from beyond it.
const LONE_FAR_LINE: usize = 25;

/// Numbers in a line of a cache.
const LINE: usize = 16;

/// Half cycles of a line of inputs that comes from beyond the second-level cache and follows another one in its row, in
/// tiles that have a part of many rows. Where tiles have whole rows, the machine guesses what is read next.
const FAR_LINE: usize = 5;

/// The half cycles of a schedule.
pub fn cycles(problem: &Problem, schedule: &Schedule, target: &Target) -> usize {
    let machine = Machine::of(target);
    let mut sum = 0;
    for block in blocks(problem.groups, problem.channels, schedule) {
        for (size, count) in grouped(&schedule.run_sizes(problem.width.outputs, problem.width.phases)) {
            let tile = match schedule.along {
                LaneAxis::Width => machine.width_tile(problem, schedule, block.channels, size),
                LaneAxis::OutputChannels | LaneAxis::Groups => {
                    machine.channel_tile(problem, schedule, [block.channels, block.lanes], size)
                }
            };
            sum += block.count * count * tile;
        }
    }
    sum = sum * (100 + experience(problem, schedule, target)) / 100;
    // All groups, so that lanes along groups, with which one channel of each is computed, compare with others.
    let times = if schedule.along == LaneAxis::Groups { problem.channels } else { problem.groups };
    let tiles = match (schedule.rows, &problem.rows) {
        (Some(rows), Some(axis)) => {
            problem.outputs_above / axis.outputs.max(1) * sizes(axis.outputs, rows, axis.phases).len()
        }
        _ => problem.outputs_above,
    };
    let all = tiles * problem.phases_apart.unwrap_or(1) * times;
    (sum as f64 * all as f64) as usize
}

/// What of a machine an instruction keeps busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Unit {
    /// The pipes of multiply-adds.
    MultiplyAdds,
    /// The ports that read a first-level cache.
    Loads,
    /// The ports that write it.
    Stores,
    /// Other arithmetic: activations, sums, shuffles.
    Other,
}

/// Half cycles for which an instruction of a tile keeps a unit busy; the buffers are those of its plan.
pub fn occupied(instr: &Instr, tile: &Tile, buffers: &[Buffer], target: &Target) -> (Unit, usize) {
    let machine = Machine::of(target);
    let lanes = |register: &Reg| tile.registers[register.0].lanes;
    let stride = |access: &Access| usize::try_from(access.lane_stride(&buffers[access.buffer.0])).unwrap_or(1);
    match instr {
        Instr::MultiplyAdd { to, .. } => (Unit::MultiplyAdds, machine.multiply_add(lanes(to))),
        Instr::Load { to, from } => match stride(from) {
            1 => (Unit::Loads, machine.load(lanes(to))),
            stride => (Unit::Loads, machine.shifted_load(lanes(to), stride)),
        },
        Instr::Broadcast { .. } => (Unit::Loads, 1),
        Instr::Store { from, to } => match stride(to) {
            1 => (Unit::Stores, machine.store(lanes(from))),
            _ => (Unit::Stores, 2 * lanes(from)),
        },
        Instr::Constant { to, .. }
        | Instr::Binary { to, .. }
        | Instr::SelectLess { to, .. }
        | Instr::ShiftLeft { to, .. }
        | Instr::Shuffle { to, .. } => (Unit::Other, machine.shuffle(lanes(to))),
    }
}

/// Multiply-adds, of one lane each, that a core does in a cycle at most.
pub fn peak(target: &Target) -> usize {
    let machine = Machine::of(target);
    2 * target.lanes / machine.multiply_add(target.lanes)
}

/// Per cent that tiles of some shapes were measured to take longer than what is counted.
fn experience(problem: &Problem, schedule: &Schedule, target: &Target) -> usize {
    let Schedule { channels, positions, .. } = *schedule;
    let rows = schedule.rows.unwrap_or(1);
    match schedule.along {
        LaneAxis::Width => {
            // A broadcast weight should serve many vectors, or none but the one that it is an operand of.
            let seldom = if positions == 2 && rows == 1 { 7 } else { 0 };
            // Many rows of memory are written at once.
            let streams = if channels * rows > 8 { 3 } else { 0 };
            seldom + streams + hidden_late(problem, channels * positions * problem.width.phases * rows)
        }
        LaneAxis::OutputChannels => {
            let bytes = problem.weights / problem.channels.max(1) * channels * schedule.lanes;
            let far = match problem.phases_apart {
                // Each phase reads a few lines here and there.
                Some(_) if bytes > NEAR => 15,
                _ if bytes > 2 * NEAR / 3 => 4,
                _ => 0,
            };
            // Twice the instructions for as many multiply-adds.
            let half = if target.lanes == 16 && schedule.lanes == 8 { 8 } else { 0 };
            // Products that are rounded go faster in pairs.
            let alone = if !target.fused && channels.min(positions) == 1 { 10 } else { 0 };
            far + half + shape(problem, schedule, target) + alone + hidden_late(problem, channels * positions)
        }
        LaneAxis::Groups => 0,
    }
}

/// The part of [`experience`] that is due to how high and how long a tile of vectors of channels is.
fn shape(problem: &Problem, schedule: &Schedule, target: &Target) -> usize {
    let Schedule { channels, positions, .. } = *schedule;
    let is_tall = channels > 2 && positions > channels;
    match (target.lanes, problem.layout) {
        // Each position reads from somewhere else.
        (8, Layout::Nhwc) if problem.phases_apart.is_none() => channels / 2 + positions / 2,
        (8, _) if is_tall => 1,
        // Positions so few are stored one by one.
        (8, Layout::Nchw) if channels > 3 => 4,
        _ if is_tall => 12,
        _ => channels / 2,
    }
}

/// Tiles with many vectors and few products are over before their multiply-adds hide the first loads and the last stores
/// of their neighbours.
fn hidden_late(problem: &Problem, vectors: usize) -> usize {
    (vectors.saturating_sub(16) * 32 / problem.products().max(1)).min(15)
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
    /// Whether a multiply-add is one instruction.
    fused: bool,
}

impl Machine {
    fn of(target: &Target) -> Machine {
        Machine { wide: target.lanes == 16, fused: target.fused }
    }

    fn multiply_add(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 2 } else { 1 }
    }

    /// Half cycles until the sum of a vector of channels can be added to: two pipes do not always find another sum
    /// meanwhile.
    fn latency(&self) -> usize {
        if self.fused && !self.wide { LATENCY + 2 } else { LATENCY }
    }

    fn load(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 2 } else { 1 }
    }

    /// A vector of inputs along the width, `stride` apart, mostly across a line of the cache.
    fn shifted_load(&self, lanes: usize, stride: usize) -> usize {
        match stride {
            1 if self.wide && lanes == 16 => 4,
            1 => 2,
            2 => 4 * self.load(lanes),
            _ => 2 * lanes,
        }
    }

    /// What else such a vector costs: its shuffle goes where multiply-adds do.
    fn gather(&self, lanes: usize, stride: usize) -> usize {
        match stride {
            1 => 0,
            2 => 2 * self.shuffle(lanes),
            _ => lanes * self.shuffle(4),
        }
    }

    /// Half cycles of so many steps, each with these half cycles of multiply-adds and of loads: both go on at the same time,
    /// but get in each other's way a bit. A step takes no less than `least`. Where a multiply-add is two instructions, they
    /// and the five of a loop go six in a cycle instead.
    fn together(&self, steps: usize, multiply_adds: usize, loads: usize, least: usize) -> usize {
        let longer = multiply_adds.max(loads);
        let both = match self.fused {
            true => 8 * longer + multiply_adds.min(loads),
            false => (8 * longer).max(8 * (2 * multiply_adds + loads + 5) / 3),
        };
        steps * both.max(8 * least) / 8
    }

    fn store(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 4 } else { 2 }
    }

    /// Half cycles of a step for its weights, if those of a block leave a first-level cache before the next tile reads them
    /// again. Multiply-adds of 512 bits take long enough to hide that.
    fn far_weights(&self, steps: usize, bytes: usize) -> usize {
        if !self.wide && steps * bytes > FIRST_LEVEL { bytes / FROM_SECOND_LEVEL } else { 0 }
    }

    /// Half cycles of one of so many steps for its inputs, which stand far from those of the next step: for bytes that no
    /// tile has read before, and for all in the lines that it touches.
    fn far_inputs(&self, problem: &Problem, outermost: Outermost, steps: usize, [new, touched]: [usize; 2]) -> usize {
        if problem.layout == Layout::Nhwc {
            return 0;
        }
        let is_walked = problem.outputs_above == 1 && outermost != Outermost::Runs;
        let is_far = 4 * problem.inputs * problem.width.outputs > SECOND_LEVEL / 8 * 7;
        let new = if is_walked && is_far { new } else { 0 };
        let again = if steps * touched > FIRST_LEVEL / 2 { touched - new } else { 0 };
        (new * LONE_FAR_LINE + again * LONE_LINE) / (4 * LINE)
    }

    /// Stores of a channel of a tile after its vectors have been transposed; without masks in pieces.
    fn store_transposed(&self, size: usize, lanes: usize) -> usize {
        if self.wide {
            return self.store(lanes);
        }
        let pieces = |left: usize| left / SHORTEST + left % SHORTEST / 2 + left % 2;
        let left = pieces(size % lanes);
        size / lanes * self.store(lanes) + (2 * left).saturating_sub(1)
    }

    fn shuffle(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 2 } else { 1 }
    }

    fn channel_tile(
        &self,
        problem: &Problem,
        schedule: &Schedule,
        [channels, lanes]: [usize; 2],
        size: usize,
    ) -> usize {
        let Schedule { along, outermost, .. } = *schedule;
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
        let weights = 4 * channels * lanes * taps_of_tile;
        let new = 4 * stride * size.div_ceil(phases);
        let touched = new.max(4 * problem.width.inputs_of(size)) + 4 * (LINE - 1);
        let far_inputs = self.far_inputs(problem, outermost, inputs * taps_above, [new, touched]);
        let far = self.far_weights(inputs * taps_above, weights).max(far_inputs);
        let steps = self.together(inputs * taps_above, multiply_adds, loads, far.max(self.latency() * taps));
        let steps = steps * self.conflict(problem, along, channels, size) / 100;
        let outputs = match (problem.layout, along) {
            (Layout::Nchw, LaneAxis::OutputChannels) if size < 4 || lanes < 4 => 2 * lanes * vectors,
            (Layout::Nchw, LaneAxis::OutputChannels) => {
                let steps = size.min(lanes).next_power_of_two().ilog2() as usize;
                let stores = self.store_transposed(size, lanes);
                vectors.next_multiple_of(4) * steps * self.shuffle(lanes) + channels * lanes * stores
            }
            (_, LaneAxis::Groups) if problem.channels > 1 => 2 * lanes * vectors,
            // Memory is written with gaps, which others fill later; with short vectors even parts of lines.
            (_, LaneAxis::OutputChannels) if problem.leaves_gaps(channels * lanes) => {
                let gaps = if !self.fused && channels * lanes < LINE { 18 } else { 8 };
                vectors * (self.store(lanes) + gaps)
            }
            _ => vectors * self.store(lanes),
        };
        steps + outputs + CALL
    }

    /// Per cent of the time, with inputs that the positions of a tile read at once from few sets of a first-level cache:
    /// 64 sets of 8 lines of 64 bytes, of which weights take some. Vectors of channels share what is read.
    fn conflict(&self, problem: &Problem, along: LaneAxis, channels: usize, size: usize) -> usize {
        if problem.layout == Layout::Nchw || along == LaneAxis::Groups {
            return 100;
        }
        let distance = 1 << problem.pixel().trailing_zeros().min(WAY.ilog2());
        let in_a_set = problem.width.inputs_of(size) * distance / WAY;
        100 + 23 * in_a_set.saturating_sub(6) / channels
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
        let gathers: usize = vectors.iter().map(|&lanes| self.gather(lanes, stride)).sum();
        let reads = rows_read * distances;
        // Pairs of taps share what they load.
        let shared = loads_windows(schedule.rows, stride) && problem.width.dilation == 1;
        let loaded = if shared { rows_read * distances.div_ceil(2) } else { reads };
        let multiply_adds = used * products + reads * gathers;
        let bytes: usize = vectors.iter().map(|lanes| 4 * lanes * stride * rows_read).sum();
        let touched = bytes + if schedule.outermost == Outermost::Runs { 4 * (LINE - 1) } else { 0 };
        let far = self.far_inputs(problem, schedule.outermost, inputs * loops.max(1), [bytes, touched]);
        let least = far.max(LATENCY * chain);
        let steps = self.together(inputs * loops.max(1), multiply_adds, loaded * loads + weights, least);
        let zip = match phases {
            1 => 0,
            _ if phases.is_power_of_two() => phases.ilog2() as usize,
            _ => schedule.lanes,
        };
        let outputs: usize = vectors.iter().map(|&lanes| self.store(lanes) + zip * self.shuffle(lanes)).sum::<usize>()
            * phases
            * channels
            * rows;
        steps + outputs + CALL + self.far_row(problem, channels, size) * rows_read
    }

    /// What a row of the inputs of a tile costs that no other tile has brought near.
    fn far_row(&self, problem: &Problem, channels: usize, size: usize) -> usize {
        let Problem { groups, inputs, width, rows, .. } = problem;
        let positions =
            problem.outputs_above * rows.as_ref().map_or(1, |rows| rows.stride) * width.outputs * width.stride;
        if 4 * groups * inputs * positions <= SECOND_LEVEL || size >= width.outputs || channels < problem.channels {
            return 0;
        }
        (size * width.stride).div_ceil(LINE).saturating_sub(1) * FAR_LINE
    }
}
