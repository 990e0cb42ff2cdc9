//! Copies of inputs with their channels last, in memory of the run's own.
//!
//! With channels first, each channel of a tile's inputs is in another page of memory, and in planes of a power of two all are
//! in the same few sets of a cache. A copy has the channels of a position as neighbours.

use super::contraction::transpose;
use super::nest::{Header, TileBuilder, Vars, axis_names, nest, split_lanes, walk};
use crate::ir::{Contraction, PiecewiseAxis};
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

/// Dimensions of the copy: `[N, S…, C]`. Positions are an odd number of lines apart, so that neighbours are in different sets
/// of a cache; channels behind the last one are zeros.
pub fn shape(contraction: &Contraction, batch: usize) -> Vec<usize> {
    let Contraction { groups, group_inputs, axes, .. } = contraction;
    let lines = (groups * group_inputs).div_ceil(LINE) | 1;
    [batch].into_iter().chain(axes.iter().map(|axis| axis.input as usize)).chain([lines * LINE]).collect()
}

/// The stage that copies.
pub fn stage(job: &Job) -> Stage {
    let Contraction { groups, group_inputs, axes, .. } = job.contraction;
    let shape = shape(job.contraction, job.batch);
    let (channels, padded) = (groups * group_inputs, shape[shape.len() - 1]);
    let names = axis_names(axes.len(), axes.len());
    let (width, above) = axes.split_last().expect("a convolution has at least one axis");
    let mut vars = Vars::default();
    let mut headers = Vec::new();
    let image = walk(&mut vars, "n", Count::Fixed(job.batch as i64), &mut headers);
    let mut body = Vec::new();
    for (rows, first, blocks) in blocks(channels, job.lanes) {
        let mut around = Vec::new();
        let block = walk(&mut vars, "block", Count::Fixed(blocks as i64), &mut around);
        let channel = block.times(rows as i64).plus_constant(first as i64);
        let place = open(above, &names, &mut vars, &mut around);
        let row = Row { job, image: &image, channel, place: &place, rows };
        body.extend(nest(around, row.tiles(width.input as usize, names[above.len()], &mut vars)));
    }
    if padded > channels {
        let mut around = Vec::new();
        let place = open(axes, &names, &mut vars, &mut around);
        let at = [vec![image], place].concat();
        body.extend(nest(around, zeros(job, &at, channels, padded - channels, &mut vars)));
    }
    vars.stage(job.name.clone(), nest(headers, body))
}

/// Loops over all positions along some axes of the input.
fn open(axes: &[PiecewiseAxis], names: &[&str], vars: &mut Vars, headers: &mut Vec<Header>) -> Vec<Affine> {
    axes.iter().zip(names).map(|(axis, name)| walk(vars, name, Count::Fixed(axis.input), headers)).collect()
}

/// Channels that are transposed together: `(how many, first, how often)`.
fn blocks(channels: usize, lanes: usize) -> Vec<(usize, usize, usize)> {
    let (full, left) = (channels / lanes, channels % lanes);
    [(lanes, 0, full), (left, channels - left, 1)].into_iter().filter(|(rows, _, count)| rows * count > 0).collect()
}

/// Some channels of a row of positions.
struct Row<'a> {
    job: &'a Job<'a>,
    image: &'a Affine,
    /// The first channel.
    channel: Affine,
    /// The position along all axes but the last.
    place: &'a [Affine],
    /// How many channels.
    rows: usize,
}

impl Row<'_> {
    fn tiles(&self, width: usize, name: &str, vars: &mut Vars) -> Vec<Stmt> {
        let lanes = self.job.lanes;
        if self.rows < transpose::LEAST {
            return self.one_by_one(width, name, vars);
        }
        let (full, left) = (width / lanes, width % lanes);
        let mut tiles = Vec::new();
        for (first, count, size) in [(0, full, lanes), (width - left, 1, left)] {
            if size * count > 0 {
                let mut around = Vec::new();
                let column = walk(vars, name, Count::Fixed(count as i64), &mut around);
                let column = column.times(lanes as i64).plus_constant(first as i64);
                tiles.extend(nest(around, vec![self.transposed(&column, size)]));
            }
        }
        tiles
    }

    /// So many positions from a column on, each of which has its channels in one vector.
    fn transposed(&self, column: &Affine, size: usize) -> Stmt {
        let lanes = self.job.lanes;
        let mut tile = TileBuilder::default();
        let along = Lanes { dim: 2 + self.place.len(), step: 1, part: Part::of(0..size, lanes) };
        let load = |row: usize| {
            let from = self.input(&self.channel.clone().plus_constant(row as i64), column, Some(along));
            tile.load("row", lanes, from)
        };
        let rows: Vec<Reg> = (0..self.rows).map(load).collect();
        for part in transpose::transpose(&rows, &mut tile).into_iter().filter(|part| part.lane < size) {
            let channel = self.channel.clone().plus_constant(-(part.lanes.start as i64));
            let along = Lanes { dim: 2 + self.place.len(), ..part.along(lanes) };
            let column = column.clone().plus_constant(part.lane as i64);
            tile.push(Instr::Store { from: part.register, to: self.output(&channel, &column, Some(along)) });
        }
        tile.tile()
    }

    fn one_by_one(&self, width: usize, name: &str, vars: &mut Vars) -> Vec<Stmt> {
        let mut around = Vec::new();
        let channel = walk(vars, "c", Count::Fixed(self.rows as i64), &mut around).plus(&self.channel);
        let column = walk(vars, name, Count::Fixed(width as i64), &mut around);
        let mut tile = TileBuilder::default();
        let from = tile.load("value", 1, self.input(&channel, &column, None));
        tile.push(Instr::Store { from, to: self.output(&channel, &column, None) });
        nest(around, vec![tile.tile()])
    }

    fn input(&self, channel: &Affine, column: &Affine, lanes: Option<Lanes>) -> Access {
        let index = [self.image, channel].into_iter().chain(self.place).chain([column]).cloned().collect();
        Access { buffer: self.job.input, index, lanes }
    }

    fn output(&self, channel: &Affine, column: &Affine, lanes: Option<Lanes>) -> Access {
        let index = [self.image].into_iter().chain(self.place).chain([column, channel]).cloned().collect();
        Access { buffer: self.job.output, index, lanes }
    }
}

/// Zeros behind the channels of a position.
fn zeros(job: &Job, at: &[Affine], first: usize, count: usize, vars: &mut Vars) -> Vec<Stmt> {
    let mut stores = Vec::new();
    for (lanes, from, count) in split_lanes(count as i64, job.lanes) {
        let mut around = Vec::new();
        let channel = walk(vars, "c", Count::Fixed(count), &mut around).times(lanes as i64);
        let mut tile = TileBuilder::default();
        let zero = tile.constant(0.0, lanes);
        let index = at.iter().cloned().chain([channel.plus_constant(first as i64 + from)]).collect();
        let lanes = (lanes > 1).then_some(Lanes::all(at.len(), 1));
        tile.push(Instr::Store { from: zero, to: Access { buffer: job.output, index, lanes } });
        stores.extend(nest(around, vec![tile.tile()]));
    }
    stores
}
