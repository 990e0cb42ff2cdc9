//! The slow path, and why a contraction takes it.

use std::fmt::{Display, Formatter, Result};

use super::candidates::{MOST_IN_STAGE, MOST_TAPS, shortest_code};
use super::problem::Problem;
use super::{LaneAxis, Schedule, peak};
use crate::ir::Contraction;
use crate::layer::Layout;
use crate::plan::Target;

/// A contraction is slow when it is expected to take more than so many halves of the cycles that it needs at least.
///
/// What is expected was seen to be wrong by a factor of two, and layers beyond this were slow whenever they were timed. One
/// sum that waits for itself takes four times as long as enough of them.
const MANY_HALVES: u64 = 7;

/// Fewer cycles than these are never slow: they are spent on calls of tiles, and nobody waits for them.
const FEW_CYCLES: u64 = 20_000;

/// Bytes in a cycle that a core gets at least from wherever they are.
const BYTES: u64 = 8;

/// Sums of a tile that hide the latency of each other's multiply-adds.
const ENOUGH_SUMS: usize = 4;

/// That a contraction takes the slow path. This is what "slow" means, everywhere.
///
/// A contraction is slow when the schedule that was chosen for it is expected to take more than 3.5 times the cycles that
/// it needs at least, and more than 20 000. What is expected is the less of what the cost model says, which leaves out that
/// borders have fewer taps, and of what the instructions of the plan take; the latter where taps are walked by loops, of which
/// the model says nothing. What is needed at least is the longer one of its useful multiply-adds at the peak of the target,
/// and of input, weights and output at 8 bytes in a cycle. All are those of one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Slow {
    /// The cycles that are expected.
    pub cycles: u64,
    /// The cycles that are needed at least.
    pub least: u64,
    /// What is in the way.
    pub reason: SlowReason,
}

/// What is in the way of a slow contraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "kind", rename_all = "snake_case"))]
pub enum SlowReason {
    /// Its taps are walked by loops: outputs at borders, and those that fill no vector, are computed one by one.
    Loops(Loops),
    /// Vectors are shorter than those of the machine.
    ShortVectors {
        /// Lanes of the vectors.
        lanes: usize,
        /// Lanes that they could have.
        most: usize,
    },
    /// Tiles have so few sums that each waits for its own last multiply-add.
    FewSums {
        /// Vectors of sums.
        sums: usize,
        /// What the lanes of vectors are.
        along: LaneAxis,
    },
    /// Loads, stores and calls of tiles take most of the time.
    Overhead,
}

/// Why the taps of a contraction along the last axis are walked by a loop rather than written out in tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "why", rename_all = "snake_case"))]
pub enum Loops {
    /// Some output has more taps along the last axis than are written out.
    LongKernel {
        /// Most taps of an output along the last axis.
        taps: usize,
        /// How many are written out.
        most: usize,
    },
    /// Outputs of a row read in so many different ways (phases, borders) that the code of all tiles would be too long.
    LongCode {
        /// Distance between outputs of a row with the same taps.
        phases: usize,
        /// The length of the shortest code: its multiply-adds, and 24 for what is around those of each tile.
        shortest: usize,
        /// The length that code may have.
        most: usize,
    },
}

impl Loops {
    /// Why a schedule walks taps by a loop, if it does.
    pub fn of(
        schedule: &Schedule,
        contraction: &Contraction,
        epilogue: usize,
        layout: Layout,
        target: &Target,
    ) -> Option<Loops> {
        if schedule.writes_taps_out {
            return None;
        }
        let problems = Problem::all(contraction, layout);
        let together = problems.first()?;
        let shortest = problems.iter().filter_map(|problem| shortest_code(problem, epilogue, target)).min();
        Some(match shortest {
            Some(shortest) => Loops::LongCode { phases: together.width.phases, shortest, most: MOST_IN_STAGE },
            None => Loops::LongKernel { taps: together.width.taps, most: MOST_TAPS },
        })
    }
}

/// What it takes to say whether a contraction is slow.
pub struct Expectation {
    /// Half cycles that all images are expected to take, by the model or by counting.
    pub half_cycles: u64,
    /// Products of real inputs and taps.
    pub multiply_adds: u64,
    /// Bytes of input, weights and output.
    pub bytes: u64,
    /// Distance between outputs of a row with the same taps.
    pub phases: usize,
}

impl Slow {
    /// Whether a contraction takes the slow path with a schedule.
    pub fn of(expected: &Expectation, schedule: &Schedule, loops: Option<Loops>, target: &Target) -> Option<Slow> {
        let cycles = expected.half_cycles / 2;
        let least = (expected.multiply_adds / peak(target) as u64).max(expected.bytes / BYTES);
        if cycles <= FEW_CYCLES || cycles.saturating_mul(2) <= least.saturating_mul(MANY_HALVES) {
            return None;
        }
        let Schedule { along, lanes, channels, positions, rows, phases_apart, .. } = *schedule;
        // Lanes along the width are outputs of one phase, and a tile has as many vectors of each other one.
        let phases = if along == LaneAxis::Width && !phases_apart { expected.phases } else { 1 };
        let sums = channels * positions * rows.unwrap_or(1) * phases;
        let reason = match loops {
            Some(loops) => SlowReason::Loops(loops),
            None if 2 * lanes <= target.lanes => SlowReason::ShortVectors { lanes, most: target.lanes },
            None if sums < ENOUGH_SUMS => SlowReason::FewSums { sums, along },
            None => SlowReason::Overhead,
        };
        Some(Slow { cycles, least, reason })
    }

    /// How to leave the slow path; one line.
    pub fn help(self) -> String {
        match self.reason {
            SlowReason::Loops(Loops::LongKernel { most, .. }) => {
                format!("use at most {most} taps along the last axis (dilation costs none), or less padding there")
            }
            SlowReason::Loops(Loops::LongCode { phases: 1, .. }) => {
                "use fewer taps or less padding along the last axis: each border has code of its own".to_string()
            }
            SlowReason::Loops(Loops::LongCode { .. }) => {
                "use a smaller stride or fewer taps along the last axis: each phase has code of its own".to_string()
            }
            SlowReason::ShortVectors { most, .. } => format!(
                "give the last axis, or the output channels of a group, {most} neighbours; another layout may have them"
            ),
            SlowReason::FewSums { .. } => {
                "make the longest axis the last one, so that tiles have several outputs of a row".to_string()
            }
            SlowReason::Overhead => "try the other layout, and `atrous tune`".to_string(),
        }
    }
}

impl Display for Slow {
    /// The numbers and the reason; one line.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let times = self.cycles as f64 / self.least.max(1) as f64;
        write!(f, "{} cycles are expected, {times:.1} times the least that it needs: ", self.cycles)?;
        match self.reason {
            SlowReason::Loops(loops) => write!(f, "{loops}"),
            SlowReason::ShortVectors { lanes: 1, most } => {
                write!(f, "it is computed number by number, where vectors have {most} lanes")
            }
            SlowReason::ShortVectors { lanes, most } => write!(f, "its vectors have {lanes} of {most} lanes"),
            SlowReason::FewSums { sums: 1, .. } => {
                write!(f, "its tiles have one vector of sums, which waits for its own multiply-adds")
            }
            SlowReason::FewSums { sums, .. } => {
                write!(f, "its tiles have {sums} vectors of sums, which wait for their own multiply-adds")
            }
            SlowReason::Overhead => write!(f, "loads, stores and calls of tiles take most of the time"),
        }
    }
}

impl Display for Loops {
    /// The reason, with the numbers.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Loops::LongKernel { taps, most } => {
                write!(f, "outputs have up to {taps} taps along the last axis, and at most {most} are written out")
            }
            Loops::LongCode { phases, shortest, most } => {
                let phases = if *phases == 1 { "borders".to_string() } else { format!("{phases} phases") };
                write!(
                    f,
                    "taps are not written out, since the code for {phases} would have the length {shortest} of {most}"
                )
            }
        }
    }
}
