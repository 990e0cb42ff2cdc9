//! The decisions about one contraction, as data.

mod blocks;
mod candidates;
mod cost;
mod counted;
mod outermost;
mod print;
mod problem;
pub mod reads;
mod rolled;
mod slow;
mod tables;

pub use blocks::{Block, blocks};
pub use cost::{Unit, occupied, peak};
pub use counted::counted;
pub use rolled::{LEFTOVER_RUN, fills_a_vector};
pub use slow::{Expectation, Loops, Slow, SlowReason};
pub use tables::{AxisTable, TapOrder};

use self::candidates::MOST_TAPS;
use super::target::Target;
use crate::ir::{Contraction, PiecewiseAxis};
use crate::layer::Layout;
use reads::sizes;

/// Bytes of a first-level cache.
pub const FIRST_LEVEL: usize = 32 << 10;

/// Bytes of a second-level cache.
const SECOND_LEVEL: usize = 1 << 20;

/// Numbers in a line of a cache.
pub const LINE: usize = 16;

/// Weights between those that are read and those that are asked for.
const WEIGHTS_AHEAD: i64 = 512;

/// Outputs of one phase that are enough to share the weights of the next block between them.
const LEAST_TO_SHARE: usize = 32;

/// Steps of a tile, each an input channel and a tap along all axes but the last, between what is read and what is asked for.
const STEPS_AHEAD: usize = 8;

/// Input channels for each that asks for nothing that is read.
const LEAST_BEFORE: usize = 16;

/// Channels that are few: of few input channels tiles with lanes along the width may have several rows of outputs.
pub const FEW: usize = 8;

/// Outputs with the same taps from which on a column is long.
const LEAST_IN_COLUMN: i64 = 64;

/// How one contraction is computed: in tiles of `channels · positions` vectors of outputs, so that each vector of
/// weights serves all positions, and each vector of inputs all channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Schedule {
    /// What the lanes of a vector are.
    pub along: LaneAxis,
    /// Lanes of a full vector.
    pub lanes: usize,
    /// Output channels of a full tile; vectors of them with lanes along channels.
    pub channels: usize,
    /// Output positions of a full tile along the last spatial axis. With lanes along the width, vectors of them in each
    /// phase.
    pub positions: usize,
    /// Rows of a tile, if it may have several: with lanes along the width neighbours, with the taps along their axis written
    /// out; otherwise rows that read with the same taps, which a loop walks.
    pub rows: Option<usize>,
    /// Most registers for weights that stay in them for a whole tile.
    pub kept_weights: usize,
    /// What stays near while the rest is walked.
    pub outermost: Outermost,
    /// Whether the taps along the last axis are written out, rather than walked by a loop.
    pub writes_taps_out: bool,
    /// Whether a tile has outputs of one phase of the last axis, rather than neighbours of all.
    pub phases_apart: bool,
    /// Whether the input is first copied to scratch memory in the other memory order: with its channels last where a net has
    /// them first, and the other way round.
    pub reorders_input: bool,
}

/// What the lanes of a vector are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum LaneAxis {
    /// Neighbouring outputs of one phase along the last spatial axis: inputs are vectors, weights are broadcast.
    Width,
    /// Neighbouring output channels of one group: inputs are broadcast, weights are vectors.
    OutputChannels,
    /// The same channel of neighbouring groups: inputs and weights are vectors (depthwise layers).
    Groups,
}

/// The outer ones of the loops around tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Outermost {
    /// Rows of outputs: all weights stay near.
    Rows,
    /// Runs of outputs in a row: the inputs of one run stay near, and all weights.
    Runs,
    /// Blocks of output channels: the weights of one block stay near, while the whole input is walked.
    Blocks,
    /// Parts of the output, of so many rows of each phase; of so many runs, where there is one row. The inputs of a part
    /// stay near while it is walked for all blocks.
    Parts(usize),
}

impl Schedule {
    /// The outputs of the tiles along the last axis, in their order, for `total` outputs of so many phases: each size with
    /// the number of neighbours that have it.
    pub fn run_sizes(&self, total: usize, phases: usize) -> Vec<(usize, usize)> {
        run_sizes(self.along, self.lanes, self.positions, [total, phases])
    }
}

fn run_sizes(along: LaneAxis, lanes: usize, positions: usize, [total, phases]: [usize; 2]) -> Vec<(usize, usize)> {
    match along {
        LaneAxis::Width => sizes(total, phases * lanes * positions, phases * lanes),
        LaneAxis::OutputChannels | LaneAxis::Groups => sizes(total, positions, phases),
    }
}

/// Whether tiles with lanes along the width load what several taps read at once, for inputs so far apart: two apart, where
/// rows are written out because there are few input channels to load for.
pub fn loads_windows(rows: Option<usize>, stride: usize) -> bool {
    rows.is_some() && stride == 2
}

/// Whether outputs along the last axis are neighbours in memory, with so many channels in all.
pub fn are_neighbours(layout: Layout, channels: usize) -> bool {
    layout == Layout::Nchw || channels == 1
}

/// Whether so many channels, each with a vector of so many positions, are transposed before they are stored, where channels are
/// neighbours in memory. Three of the shortest vectors were measured to gain nothing.
pub fn joins_channels(channels: usize, lanes: usize) -> bool {
    channels >= if lanes > SHORTEST { 3 } else { 4 } && lanes >= LEAST_TRANSPOSED
}

/// How far ahead of what is read weights are asked for that are so many that they come from beyond a second-level cache:
/// a machine guesses what is read next, but not across pages. With vectors of less than half a line nothing was measured.
pub fn weights_ahead(contraction: &Contraction, along: LaneAxis, block: Block) -> Option<i64> {
    let weights = contraction.groups * contraction.group_weights();
    let is_far = along == LaneAxis::OutputChannels && 4 * weights > SECOND_LEVEL;
    (is_far && 2 * block.lanes >= LINE).then_some(WEIGHTS_AHEAD)
}

/// Whether tiles ask for the weights of the next block besides, each for a share. The first tile of a block reads weights
/// faster than they come from beyond a second-level cache; the others leave time for them, if they are enough. With vectors
/// of 512 bits it was measured to gain nothing.
pub fn asks_for_next_block(contraction: &Contraction, schedule: &Schedule, block: Block, target: &Target) -> bool {
    let Contraction { groups, axes, .. } = contraction;
    let are_far = 4 * groups * contraction.group_weights() > 2 * SECOND_LEVEL;
    let of_phase: usize = axes.iter().map(|axis| (axis.output / axis.output_step()) as usize).product();
    let asks_ahead = weights_ahead(contraction, schedule.along, block).is_some();
    let is_walked_whole = schedule.outermost == Outermost::Blocks;
    asks_ahead && are_far && is_walked_whole && of_phase >= LEAST_TO_SHARE && target.lanes < LINE
}

/// Whether so many bytes count as coming from beyond a second-level cache: more than half of it, since other tensors pass
/// through it too.
fn are_beyond_second_level(bytes: usize) -> bool {
    bytes > SECOND_LEVEL / 2
}

/// Whether tiles ask for the lines of their outputs when they begin, because those come from beyond a second-level cache. The
/// tiles of transposed layers were measured to gain nothing; with vectors of 512 bits nothing was measured.
pub fn asks_for_outputs(contraction: &Contraction, target: &Target) -> bool {
    let Contraction { groups, group_outputs, axes, .. } = contraction;
    let positions: usize = axes.iter().map(|axis| axis.output as usize).product();
    let are_far = are_beyond_second_level(4 * groups * group_outputs * positions);
    let is_transposed = axes.iter().any(|axis| axis.output_step() > 1);
    are_far && !is_transposed && target.has_prefetch() && target.lanes < LINE
}

/// How far ahead of what is read inputs are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// By so many input channels.
    Channels(i64),
    /// By the outputs of a tile.
    Tile,
    /// The same, where the inputs of a tile are one piece: a share of them in each step.
    Share,
}

/// How far ahead of what is read inputs are asked for, if they come from beyond a second-level cache. With channels first,
/// each channel is in another page: a machine guesses what is read next, but not across pages. A few channels of one tap are
/// over before a line comes; if they are few enough, those of a whole tile stay near until the next one reads them. With
/// channels last, tiles of one tap read several positions at once, and are as short.
pub fn inputs_ahead(contraction: &Contraction, layout: Layout, target: &Target) -> Option<Ahead> {
    let Contraction { groups, group_inputs, axes, .. } = contraction;
    let positions: usize = axes.iter().map(|axis| axis.input as usize).product();
    let is_far = are_beyond_second_level(4 * group_inputs * positions);
    let steps_of_channel: usize = axes[..axes.len() - 1].iter().map(PiecewiseAxis::most_taps).product();
    // Behind the last channel nothing is read.
    let most = group_inputs / LEAST_BEFORE;
    let channels = || Ahead::Channels((STEPS_AHEAD / steps_of_channel.max(1)).clamp(1, most) as i64);
    let multiplies_once = axes.iter().all(|axis| axis.most_taps() == 1 && axis.output_step() == 1);
    let stays_near = 4 * LINE * group_inputs <= FIRST_LEVEL / 2;
    let is_one_piece = *groups == 1 && axes.iter().all(|axis| axis.input == axis.output);
    // With vectors of 512 bits nothing was measured.
    let asks_for_tile = multiplies_once && stays_near && target.lanes < LINE;
    let ahead = match layout {
        Layout::Nchw if asks_for_tile => Some(Ahead::Tile),
        Layout::Nchw => (most > 0).then(channels),
        Layout::Nhwc => (asks_for_tile && is_one_piece).then_some(Ahead::Share),
    };
    ahead.filter(|_| is_far && target.has_prefetch())
}

/// Outputs of a tile with vectors of channels, and lanes of such a vector, from which on they are transposed where outputs are
/// neighbours in memory: fewer are as well stored one by one.
pub const LEAST_TRANSPOSED: usize = 4;

/// Lanes of the shortest register of machines with long ones, which also load and store a part of its lanes.
const SHORTEST: usize = 4;

/// The vectors for so many units along the width: full ones, and one for what is left, as short as a register can be.
pub fn vectors(units: usize, lanes: usize) -> Vec<usize> {
    let (full, left) = (units / lanes, units % lanes);
    let least = if lanes > SHORTEST { SHORTEST } else { 1 };
    let short = (left > 0).then(|| left.next_power_of_two().max(least));
    std::iter::repeat_n(lanes, full).chain(short).collect()
}

/// The contraction with its axes as a target walks them: merged with channels first, as a column with channels last.
pub fn walked(contraction: &Contraction, layout: Layout, target: &Target) -> Contraction {
    match layout {
        Layout::Nchw => contraction.merged(),
        Layout::Nhwc if is_column(contraction, target) => contraction.as_column(),
        Layout::Nhwc => contraction.clone(),
    }
}

/// Whether the only axis is a long one of several taps, most of whose outputs have all of them, and sums are over many
/// channels. As a column, taps are walked outside of the channels, so that a tile reads neighbouring inputs, and is as high
/// for many taps as for few. With shorter vectors, taps that are written out were measured to be faster on average, if there
/// are not too many; with one pipe for wide ones nothing was measured.
fn is_column(contraction: &Contraction, target: &Target) -> bool {
    let [axis] = &contraction.axes[..] else { return false };
    let longest = axis.pieces.iter().map(|piece| piece.outputs.count).max().unwrap_or(0);
    let is_long = longest >= LEAST_IN_COLUMN && 4 * longest >= 3 * axis.output;
    let sums_many = contraction.group_inputs.min(contraction.group_outputs) >= LINE;
    let least_taps = if target.is_dual() { 2 } else { MOST_TAPS + 1 };
    is_long && sums_many && axis.most_taps() >= least_taps
}

/// Chooses one of the schedules for a stage by its number, of those that there are in the order of [`ranking`].
pub type Choose<'a> = &'a mut dyn FnMut(&str, &[Schedule]) -> usize;

/// A schedule and what it is expected to cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The schedule.
    pub schedule: Schedule,
    /// Half cycles of one core for one image; none where taps are walked by loops, of which the model says nothing.
    pub half_cycles: Option<usize>,
}

/// Per cent that a schedule for [`Target::avx512_dual`] has to save where the one for [`Target::avx512`] would do: it is code
/// of its own in compiled Rust.
const WORTH_ITS_CODE: usize = 4;

/// All schedules of a contraction, by what they are expected to cost; at least one. The first may cost a little more than
/// the next ones, where another target has it too.
///
/// `epilogue` is the number of registers that the activation needs beside the sums of a tile.
pub fn ranking(contraction: &Contraction, epilogue: usize, layout: Layout, target: &Target) -> Vec<Ranked> {
    let axes = walked(contraction, layout, target);
    let problems = problem::Problem::all(&axes, layout);
    let mut candidates = by_cost(&problems, epilogue, target);
    let Some(&(least, _)) = candidates.first() else {
        return vec![Ranked { schedule: rolled::choose(&axes, epilogue, layout, target), half_cycles: None }];
    };
    if target.is_dual() && axes == walked(contraction, layout, &Target::avx512()) {
        let other = by_cost(&problems, epilogue, &Target::avx512()).first().map(|(_, schedule)| *schedule);
        let is_worth = |cost: usize| cost.saturating_mul(100) <= least.saturating_mul(100 + WORTH_ITS_CODE);
        let shared = candidates.iter().position(|(_, schedule)| Some(*schedule) == other);
        if let Some(shared) = shared.filter(|&shared| is_worth(candidates[shared].0)) {
            candidates[..=shared].rotate_right(1);
        }
    }
    let ranked = |(half_cycles, schedule)| Ranked { schedule, half_cycles: Some(half_cycles) };
    candidates.into_iter().map(ranked).collect()
}

/// The schedules that there are to choose from, each with its half cycles, the least first.
fn by_cost(problems: &[problem::Problem], epilogue: usize, target: &Target) -> Vec<(usize, Schedule)> {
    let of_problem = |problem: &problem::Problem| {
        let found = candidates::all(problem, epilogue, target).into_iter();
        found.map(|candidate| (cost::half_cycles(problem, &candidate, target), candidate)).collect::<Vec<_>>()
    };
    let mut candidates: Vec<(usize, Schedule)> = problems.iter().flat_map(of_problem).collect();
    candidates.sort_by_key(|(half_cycles, _)| *half_cycles);
    candidates
}
