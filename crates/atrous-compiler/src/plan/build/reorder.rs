//! Copies of inputs with their channels last, in memory of the run's own.
//!
//! With channels first, each channel of a tile's inputs is in another page of memory, and in planes of a power of two all are
//! in the same few sets of a cache. A copy has the channels of a position as neighbours.

use std::ops::Range;

use super::contraction::{activation_access, transpose};
use super::nest::{Header, TileBuilder, Vars, nest, split_lanes, walk};
use crate::ir::{AXIS_NAMES, Contraction, PiecewiseAxis};
use crate::layer::Layout;
use crate::plan::schedule::LINE;
use crate::plan::{Access, Affine, BufferId, Count, Instr, Lanes, Part, Reg, Stage, Stmt};

/// What is copied.
pub struct Job<'a> {
    /// The stage's name.
    pub name: String,
    /// What reads the copy.
    pub contraction: &'a Contraction,
    /// Batch size.
    pub batch: usize,
    /// Lanes of a full vector.
    pub lanes: usize,
    /// `[N, C, S…]`.
    pub input: BufferId,
    /// Of the shape that [`shape`] says.
    pub output: BufferId,
}

/// Lines from one position to the next of which a multiple would put neighbours into the same few sets of a cache.
const COLLIDING: usize = 8;

/// Dimensions of the copy: `[N, S…, C]`. Positions are whole lines apart, and so many that neighbours are in different sets of
/// a cache; channels behind the last one are zeros.
pub fn shape(contraction: &Contraction, batch: usize) -> Vec<usize> {
    let Contraction { groups, group_inputs, axes, .. } = contraction;
    let lines = (groups * group_inputs).div_ceil(LINE);
    let lines = lines + usize::from(lines.is_multiple_of(COLLIDING));
    [batch].into_iter().chain(axes.iter().map(|axis| axis.input as usize)).chain([lines * LINE]).collect()
}

/// The stage that copies.
pub fn stage(job: &Job) -> Stage {
    let Contraction { groups, group_inputs, .. } = job.contraction;
    let channels = groups * group_inputs;
    let padded = shape(job.contraction, job.batch).last().copied().unwrap_or(channels);
    let mut vars = Vars::default();
    let mut headers = Vec::new();
    let image = walk(&mut vars, "n", Count::Fixed(job.batch as i64), &mut headers);
    let mut body = Vec::new();
    // Lines are written as a whole.
    for (size, first, blocks) in pieces(channels, LINE) {
        let mut around = Vec::new();
        let block = walk(&mut vars, "block", Count::Fixed(blocks as i64), &mut around);
        let channel = block.times(size as i64).plus_constant(first as i64);
        let row = Row::open(job, &image, channel, &mut vars, &mut around);
        body.extend(nest(around, row.copies(size, &mut vars)));
    }
    if padded > channels {
        let mut around = Vec::new();
        let row = Row::open(job, &image, Affine::constant(channels as i64), &mut vars, &mut around);
        body.extend(nest(around, row.zeros(padded - channels, &mut vars)));
    }
    vars.stage(job.name.clone(), nest(headers, body))
}

/// `count` as full vectors and what is left: `(size, first, how many)`.
fn pieces(count: usize, lanes: usize) -> Vec<(usize, usize, usize)> {
    let (full, left) = (count / lanes, count % lanes);
    [(lanes, 0, full), (left, count - left, 1)].into_iter().filter(|(size, _, pieces)| size * pieces > 0).collect()
}

/// A row of positions.
struct Row<'a> {
    job: &'a Job<'a>,
    image: &'a Affine,
    /// The first of some channels.
    channel: Affine,
    /// The position along all axes but the last.
    above: Vec<Affine>,
    /// Positions.
    width: usize,
    /// What the last axis is called.
    name: &'static str,
}

impl<'a> Row<'a> {
    /// Loops over all rows.
    fn open(job: &'a Job, image: &'a Affine, channel: Affine, vars: &mut Vars, headers: &mut Vec<Header>) -> Row<'a> {
        let axes = &job.contraction.axes;
        let (last, above) = axes.split_last().expect("a convolution has at least one axis");
        let names = AXIS_NAMES[axes.len()];
        let mut open = |(axis, name): (&PiecewiseAxis, &&str)| walk(vars, name, Count::Fixed(axis.input), headers);
        let above = above.iter().zip(names).map(&mut open).collect();
        Row { job, image, channel, above, width: last.input as usize, name: names[axes.len() - 1] }
    }

    /// Copies of so many channels: vectors of them transposed, the last few one by one.
    fn copies(&self, channels: usize, vars: &mut Vars) -> Vec<Stmt> {
        let vectors: Vec<Range<usize>> = pieces(channels, self.job.lanes)
            .into_iter()
            .flat_map(|(size, first, count)| {
                (0..count).map(move |number| first + number * size..first + (number + 1) * size)
            })
            .filter(|vector| vector.len() >= transpose::LEAST)
            .collect();
        let transposed = vectors.last().map_or(0, |vector| vector.end);
        let mut copies = Vec::new();
        if transposed > 0 {
            for (size, first, count) in pieces(self.width, self.job.lanes) {
                let mut around = Vec::new();
                let column = walk(vars, self.name, Count::Fixed(count as i64), &mut around);
                let column = column.times(size as i64).plus_constant(first as i64);
                copies.extend(nest(around, vec![self.transposed(&vectors, &column, size)]));
            }
        }
        if transposed < channels {
            copies.extend(self.one_by_one(transposed..channels, vars));
        }
        copies
    }

    /// So many positions from a column on, each of which has the channels of a vector in one register.
    fn transposed(&self, vectors: &[Range<usize>], column: &Affine, size: usize) -> Stmt {
        let lanes = self.job.lanes;
        let mut tile = TileBuilder::default();
        let along = Lanes { dim: self.above.len() + 2, step: 1, part: Part::of(0..size, lanes) };
        for vector in vectors {
            let load = |channel: usize| {
                let channel = self.channel.clone().plus_constant(channel as i64);
                tile.load("row", lanes, self.access(Side::Input, channel, column.clone(), Some(along)))
            };
            let rows: Vec<Reg> = vector.clone().map(load).collect();
            for part in transpose::transpose(&rows, &mut tile).into_iter().filter(|part| part.lane < size) {
                let channel = self.channel.clone().plus_constant(vector.start as i64 - part.lanes.start as i64);
                let column = column.clone().plus_constant(part.lane as i64);
                let along = Lanes { dim: 1, ..part.along(lanes) };
                let to = self.access(Side::Copy, channel, column, Some(along));
                tile.push(Instr::Store { from: part.register, to });
            }
        }
        tile.tile()
    }

    fn one_by_one(&self, channels: Range<usize>, vars: &mut Vars) -> Vec<Stmt> {
        let mut around = Vec::new();
        let channel = walk(vars, "c", Count::Fixed(channels.len() as i64), &mut around);
        let channel = channel.plus(&self.channel).plus_constant(channels.start as i64);
        let column = walk(vars, self.name, Count::Fixed(self.width as i64), &mut around);
        let mut tile = TileBuilder::default();
        let from = tile.load("value", 1, self.access(Side::Input, channel.clone(), column.clone(), None));
        tile.push(Instr::Store { from, to: self.access(Side::Copy, channel, column, None) });
        nest(around, vec![tile.tile()])
    }

    /// Zeros for so many channels.
    fn zeros(&self, channels: usize, vars: &mut Vars) -> Vec<Stmt> {
        let mut around = Vec::new();
        let column = walk(vars, self.name, Count::Fixed(self.width as i64), &mut around);
        let mut stores = Vec::new();
        for (lanes, first, count) in split_lanes(channels as i64, self.job.lanes) {
            let mut around = Vec::new();
            let channel = walk(vars, "c", Count::Fixed(count), &mut around).times(lanes as i64);
            let channel = channel.plus(&self.channel).plus_constant(first);
            let mut tile = TileBuilder::default();
            let from = tile.constant(0.0, lanes);
            let along = (lanes > 1).then_some(Lanes::all(1, 1));
            tile.push(Instr::Store { from, to: self.access(Side::Copy, channel, column.clone(), along) });
            stores.extend(nest(around, vec![tile.tile()]));
        }
        nest(around, stores)
    }

    fn access(&self, side: Side, channel: Affine, column: Affine, lanes: Option<Lanes>) -> Access {
        let (layout, buffer) = match side {
            Side::Input => (Layout::Nchw, self.job.input),
            Side::Copy => (Layout::Nhwc, self.job.output),
        };
        let place = self.above.iter().cloned().chain([column]);
        let index = [self.image.clone(), channel].into_iter().chain(place).collect();
        activation_access(layout, buffer, index, lanes)
    }
}

/// What is read, or what is written.
enum Side {
    Input,
    Copy,
}
