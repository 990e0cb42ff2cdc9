//! The output channels of a contraction as blocks, one tile high each.

use crate::ir::Contraction;
use crate::plan::schedule::{LaneAxis, Schedule};

/// Equal blocks of neighbouring output channels of a group; of neighbouring groups, with lanes along groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first channel.
    pub first: usize,
    /// How many blocks.
    pub count: usize,
    /// Vectors of channels in a block; channels, with lanes along the width.
    pub channels: usize,
    /// Channels in a vector.
    pub lanes: usize,
}

impl Block {
    /// Channels of one block.
    pub fn size(&self) -> usize {
        self.channels * self.lanes
    }
}

/// The blocks of a schedule: full ones, and what is left over in ever smaller ones.
pub fn blocks(contraction: &Contraction, schedule: Schedule) -> Vec<Block> {
    let (extent, lanes) = match schedule.along {
        LaneAxis::Width => (contraction.group_outputs, 1),
        LaneAxis::OutputChannels => (contraction.group_outputs, schedule.lanes),
        LaneAxis::Groups => (contraction.groups, schedule.lanes),
    };
    split(extent, schedule.channels, lanes)
}

/// So many channels in blocks of `channels` vectors of `lanes`.
pub fn split(extent: usize, most: usize, mut lanes: usize) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut first, mut channels) = (0, most);
    while first < extent {
        let count = (extent - first) / (channels * lanes);
        if count > 0 {
            blocks.push(Block { first, count, channels, lanes });
            first += count * channels * lanes;
        }
        let left = extent - first;
        while lanes > left.max(1) {
            lanes /= 2;
        }
        channels = (left / lanes).clamp(1, most);
    }
    blocks
}
