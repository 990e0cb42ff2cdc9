//! Stages that compute each output element from elements at fixed places: sums, products, and borders.

use super::activation;
use super::contraction::activation_access;
use super::nest::{TileBuilder, Vars, nest, split_lanes, walk};
use super::regions::{Part, Position, open_positions};
use crate::ir::AXIS_NAMES;
use crate::ir::padding;
use crate::layer::{Activation, Layout, PaddingMode};
use crate::plan::schedule::AxisTable;
use crate::plan::{Access, Affine, BinaryOp, BufferId, Count, Instr, Lanes, Reg, Stage, Stmt};

/// `activation(a op b op …)` of tensors of one shape, with a bias per channel where there is one.
pub struct Job<'a> {
    /// The stage's name.
    pub name: String,
    /// How operands are combined, left to right.
    pub op: BinaryOp,
    /// What is combined; one operand is itself.
    pub operands: &'a [BufferId],
    /// Added last, one number per channel.
    pub bias: Option<BufferId>,
    /// Applied to the result.
    pub activation: Activation,
    /// The output.
    pub output: BufferId,
    /// Logical shape `[N, C, S…]` of all tensors.
    pub shape: &'a [usize],
    /// Memory order of all tensors.
    pub layout: Layout,
    /// Lanes of a full vector.
    pub lanes: usize,
}

/// The innermost dimension in memory, as a logical one.
fn innermost(layout: Layout, rank: usize) -> usize {
    match layout {
        Layout::Nchw => rank - 1,
        Layout::Nhwc => 1,
    }
}

/// Names of the logical dimensions.
fn dim_names(rank: usize) -> Vec<&'static str> {
    [&["n", "c"], AXIS_NAMES[rank - 2]].concat()
}

/// The stage of a pointwise operation: lanes along the innermost dimension.
pub fn stage(job: &Job) -> Stage {
    let mut vars = Vars::default();
    let mut headers = Vec::new();
    let vector_dim = innermost(job.layout, job.shape.len());
    let names = dim_names(job.shape.len());
    let outer = |dim: usize| {
        let count = if dim == vector_dim { 1 } else { job.shape[dim] as i64 };
        walk(&mut vars, names[dim], Count::Fixed(count), &mut headers)
    };
    let position: Vec<Affine> = (0..job.shape.len()).map(outer).collect();
    let mut body = Vec::new();
    for (lanes, first, count) in split_lanes(job.shape[vector_dim] as i64, job.lanes) {
        let mut row = Vec::new();
        let inner = walk(&mut vars, names[vector_dim], Count::Fixed(count), &mut row);
        let mut position = position.clone();
        position[vector_dim] = inner.times(lanes as i64).plus_constant(first);
        body.extend(nest(row, vec![tile(job, &position, lanes)]));
    }
    vars.stage(job.name.clone(), nest(headers, body))
}

fn tile(job: &Job, position: &[Affine], lanes: usize) -> Stmt {
    let vector_dim = innermost(job.layout, position.len());
    let access = |buffer| {
        let lanes = (lanes > 1).then_some(Lanes::all(vector_dim, 1));
        activation_access(job.layout, buffer, position.to_vec(), lanes)
    };
    let mut tile = TileBuilder::default();
    // One after the other: registers are few, and operands may be many.
    let combine = |combined: Option<Reg>, &operand: &BufferId| {
        let operand = tile.load("operand", lanes, access(operand));
        Some(combined.map_or(operand, |combined| tile.binary(job.op, combined, operand)))
    };
    let combined = job.operands.iter().fold(None, combine);
    let mut value = combined.expect("a pointwise operation has operands");
    if let Some(bias) = job.bias {
        let bias = bias_register(&mut tile, bias, &position[1], lanes, vector_dim == 1);
        value = tile.binary(BinaryOp::Add, value, bias);
    }
    let value = activation::apply(&mut tile, job.activation, value);
    tile.push(Instr::Store { from: value, to: access(job.output) });
    tile.tile()
}

fn bias_register(tile: &mut TileBuilder, bias: BufferId, channel: &Affine, lanes: usize, along_channels: bool) -> Reg {
    let vector = lanes > 1 && along_channels;
    let from = Access { buffer: bias, index: vec![channel.clone()], lanes: vector.then_some(Lanes::all(0, 1)) };
    if lanes == 1 || along_channels {
        return tile.load("bias", lanes, from);
    }
    let to = tile.register("bias", lanes);
    tile.push(Instr::Broadcast { to, from });
    to
}

/// A tensor continued or cropped at its borders.
pub struct Pad<'a> {
    /// The stage's name.
    pub name: String,
    /// How it is continued.
    pub mode: PaddingMode,
    /// Low and high side of each axis.
    pub sides: &'a [[i64; 2]],
    /// Logical shape `[N, C, S…]` of the input.
    pub shape: &'a [usize],
    /// Memory order of both tensors.
    pub layout: Layout,
    /// Lanes of a full vector.
    pub lanes: usize,
    /// The input.
    pub input: BufferId,
    /// The output.
    pub output: BufferId,
}

/// The stage of a pad: copies of runs of consecutive inputs, lanes along the innermost dimension.
pub fn pad(job: &Pad) -> Stage {
    let mut vars = Vars::default();
    let mut headers = Vec::new();
    let runs = |(&size, &sides): (&usize, &[i64; 2])| AxisTable::of_runs(&padding::runs(job.mode, size as i64, sides));
    let tables: Vec<AxisTable> = job.shape[2..].iter().zip(job.sides).map(runs).collect();
    let names = AXIS_NAMES[tables.len()];
    let image = walk(&mut vars, "n", Count::Fixed(job.shape[0] as i64), &mut headers);
    let channels = job.shape[1] as i64;
    let mut body = Vec::new();
    match job.layout {
        Layout::Nchw => {
            let channel = walk(&mut vars, "c", Count::Fixed(channels), &mut headers);
            let (table, outer) = tables.split_last().expect("a pad has at least one axis");
            let positions = open_positions(outer, names, &mut vars, &mut headers);
            let widths = if job.lanes > 1 { vec![job.lanes, 1] } else { vec![1] };
            let columns = table.open("x", &widths, &mut vars, &mut headers);
            for Part { width: lanes, count, start } in &columns.parts {
                let (lanes, count) = (*lanes, *count);
                let mut row = Vec::new();
                let q = walk(&mut vars, "x", count, &mut row);
                let last = table.position(&columns, &q.times(lanes as i64).plus(start));
                body.extend(nest(row, vec![copy(job, &image, &channel, &[&positions[..], &[last]].concat(), lanes)]));
            }
        }
        Layout::Nhwc => {
            let positions = open_positions(&tables, names, &mut vars, &mut headers);
            for (lanes, first, count) in split_lanes(channels, job.lanes) {
                let mut row = Vec::new();
                let channel = walk(&mut vars, "c", Count::Fixed(count), &mut row);
                let channel = channel.times(lanes as i64).plus_constant(first);
                body.extend(nest(row, vec![copy(job, &image, &channel, &positions, lanes)]));
            }
        }
    }
    vars.stage(job.name.clone(), nest(headers, body))
}

fn copy(job: &Pad, image: &Affine, channel: &Affine, positions: &[Position], lanes: usize) -> Stmt {
    let access = |buffer, place: fn(&Position) -> &Affine| {
        let spatial = positions.iter().map(|position| place(position).clone());
        let index = [image.clone(), channel.clone()].into_iter().chain(spatial).collect();
        let dim = innermost(job.layout, positions.len() + 2);
        activation_access(job.layout, buffer, index, (lanes > 1).then_some(Lanes::all(dim, 1)))
    };
    let mut tile = TileBuilder::default();
    let value = tile.load("value", lanes, access(job.input, |position| &position.input));
    tile.push(Instr::Store { from: value, to: access(job.output, |position| &position.output) });
    tile.tile()
}
