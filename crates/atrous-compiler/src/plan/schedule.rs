//! The decisions about one contraction, as data.

use super::target::Target;
use crate::ir::{Contraction, PiecewiseAxis};
use crate::layer::Layout;

/// How one contraction is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// What the lanes of a vector are.
    pub along: LaneAxis,
    /// Lanes of a full vector; what is left over is computed one by one.
    pub lanes: usize,
    /// Vectors of outputs that a tile computes at once, so that what they share is loaded once.
    pub accumulators: usize,
}

/// What the lanes of a vector are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneAxis {
    /// Neighbouring outputs of one piece along the last spatial axis: inputs are vectors, weights are broadcast.
    Width,
    /// Neighbouring output channels of one group: inputs are broadcast, weights are vectors.
    OutputChannels,
    /// The same channel of neighbouring groups: inputs and weights are vectors (depthwise layers).
    Groups,
}

/// Chooses lanes that are contiguous in memory where there are enough of them.
pub fn choose(contraction: &Contraction, layout: Layout, target: &Target) -> Schedule {
    let enough = |along: LaneAxis| extent(contraction, along) >= target.lanes as i64;
    let preferred = match layout {
        Layout::Nchw => [LaneAxis::Width, LaneAxis::OutputChannels, LaneAxis::Groups],
        Layout::Nhwc => [LaneAxis::OutputChannels, LaneAxis::Groups, LaneAxis::Width],
    };
    let along = preferred.into_iter().find(|&along| enough(along));
    let lanes = if along.is_some() { target.lanes } else { 1 };
    let along = along.unwrap_or(LaneAxis::Width);
    // A quarter of the registers: as many weights, and the shared input, are live beside the accumulators.
    let accumulators = if along == LaneAxis::Groups { 1 } else { target.registers / 4 };
    Schedule { along, lanes, accumulators }
}

fn extent(contraction: &Contraction, along: LaneAxis) -> i64 {
    let longest = |axis: &PiecewiseAxis| axis.pieces.iter().map(|piece| piece.outputs.count).max();
    match along {
        LaneAxis::Width => contraction.axes.last().and_then(longest).unwrap_or(0),
        LaneAxis::OutputChannels => contraction.group_outputs as i64,
        LaneAxis::Groups => contraction.groups as i64,
    }
}
