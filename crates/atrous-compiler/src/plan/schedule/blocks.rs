//! The output channels of a contraction as blocks, one tile high each.

use super::{LaneAxis, Schedule};

/// Equal blocks of neighbouring output channels of a group; of neighbouring groups, with lanes along groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The first channel.
    pub first: usize,
    /// How many blocks.
    pub count: usize,
    /// Vectors of channels in a block; channels, with lanes along the width.
    pub channels: usize,
    /// Lanes of a vector.
    pub lanes: usize,
    /// Lanes of the last vector that are channels.
    pub active: usize,
}

impl Block {
    /// Channels of one block.
    pub fn size(&self) -> usize {
        (self.channels - 1) * self.lanes + self.active
    }
}

/// The blocks of a schedule: full ones, and what is left over in ever smaller ones.
pub fn blocks(groups: usize, group_outputs: usize, schedule: &Schedule) -> Vec<Block> {
    let (extent, lanes) = match schedule.along {
        LaneAxis::Width => (group_outputs, 1),
        LaneAxis::OutputChannels => (group_outputs, schedule.lanes),
        LaneAxis::Groups => (groups, schedule.lanes),
    };
    split(extent, schedule.channels, lanes, schedule.writes_taps_out)
}

/// So many channels in blocks of `channels` vectors of `lanes`. What fills no vector is `in_part` of one, or else several
/// shorter ones.
fn split(extent: usize, most: usize, mut lanes: usize, in_part: bool) -> Vec<Block> {
    let mut blocks = Vec::new();
    let (mut first, mut channels) = (0, most);
    while first < extent {
        let count = (extent - first) / (channels * lanes);
        if count > 0 {
            blocks.push(Block { first, count, channels, lanes, active: lanes });
            first += count * channels * lanes;
        }
        let left = extent - first;
        if in_part && (1..lanes).contains(&left) {
            blocks.push(Block { first, count: 1, channels: 1, lanes: left.next_power_of_two(), active: left });
            break;
        }
        while lanes > left.max(1) {
            lanes /= 2;
        }
        channels = (left / lanes).clamp(1, most);
    }
    blocks
}
