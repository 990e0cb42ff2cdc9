//! What the instructions of a tile cost.

use super::LATENCY;
use super::memory::Memory;
use crate::plan::Target;
use crate::plan::schedule::{SHORTEST, joins_channels};

/// Half cycles that the stores of one channel of a tile were measured to take beside what is counted, where other phases leave
/// gaps between them, with vectors of 512 bits; half as many with 256, four times as many with 128.
const GAPS: usize = 20;

/// What instructions cost.
pub struct Machine {
    /// Whether a multiply-add of 512 bits takes a whole cycle.
    pub wide: bool,
    /// Whether a multiply-add is one instruction.
    pub fused: bool,
    /// Whether two vectors of 512 bits go in a cycle.
    pub dual: bool,
    /// Whether lanes can be left out at no cost.
    masks: bool,
    /// Whether vectors have 256 bits.
    pub eight_lanes: bool,
    /// What reads from beyond a first-level cache cost.
    pub memory: &'static Memory,
}

impl Machine {
    pub fn of(target: &Target) -> Machine {
        let dual = target.is_dual();
        let memory = if dual { &Memory::OF_XEON } else { &Memory::OF_ZEN };
        Machine {
            wide: target.pipes == 1,
            fused: target.fused,
            dual,
            masks: target.has_masks(),
            eight_lanes: target.lanes == 8,
            memory,
        }
    }

    pub fn multiply_add(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 2 } else { 1 }
    }

    /// Half cycles until the sum of a vector of channels can be added to: two pipes do not always find another sum
    /// meanwhile.
    pub fn latency(&self) -> usize {
        if self.fused && !self.wide { LATENCY + 2 } else { LATENCY }
    }

    pub fn load(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 2 } else { 1 }
    }

    /// A vector of inputs along the width, `stride` apart, mostly across a line of the cache.
    pub fn shifted_load(&self, lanes: usize, stride: usize) -> usize {
        match stride {
            1 if self.wide && lanes == 16 => 4,
            1 => 2,
            2 => 4 * self.load(lanes),
            _ => 2 * lanes,
        }
    }

    /// What else such a vector costs: its shuffle goes where multiply-adds do.
    pub fn gather(&self, lanes: usize, stride: usize) -> usize {
        match stride {
            1 => 0,
            2 => 2 * self.shuffle(lanes),
            _ => lanes * self.shuffle(4),
        }
    }

    /// Half cycles of so many steps, each with these half cycles of multiply-adds and of loads: both go on at the same time,
    /// but get in each other's way a bit. A step takes no less than `least`. It saturates. Where a multiply-add is two instructions, they
    /// and the five of a loop go six in a cycle instead.
    pub fn together(&self, steps: usize, multiply_adds: usize, loads: usize, least: usize) -> usize {
        let longer = multiply_adds.max(loads);
        let both = match self.fused {
            true => 8 * longer + multiply_adds.min(loads),
            false => (8 * longer).max(8 * (2 * multiply_adds + loads + 5) / 3),
        };
        steps.saturating_mul(both.max(least.saturating_mul(8))) / 8
    }

    pub fn store(&self, lanes: usize) -> usize {
        if self.wide && lanes == 16 { 4 } else { 2 }
    }

    /// Stores of a channel of a tile after its vectors have been transposed; without masks in pieces.
    pub fn store_transposed(&self, size: usize, lanes: usize) -> usize {
        if self.masks {
            return self.store(lanes);
        }
        let pieces = |left: usize| left / SHORTEST + left % SHORTEST / 2 + left % 2;
        let left = pieces(size % lanes);
        size / lanes * self.store(lanes) + (2 * left).saturating_sub(1)
    }

    /// The same with those of other phases between each two: masks leave out one, otherwise they are stored one by one.
    pub fn store_phase(&self, size: usize, lanes: usize, phases: usize) -> usize {
        match phases {
            2 if self.masks => (2 * size).div_ceil(lanes) * (self.store(lanes) + self.shuffle(lanes)),
            _ => 2 * size,
        }
    }

    /// What such stores of a channel cost beside that, if there are other phases.
    pub fn gaps(&self, phases: Option<usize>) -> usize {
        match phases {
            Some(_) if self.masks => GAPS,
            Some(_) if self.eight_lanes => GAPS / 2,
            Some(_) => 4 * GAPS,
            None => 0,
        }
    }

    /// Stores of a vector of positions of each of so many channels, which are neighbours in memory: four are transposed, two
    /// steps for each vector; of fewer than three each lane is stored by itself.
    pub fn store_channels(&self, channels: usize, lanes: usize) -> usize {
        let of_some = |size: usize| match joins_channels(size, lanes) {
            true => 2 * SHORTEST * self.shuffle(lanes) + lanes * (self.store_transposed(size, lanes) + 1),
            false => 2 * lanes * size,
        };
        channels / SHORTEST * of_some(SHORTEST) + of_some(channels % SHORTEST)
    }

    pub fn shuffle(&self, lanes: usize) -> usize {
        if lanes == 16 { 2 } else { 1 }
    }
}
