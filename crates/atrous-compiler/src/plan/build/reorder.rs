//! Copies of inputs in the other memory order, in memory of the run's own.
//!
//! With channels first, each channel of a tile's inputs is in another page of memory, and in planes of a power of two all are
//! in the same few sets of a cache. A copy with channels last has the channels of a position as neighbours. With channels last,
//! vectors of output channels are mostly empty where a layer has few. In a copy with channels first, the positions of a channel
//! are neighbours, so that vectors can be of those.

use std::ops::Range;

use super::contraction::{activation_access, transpose};
use super::nest::{Header, TileBuilder, Vars, nest, split_lanes, walk};
use crate::ir::{AXIS_NAMES, Contraction, PiecewiseAxis};
use crate::layer::Layout;
use crate::plan::schedule::{LEAST_TRANSPOSED, LINE};
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
    /// Memory order of the input. The copy has the other one.
    pub layout: Layout,
    /// `[N, C, S…]` or `[N, S…, C]`.
    pub input: BufferId,
    /// Of the shape that [`shape`] says.
    pub output: BufferId,
}

/// Lines from one position to the next of which a multiple would put neighbours into the same few sets of a cache.
const COLLIDING: usize = 8;

/// Dimensions of the copy of an input in a memory order: of `[N, C, S…]` `[N, S…, C]`, and the other way round. With channels
/// last, positions are whole lines apart, and so many that neighbours are in different sets of a cache; channels behind the
/// last one are zeros.
pub fn shape(contraction: &Contraction, batch: usize, layout: Layout) -> Vec<usize> {
    let Contraction { groups, group_inputs, axes, .. } = contraction;
    let padded = padded(groups * group_inputs, layout);
    let place = axes.iter().map(|axis| axis.input as usize);
    layout.other().in_memory(&[batch, padded].into_iter().chain(place).collect::<Vec<_>>())
}

/// Channels of the copy of an input with so many.
fn padded(channels: usize, layout: Layout) -> usize {
    let lines = channels.div_ceil(LINE);
    match layout {
        Layout::Nchw => LINE * (lines + usize::from(lines.is_multiple_of(COLLIDING))),
        Layout::Nhwc => channels,
    }
}

/// The stage that copies.
pub fn stage(job: &Job) -> Stage {
    let mut vars = Vars::default();
    let mut headers = Vec::new();
    let image = walk(&mut vars, "n", Count::Fixed(job.batch as i64), &mut headers);
    let [rows, lanes] = sides(job);
    let mut body = Vec::new();
    // Lines are written as a whole.
    for (size, first, blocks) in pieces(rows.count, LINE) {
        let mut around = Vec::new();
        let block = |vars: &mut Vars, headers: &mut Vec<Header>| {
            walk(vars, "block", Count::Fixed(blocks as i64), headers).times(size as i64).plus_constant(first as i64)
        };
        // Planes are walked one after the other, positions with all their channels.
        let (first, above) = match job.layout {
            Layout::Nchw => (block(&mut vars, &mut around), open_above(job, &mut vars, &mut around)),
            Layout::Nhwc => {
                let above = open_above(job, &mut vars, &mut around);
                (block(&mut vars, &mut around), above)
            }
        };
        let matrix = Matrix { job, image: &image, above, rows, first, lanes };
        body.extend(nest(around, matrix.copies(size, &mut vars)));
    }
    let [channels, _] = channels_and_positions(job);
    let missing = padded(channels.count, job.layout) - channels.count;
    if missing > 0 {
        body.extend(zeros(job, &image, missing, &mut vars));
    }
    vars.stage(job.name.clone(), nest(headers, body))
}

/// Loops over all axes but the last.
fn open_above(job: &Job, vars: &mut Vars, headers: &mut Vec<Header>) -> Vec<Affine> {
    let axes = &job.contraction.axes;
    let names = AXIS_NAMES[axes.len()];
    let mut open = |(axis, name): (&PiecewiseAxis, &&str)| walk(vars, name, Count::Fixed(axis.input), headers);
    axes[..axes.len() - 1].iter().zip(names).map(&mut open).collect()
}

/// `count` as full vectors and what is left: `(size, first, how many)`.
fn pieces(count: usize, lanes: usize) -> Vec<(usize, usize, usize)> {
    let (full, left) = (count / lanes, count % lanes);
    [(lanes, 0, full), (left, count - left, 1)].into_iter().filter(|(size, _, pieces)| size * pieces > 0).collect()
}

/// The channels, or the positions along the last axis.
#[derive(Clone, Copy)]
struct Side {
    /// The dimension of a logical index `[N, C, S…]`.
    dim: usize,
    count: usize,
    name: &'static str,
}

fn channels_and_positions(job: &Job) -> [Side; 2] {
    let Contraction { groups, group_inputs, axes, .. } = job.contraction;
    let last = axes.last().expect("a convolution has at least one axis");
    let channels = Side { dim: 1, count: groups * group_inputs, name: "c" };
    let positions =
        Side { dim: axes.len() + 1, count: last.input as usize, name: AXIS_NAMES[axes.len()][axes.len() - 1] };
    [channels, positions]
}

/// What is a row of the input, and what its lanes are; of the copy, it is the other way round.
fn sides(job: &Job) -> [Side; 2] {
    let [channels, positions] = channels_and_positions(job);
    match job.layout {
        Layout::Nchw => [channels, positions],
        Layout::Nhwc => [positions, channels],
    }
}

/// Some rows, which become lanes.
struct Matrix<'a> {
    job: &'a Job<'a>,
    image: &'a Affine,
    /// The position along all axes but the last.
    above: Vec<Affine>,
    rows: Side,
    /// The first row.
    first: Affine,
    lanes: Side,
}

impl Matrix<'_> {
    /// Copies of so many rows: vectors of them transposed, the last few element by element.
    fn copies(&self, rows: usize, vars: &mut Vars) -> Vec<Stmt> {
        let vectors: Vec<Range<usize>> = pieces(rows, self.job.lanes)
            .into_iter()
            .flat_map(|(size, first, count)| {
                (0..count).map(move |number| first + number * size..first + (number + 1) * size)
            })
            .filter(|vector| vector.len() >= LEAST_TRANSPOSED)
            .collect();
        let transposed = vectors.last().map_or(0, |vector| vector.end);
        let mut copies = Vec::new();
        if transposed > 0 {
            for (size, first, count) in pieces(self.lanes.count, self.job.lanes) {
                let mut around = Vec::new();
                let lane = walk(vars, self.lanes.name, Count::Fixed(count as i64), &mut around);
                let lane = lane.times(size as i64).plus_constant(first as i64);
                copies.extend(nest(around, vec![self.transposed(&vectors, &lane, size)]));
            }
        }
        if transposed < rows {
            copies.extend(self.one_by_one(transposed..rows, vars));
        }
        copies
    }

    /// So many lanes from one on, for each of which the rows of a vector come into one register.
    fn transposed(&self, vectors: &[Range<usize>], lane: &Affine, size: usize) -> Stmt {
        let lanes = self.job.lanes;
        let mut tile = TileBuilder::default();
        let along = Lanes { dim: self.lanes.dim, step: 1, part: Part::of(0..size, lanes) };
        for vector in vectors {
            let load = |row: usize| {
                let row = self.first.clone().plus_constant(row as i64);
                tile.load("row", lanes, self.input(row, lane.clone(), Some(along)))
            };
            let rows: Vec<Reg> = vector.clone().map(load).collect();
            for part in transpose::transpose(&rows, &mut tile).into_iter().filter(|part| part.lane < size) {
                let row = self.first.clone().plus_constant(vector.start as i64 - part.lanes.start as i64);
                let lane = lane.clone().plus_constant(part.lane as i64);
                let along = Lanes { dim: self.rows.dim, ..part.along(lanes) };
                tile.push(Instr::Store { from: part.register, to: self.copy(row, lane, Some(along)) });
            }
        }
        tile.tile()
    }

    fn one_by_one(&self, rows: Range<usize>, vars: &mut Vars) -> Vec<Stmt> {
        let mut around = Vec::new();
        let row = walk(vars, self.rows.name, Count::Fixed(rows.len() as i64), &mut around);
        let row = row.plus(&self.first).plus_constant(rows.start as i64);
        let lane = walk(vars, self.lanes.name, Count::Fixed(self.lanes.count as i64), &mut around);
        let mut tile = TileBuilder::default();
        let from = tile.load("value", 1, self.input(row.clone(), lane.clone(), None));
        tile.push(Instr::Store { from, to: self.copy(row, lane, None) });
        nest(around, vec![tile.tile()])
    }

    fn input(&self, row: Affine, lane: Affine, along: Option<Lanes>) -> Access {
        activation_access(self.job.layout, self.job.input, self.index(row, lane), along)
    }

    fn copy(&self, row: Affine, lane: Affine, along: Option<Lanes>) -> Access {
        activation_access(self.job.layout.other(), self.job.output, self.index(row, lane), along)
    }

    fn index(&self, row: Affine, lane: Affine) -> Vec<Affine> {
        let [channel, position] = if self.rows.dim == 1 { [row, lane] } else { [lane, row] };
        let place = self.above.iter().cloned().chain([position]);
        [self.image.clone(), channel].into_iter().chain(place).collect()
    }
}

/// Zeros for so many channels of the copy that the input does not have.
fn zeros(job: &Job, image: &Affine, missing: usize, vars: &mut Vars) -> Vec<Stmt> {
    let [channels, positions] = channels_and_positions(job);
    let mut around = Vec::new();
    let above = open_above(job, vars, &mut around);
    let position = walk(vars, positions.name, Count::Fixed(positions.count as i64), &mut around);
    let mut stores = Vec::new();
    for (lanes, first, count) in split_lanes(missing as i64, job.lanes) {
        let mut around = Vec::new();
        let channel = walk(vars, channels.name, Count::Fixed(count), &mut around).times(lanes as i64);
        let channel = channel.plus_constant(channels.count as i64 + first);
        let place = above.iter().cloned().chain([position.clone()]);
        let index = [image.clone(), channel].into_iter().chain(place).collect();
        let mut tile = TileBuilder::default();
        let from = tile.constant(0.0, lanes);
        let along = (lanes > 1).then_some(Lanes::all(1, 1));
        tile.push(Instr::Store { from, to: activation_access(job.layout.other(), job.output, index, along) });
        stores.extend(nest(around, vec![tile.tile()]));
    }
    nest(around, stores)
}
