//! The schedules of a contraction that there are to choose from.

use super::blocks::blocks;
use super::problem::{Axis, Problem};
use super::reads::{first_size, sizes};
use super::{FEW, FIRST_LEVEL, LaneAxis, Schedule, loads_windows, outermost, run_sizes};
use crate::layer::Layout;
use crate::plan::Target;

/// Most taps along an axis that are written out.
pub const MOST_TAPS: usize = 32;

/// Most multiply-adds of a tile that are written out.
const MOST_WRITTEN: usize = 1024;

/// Most multiply-adds of all different tiles of a stage, each with so many more for what is around them.
pub const MOST_IN_STAGE: usize = 3200;

/// What is around the multiply-adds of a tile takes as long to compile as so many of them.
const AROUND: usize = 24;

/// Most rows of a tile with vectors of channels that also has a whole row of outputs. Those of a column have but one output
/// each, and are bounded by registers alone.
const MOST_ALIKE: usize = 4;

/// The schedules whose registers fit and whose tiles can be written out.
pub fn all(problem: &Problem, epilogue: usize, target: &Target) -> Vec<Schedule> {
    let written = written(problem, epilogue, target).into_iter();
    written.filter(|(_, length)| *length <= MOST_IN_STAGE).map(|(schedule, _)| schedule).collect()
}

/// The multiply-adds of the shortest code of a stage, counted as for [`MOST_IN_STAGE`]; none if its taps are too many.
pub fn shortest_code(problem: &Problem, epilogue: usize, target: &Target) -> Option<usize> {
    written(problem, epilogue, target).into_iter().map(|(_, length)| length).min()
}

/// The schedules whose registers fit, each with the length of its code.
fn written(problem: &Problem, epilogue: usize, target: &Target) -> Vec<(Schedule, usize)> {
    let mut candidates = Vec::new();
    if problem.width.taps > MOST_TAPS {
        return candidates;
    }
    let axes: &[LaneAxis] = match problem.layout {
        Layout::Nchw if problem.reorders_input || problem.phases_apart.is_some() => &[LaneAxis::OutputChannels],
        Layout::Nhwc if problem.reorders_input => &[LaneAxis::Width],
        Layout::Nchw => &[LaneAxis::Width, LaneAxis::OutputChannels],
        Layout::Nhwc => &[LaneAxis::OutputChannels, LaneAxis::Groups],
    };
    let shape = Shape { problem, epilogue, target };
    for &along in axes {
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
    fn of(&self, along: LaneAxis, lanes: usize) -> Vec<(Schedule, usize)> {
        let Problem { channels, width, .. } = self.problem;
        let (channels, positions) = match along {
            LaneAxis::Width => (*channels, width.units().div_ceil(lanes)),
            LaneAxis::OutputChannels => ((channels / lanes).max(1), width.outputs),
            LaneAxis::Groups => (1, width.outputs),
        };
        let most = self.target.registers;
        let unit = if along == LaneAxis::Width { width.phases * lanes } else { 1 };
        let runs = |positions: usize| {
            let runs = run_sizes(along, lanes, positions, [width.outputs, width.phases]);
            // Otherwise fewer positions say the same.
            let fills_one = runs.first().is_some_and(|&(size, _)| size > unit * (positions - 1));
            fills_one.then(|| (positions, width.different(&runs)))
        };
        let positions: Vec<(usize, usize)> = (1..=positions.min(most)).filter_map(runs).collect();
        let mut found = Vec::new();
        for channels in 1..=channels.min(most) {
            for &(positions, different) in &positions {
                let rows = self.rows(along, lanes, channels, positions);
                let fitting = |rows| {
                    let (schedule, written) = self.fitting(along, lanes, channels, positions, rows)?;
                    Some((schedule, written * different))
                };
                found.extend(rows.into_iter().filter_map(fitting));
            }
        }
        found
    }

    /// How many rows may go together.
    fn rows(&self, along: LaneAxis, lanes: usize, channels: usize, positions: usize) -> Vec<Option<usize>> {
        let mut rows = vec![None];
        let Some(axis) = &self.problem.rows else { return rows };
        let Target { registers, lanes: widest, .. } = *self.target;
        match along {
            // Rows that are written out have their taps within a channel, which with channels last are outside of all.
            LaneAxis::Width if self.problem.layout == Layout::Nhwc && self.problem.inputs > 1 => {}
            LaneAxis::Width if self.problem.inputs <= FEW && axis.taps <= MOST_TAPS => {
                let most = (registers / (channels * positions * self.problem.width.phases).max(1)).min(axis.outputs);
                rows.extend((1..=most).filter(|&rows| first_size(axis.outputs, rows, axis.phases) == rows).map(Some));
            }
            LaneAxis::OutputChannels if self.problem.is_column() => {
                let has_some = |rows: &usize| axis.together(*rows).first().is_some_and(|(size, _)| size == rows);
                let most = (registers / channels).min(axis.units());
                rows.extend((2..=most).filter(has_some).map(Some));
            }
            // With two pipes for wide vectors, tiles of a whole short row were measured to be faster with several, if weights
            // are more than a first-level cache holds; tiles of a part of a row, or with near weights, to be slower.
            LaneAxis::OutputChannels
                if self.target.is_dual()
                    && lanes == widest
                    && positions >= self.problem.width.units()
                    && self.problem.weights > FIRST_LEVEL =>
            {
                let fills = |rows: &usize| 4 * channels * positions * rows >= 3 * registers;
                let has_some = |rows: &usize| axis.together(*rows).first().is_some_and(|(size, _)| size == rows);
                rows.extend((2..=MOST_ALIKE).filter(fills).filter(has_some).map(Some));
            }
            LaneAxis::Width | LaneAxis::OutputChannels | LaneAxis::Groups => {}
        }
        rows
    }

    /// The schedule if its registers fit, and the length of its code for one run of outputs.
    fn fitting(
        &self,
        along: LaneAxis,
        lanes: usize,
        channels: usize,
        positions: usize,
        rows: Option<usize>,
    ) -> Option<(Schedule, usize)> {
        let Axis { phases, taps, kernel, .. } = self.problem.width;
        let height = rows.unwrap_or(1);
        let taps_of_rows = match (along, rows, &self.problem.rows) {
            (LaneAxis::Width, Some(rows), Some(axis)) => rows * axis.taps,
            _ => height,
        };
        let vectors = match along {
            LaneAxis::Width => channels * positions * phases * height,
            LaneAxis::OutputChannels | LaneAxis::Groups => channels * positions * height,
        };
        let streamed = match along {
            // Beside the inputs of a tap, two vectors of neighbours that they are taken from.
            LaneAxis::Width if loads_windows(rows, self.problem.width.stride) => 3 * positions + 1 + self.numbers(),
            LaneAxis::Width => positions + 1,
            LaneAxis::OutputChannels => channels.min(positions * height) + 1,
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
        if along == LaneAxis::OutputChannels && self.transposing(vectors, positions, lanes) > self.target.registers {
            return None;
        }
        let written = channels * positions * taps * taps_of_rows * if along == LaneAxis::Width { phases } else { 1 };
        if written > MOST_WRITTEN {
            return None;
        }
        let tile = match along {
            LaneAxis::Width => [channels, height, lanes * positions],
            LaneAxis::OutputChannels | LaneAxis::Groups => [lanes * channels, height, positions.div_ceil(phases)],
        };
        let kept_weights = if along == LaneAxis::Width && rows.is_some() { left } else { 0 };
        let schedule = Schedule {
            along,
            lanes,
            channels,
            positions,
            rows,
            kept_weights,
            outermost: outermost::choose(self.problem, self.target, along, tile),
            writes_taps_out: true,
            phases_apart: self.problem.phases_apart.is_some(),
            reorders_input: self.problem.reorders_input,
        };
        let blocks = blocks(self.problem.groups, self.problem.channels, &schedule);
        let mut different = self.problem.phases_apart.unwrap_or(1) * blocks.len();
        if let (Some(rows), Some(axis)) = (rows, &self.problem.rows) {
            different *= match along {
                LaneAxis::Width => axis.different(&sizes(axis.outputs, rows, axis.phases)),
                LaneAxis::OutputChannels | LaneAxis::Groups => axis.together(rows).len(),
            };
        }
        Some((schedule, (written + AROUND) * different))
    }
}

impl Shape<'_> {
    /// Registers that one instruction needs beside its operands, where machines have no masks: for the sums of a part of
    /// the lanes, and for inputs that are apart.
    fn temporary(&self) -> usize {
        let Axis { stride, phases, .. } = self.problem.width;
        match self.target.lanes {
            _ if self.target.has_masks() => 0,
            8 => usize::from(stride > 1 || self.problem.width.has_borders()),
            _ => 1 + usize::from(phases > 1),
        }
    }

    /// Registers for the numbers of the lanes that are taken from a window, where instructions have them in a register: for
    /// even ones, odd ones, and those of a tap that is loaded by itself, with one more vector.
    fn numbers(&self) -> usize {
        if self.target.has_masks() { 4 } else { 0 }
    }

    /// Most registers alive while vectors of channels are transposed, which makes as many of some rows as the next power
    /// of two.
    fn transposing(&self, vectors: usize, positions: usize, lanes: usize) -> usize {
        if self.problem.layout == Layout::Nhwc {
            return 0;
        }
        let first = positions.min(lanes);
        vectors - first + first.next_power_of_two() + 1.max(self.epilogue)
    }
}
