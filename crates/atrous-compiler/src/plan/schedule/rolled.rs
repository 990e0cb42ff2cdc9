//! The schedule of a contraction whose taps along the last axis are walked by a loop.

use super::{LaneAxis, Outermost, Schedule};
use crate::ir::{Contraction, PiecewiseAxis};
use crate::layer::Layout;
use crate::plan::Target;

/// Chooses lanes that are contiguous in memory where there are enough of them, and the tile that costs least.
///
/// `epilogue` is the number of registers that the activation needs beside the sums of a tile.
pub fn choose(contraction: &Contraction, epilogue: usize, layout: Layout, target: &Target) -> Schedule {
    let extents = Extents::of(contraction);
    let preferred = match layout {
        Layout::Nchw => [LaneAxis::Width, LaneAxis::OutputChannels, LaneAxis::Groups],
        Layout::Nhwc => [LaneAxis::OutputChannels, LaneAxis::Groups, LaneAxis::Width],
    };
    // Rather short vectors along a contiguous axis than none.
    let lanes = |along| largest_power_of_two(extents.along(along).min(target.lanes));
    let vectorised = preferred.into_iter().find(|&along| lanes(along) >= target.lanes.min(4));
    let along = vectorised.unwrap_or(LaneAxis::Width);
    let lanes = if vectorised.is_some() { lanes(along) } else { 1 };
    let (channels, positions) = tile(&extents, along, lanes, epilogue, target);
    Schedule {
        along,
        lanes,
        channels,
        positions,
        rows: None,
        kept_weights: 0,
        outermost: Outermost::Rows,
        writes_taps_out: false,
        phases_apart: false,
        reorders_input: false,
    }
}

/// Positions that a row has left behind full vectors along the width go by so many, with lanes along the channels: their
/// sums hide each other's latency.
pub const LEFTOVER_RUN: usize = 4;

/// Whether so many channels are a vector of at most `lanes` by themselves.
pub fn fills_a_vector(channels: usize, lanes: usize) -> bool {
    channels.is_power_of_two() && channels <= lanes
}

/// The largest power of two that is not above a number; 1 for 0.
fn largest_power_of_two(number: usize) -> usize {
    1 << number.max(1).ilog2()
}

/// What there is to compute.
struct Extents {
    /// Outputs of the pieces of the last axis.
    pieces: Vec<usize>,
    /// Output channels of a group.
    channels: usize,
    groups: usize,
}

impl Extents {
    fn of(contraction: &Contraction) -> Extents {
        let counts = |axis: &PiecewiseAxis| axis.pieces.iter().map(|piece| piece.outputs.count as usize).collect();
        Extents {
            pieces: contraction.axes.last().map(counts).unwrap_or_default(),
            channels: contraction.group_outputs,
            groups: contraction.groups,
        }
    }

    /// Outputs of the longest piece.
    fn width(&self) -> usize {
        self.pieces.iter().copied().max().unwrap_or(0)
    }

    fn along(&self, along: LaneAxis) -> usize {
        match along {
            LaneAxis::Width => self.width(),
            LaneAxis::OutputChannels => self.channels,
            LaneAxis::Groups => self.groups,
        }
    }
}

/// The shape, as channels and positions, with the least cost whose registers fit.
fn tile(extents: &Extents, along: LaneAxis, lanes: usize, epilogue: usize, target: &Target) -> (usize, usize) {
    let (channels, positions) = match along {
        LaneAxis::Width => (extents.channels, extents.width() / lanes),
        LaneAxis::OutputChannels => (extents.channels / lanes, extents.width()),
        LaneAxis::Groups => (1, extents.width()),
    };
    let (channels, positions) = (channels.max(1), positions.max(1));
    // The smaller side stays in registers while the other streams through one; rounding twice needs one for the product.
    let registers = |c: usize, p: usize| c * p + (c.min(p) + 1 + usize::from(!target.fused)).max(epilogue);
    let shapes =
        (1..=channels.min(target.registers)).flat_map(|c| (1..=positions.min(target.registers)).map(move |p| (c, p)));
    // Outputs that fill no vector, border pieces among them.
    let leftover = |count: &usize| if along == LaneAxis::Width { count % lanes } else { 0 };
    let leftovers: Vec<usize> = extents.pieces.iter().map(leftover).collect();
    let cost = |&(c, p): &(usize, usize)| {
        let blocks = |count: usize, size: usize| [(size, count / size), (count % size, 1)];
        let rows = blocks(channels, c).into_iter().filter(|block| block.0 > 0);
        let row = |(c, count): (usize, usize)| {
            let inside: usize = blocks(positions, p).into_iter().map(|(p, count)| count * half_cycles(c, p)).sum();
            count * (inside + leftovers.iter().map(|&left| leftover_half_cycles(left, c, lanes)).sum::<usize>())
        };
        rows.map(row).sum::<usize>()
    };
    let fitting = shapes.filter(|&(c, p)| registers(c, p) <= target.registers);
    fitting.min_by_key(|shape| (cost(shape), shape.0 * shape.1)).unwrap_or((1, 1))
}

/// Half cycles per tap of a tile: two multiply-adds or two loads go in a cycle, and a sum waits four cycles for itself.
fn half_cycles(channels: usize, positions: usize) -> usize {
    if positions == 0 { 0 } else { (channels * positions).max(channels + positions).max(8) }
}

/// Half cycles per tap of the positions of a piece that do not fill a vector: with lanes along the channels where those
/// fill one; else one by one.
fn leftover_half_cycles(positions: usize, channels: usize, lanes: usize) -> usize {
    if !fills_a_vector(channels, lanes) {
        return positions * half_cycles(channels, 1);
    }
    let runs = if lanes > LEFTOVER_RUN { positions / LEFTOVER_RUN + positions % LEFTOVER_RUN } else { positions };
    runs * half_cycles(1, 1)
}
