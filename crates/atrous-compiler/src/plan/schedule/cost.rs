//! What a schedule costs, in half cycles, by counting what its tiles do.
//!
//! The counts are those of one image with all its groups, where all taps meet inputs; borders do less, in all schedules
//! alike.
//! Costs of instructions are those of AMD Zen 4 and similar machines: a vector of 512 bits takes a whole cycle for a
//! multiply-add or an aligned load, shorter ones half of it; two numbers are broadcast from memory in a cycle. Targets with
//! two pipes for vectors of 512 bits are like Intel's Xeon: those take half a cycle too, but for shuffles and stores.

mod machine;
mod memory;
mod tiles;

use self::machine::Machine;
use self::memory::{PAGE, reordered};
use super::blocks::blocks;
use super::outermost::NEAR;
use super::problem::Problem;
use super::reads::sizes;
use super::{LINE, LaneAxis, Outermost, Schedule};
use crate::layer::Layout;
use crate::plan::{Access, Buffer, Instr, Reg, Target, Tile};

/// Half cycles of a call of a tile: pointers, counters, the first sums, and the wait for the last ones.
pub const CALL: usize = 100;

/// Half cycles until the sum of a multiply-add can be added to.
pub const LATENCY: usize = 8;

/// Per cent, for one tap, that short tiles take longer for inputs that are few of a line.
const FEW_OF_A_LINE: usize = 24;

/// Per cent that tiles take longer where the phases of a row read the same planes one after the other.
const AGAIN: usize = 2;

/// Per cent that tiles take longer where the weights of a block fill a good part of a second-level cache, and inputs are read
/// a line of each channel at a time.
const CROWDED: usize = 4;

/// The half cycles of a schedule.
pub fn half_cycles(problem: &Problem, schedule: &Schedule, target: &Target) -> usize {
    let machine = Machine::of(target);
    let per_cent = 100 + experience(problem, schedule, target);
    // All groups, so that lanes along groups, with which one channel of each is computed, compare with others.
    let times = if schedule.along == LaneAxis::Groups { problem.channels } else { problem.groups };
    let mut sum = 0.0;
    for (rows, tiles) in heights(problem, schedule) {
        let mut of_row = 0_u128;
        for block in blocks(problem.groups, problem.channels, schedule) {
            for (size, count) in schedule.run_sizes(problem.width.outputs, problem.width.phases) {
                let tile = match schedule.along {
                    LaneAxis::Width => machine.width_tile(problem, schedule, block.channels, size),
                    LaneAxis::OutputChannels | LaneAxis::Groups => {
                        machine.channel_tile(problem, schedule, [block.channels, block.lanes], [rows, size])
                    }
                };
                of_row += (block.count * count) as u128 * tile as u128;
            }
        }
        let all = tiles * problem.phases_apart.unwrap_or(1) * times;
        sum += (of_row * per_cent as u128 / 100) as f64 * all as f64;
    }
    let beside = machine.first_weights(problem, schedule) + machine.parts_again(problem, schedule) + reordered(problem);
    (sum + beside) as usize
}

/// How many rows tiles have, each with how often there are so many.
fn heights(problem: &Problem, schedule: &Schedule) -> Vec<(usize, usize)> {
    let Some((rows, axis)) = schedule.rows.zip(problem.rows.as_ref()) else { return vec![(1, problem.outputs_above)] };
    let above = problem.outputs_above / axis.outputs.max(1);
    let heights = match schedule.along {
        LaneAxis::Width => vec![(rows, sizes(axis.outputs, rows, axis.phases).iter().map(|(_, count)| count).sum())],
        LaneAxis::OutputChannels | LaneAxis::Groups => axis.together(rows),
    };
    heights.into_iter().map(|(rows, tiles)| (rows, above * tiles)).collect()
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
        Instr::Broadcast { .. } | Instr::Prefetch { .. } => (Unit::Loads, 1),
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
            // A few neighbours here and there are read and written in turns.
            let high = if target.lanes == 8 { 12 * (rows - 1) / positions } else { 0 };
            seldom + streams + high + hidden_late(problem, channels * positions * problem.width.phases * rows)
        }
        LaneAxis::OutputChannels => {
            let bytes = problem.weights / problem.channels.max(1) * channels * schedule.lanes;
            let far = match problem.phases_apart {
                _ if target.is_dual() => 6 * bytes / NEAR,
                // Each phase walks all inputs, and writes a few lines here and there.
                Some(_) if bytes > NEAR && target.lanes == 8 => 8,
                Some(_) if bytes > NEAR => 15,
                _ if bytes > 2 * NEAR / 3 => 4,
                _ => 0,
            };
            // Twice the instructions for as many multiply-adds, or four times.
            let half = match (target.lanes, schedule.lanes) {
                (16, 8) => 8,
                (16, 4) if problem.channels >= target.lanes => 12,
                _ => 0,
            };
            // As many numbers are broadcast as there are multiply-adds, and get in their way.
            let single = if (target.lanes, schedule.lanes, channels) == (8, 8, 1) { 15 } else { 0 };
            // Products that are rounded go faster in pairs.
            let alone = if !target.fused && channels.min(positions) == 1 { 10 } else { 0 };
            // Inputs of a tile, and then its outputs, are a few of many pages: the fewer, the fewer taps there are.
            let scattered = target.is_dual()
                && problem.layout == Layout::Nchw
                && problem.outputs_above == 1
                && 4 * problem.width.outputs >= PAGE;
            let pages = if scattered { (90 / problem.width.taps.max(1)).min(30) } else { 0 };
            let again =
                if problem.phases_apart.is_some() && problem.input_layout() == Layout::Nchw { AGAIN } else { 0 };
            far + half
                + single
                + again
                + pages
                + few_of_a_line(problem, target)
                + crowded(problem, schedule, target, bytes)
                + shape(problem, schedule, target)
                + alone
                + hidden_late(problem, channels * positions * rows)
        }
        LaneAxis::Groups => 0,
    }
}

/// The part of [`experience`] that is due to short tiles, of vectors of less than a line, which read a few inputs of a line
/// of each channel: the fewer taps they have, the less hides it.
fn few_of_a_line(problem: &Problem, target: &Target) -> usize {
    let are_far = problem.input_layout() == Layout::Nchw && problem.plane > 4 * LINE;
    let are_few = target.lanes < LINE && are_far && problem.inputs >= 2 * LINE;
    let is_walked_again = problem.width.phases > 1 || (target.lanes == 4 && problem.width.taps == 1);
    if are_few && is_walked_again { FEW_OF_A_LINE / problem.width.taps.max(1) } else { 0 }
}

/// The part of [`experience`] that is due to so many bytes of weights of a block and to inputs of which each channel is in
/// another page: both walk through a second-level cache, and throw each other out.
fn crowded(problem: &Problem, schedule: &Schedule, target: &Target, weights: usize) -> usize {
    let walks_all = schedule.outermost == Outermost::Blocks && problem.phases_apart.is_none();
    let reads_planes = problem.input_layout() == Layout::Nchw && problem.plane > 4 * 4 * LINE;
    if target.lanes == 8 && walks_all && reads_planes && weights > NEAR / 3 { CROWDED } else { 0 }
}

/// The part of [`experience`] that is due to how high and how long a tile of vectors of channels is.
fn shape(problem: &Problem, schedule: &Schedule, target: &Target) -> usize {
    let Schedule { channels, positions, .. } = *schedule;
    let is_tall = channels > 2 && positions > channels;
    match (target.lanes, problem.layout) {
        _ if target.is_dual() => 0,
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
