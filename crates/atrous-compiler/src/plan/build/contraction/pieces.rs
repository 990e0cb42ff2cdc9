//! The stage of a contraction whose taps are walked by loops along all axes: each piece of an axis is a row of a table.

use super::{Job, activation_access, open};
use crate::ir::Contraction;
use crate::layer::Number;
use crate::plan::build::activation;
use crate::plan::build::nest::{TileBuilder, Vars, index, nest, reduce, walk};
use crate::plan::build::regions::{Part, Position, open_positions};
use crate::plan::schedule::{AxisTable, Block, LEFTOVER_RUN, LaneAxis, Schedule, fills_a_vector};
use crate::plan::{Access, Affine, BufferId, Count, Instr, Lanes, Reg, Stage, Step, Stmt};

/// The stage of a contraction.
///
/// ```text
/// for each image, group, and row of outputs:
///     for each block of output channels, and each run of outputs in the row:
///         sums = bias
///         for each input channel and tap: sums += input · weight
///         output = activation(sums)
/// ```
pub(super) fn stage(job: &Job) -> Stage {
    let mut vars = Vars::default();
    let mut headers = Vec::new();
    let image = open("n", job.batch, &mut vars, &mut headers);
    let Contraction { groups, group_outputs, axes, .. } = job.contraction;
    // With lanes along groups, the blocks run over groups, and one loop over the channels of a group.
    let outer_channel = match job.schedule.along {
        LaneAxis::Groups => open("o", *group_outputs, &mut vars, &mut headers),
        LaneAxis::Width | LaneAxis::OutputChannels => open("g", *groups, &mut vars, &mut headers),
    };
    let tables: Vec<AxisTable> = axes.iter().map(AxisTable::new).collect();
    let (table, above) = tables.split_last().expect("a convolution has at least one axis");
    let row = open_positions(above, &job.axis_names(), &mut vars, &mut headers);
    let columns = table.open("x", &widths(job), &mut vars, &mut headers);
    let mut body = Vec::new();
    for &(block, weight) in job.blocks {
        let mut loops = Vec::new();
        let number = open("block", block.count, &mut vars, &mut loops);
        let mut tiles = Vec::new();
        for part in &columns.parts {
            let Part { width, count, start } = part;
            let mut runs = Vec::new();
            let q = walk(&mut vars, "x", *count, &mut runs);
            let q = q.times(*width as i64).plus(start);
            let shape = Shape::new(job.schedule, block, *width);
            let position = |number: usize| {
                let last = table.position(&columns, &q.clone().plus_constant((number * shape.position_step()) as i64));
                [&row[..], &[last]].concat()
            };
            let place = Place {
                image: &image,
                outer: &outer_channel,
                block: &number,
                first: block.first,
                size: block.size(),
                positions: (0..shape.positions).map(position).collect(),
                tables: &tables,
                weight,
                shape,
            };
            tiles.extend(nest(runs, vec![tile(job, &place, &mut vars)]));
        }
        body.extend(nest(loops, tiles));
    }
    vars.stage(job.name.clone(), nest(headers, body))
}

/// The widths of the parts of a row: full tiles, single vectors, and what is left over.
fn widths(job: &Job) -> Vec<usize> {
    let Schedule { along, lanes, positions, .. } = job.schedule;
    let all_fill = job.blocks.iter().all(|(block, _)| fills_a_vector(block.channels, lanes));
    let leftover = if lanes > LEFTOVER_RUN && all_fill { LEFTOVER_RUN } else { 1 };
    let mut widths = match along {
        LaneAxis::Width => vec![lanes * positions, lanes, leftover, 1],
        LaneAxis::OutputChannels | LaneAxis::Groups => vec![positions, 1],
    };
    widths.dedup();
    widths
}

/// What one tile computes.
#[derive(Clone, Copy)]
struct Shape {
    along: LaneAxis,
    lanes: usize,
    /// Vectors along the channels.
    channels: usize,
    /// Vectors along the row.
    positions: usize,
}

impl Shape {
    /// The tile of a block for a run of `width` outputs.
    ///
    /// With lanes along the width, runs that do not fill a vector have their lanes along the channels of the block, if
    /// those make a vector.
    fn new(schedule: Schedule, block: Block, width: usize) -> Shape {
        let Schedule { along, lanes, .. } = schedule;
        match along {
            LaneAxis::Width if width >= lanes && lanes > 1 => {
                Shape { along, lanes, channels: block.channels, positions: width / lanes }
            }
            LaneAxis::Width if fills_a_vector(block.channels, lanes) => {
                Shape { along: LaneAxis::OutputChannels, lanes: block.channels, channels: 1, positions: width }
            }
            LaneAxis::Width => Shape { along, lanes: 1, channels: block.channels, positions: width },
            LaneAxis::OutputChannels | LaneAxis::Groups => {
                Shape { along, lanes: block.lanes, channels: block.channels, positions: width }
            }
        }
    }

    /// Outputs from one vector of a row to the next.
    fn position_step(self) -> usize {
        if self.along == LaneAxis::Width { self.lanes } else { 1 }
    }

    /// Channels from one vector to the next.
    fn channel_step(self) -> usize {
        if self.along == LaneAxis::OutputChannels { self.lanes } else { 1 }
    }
}

/// Where one tile works.
struct Place<'a> {
    image: &'a Affine,
    /// The group; the channel within the group, with lanes along groups.
    outer: &'a Affine,
    /// Which block.
    block: &'a Affine,
    /// The first channel (or group) of block 0.
    first: usize,
    /// Channels (or groups) of a block.
    size: usize,
    /// One position per spatial axis for each vector along the row.
    positions: Vec<Vec<Position>>,
    tables: &'a [AxisTable],
    weight: BufferId,
    shape: Shape,
}

fn tile(job: &Job, place: &Place, vars: &mut Vars) -> Stmt {
    let Shape { lanes, channels, positions, .. } = place.shape;
    let mut tile = TileBuilder::default();
    let all = || (0..channels).flat_map(|channel| (0..positions).map(move |position| (channel, position)));
    let sums: Vec<Reg> = all().map(|_| tile.register("sum", lanes)).collect();
    for ((channel, _), &to) in all().zip(&sums) {
        tile.push(match job.bias {
            Some(bias) => read(place, to, bias_access(job, place, bias, channel)),
            None => Instr::Constant { to, value: Number::new(0.0) },
        });
    }
    let steps = multiply(job, place, &sums, &mut tile, vars);
    tile.body.extend(steps);
    for ((channel, position), &sum) in all().zip(&sums) {
        let from = activation::apply(&mut tile, job.activation, sum);
        tile.push(Instr::Store { from, to: output_access(job, place, channel, position) });
    }
    tile.tile()
}

/// The loops over input channels and taps.
fn multiply(job: &Job, place: &Place, sums: &[Reg], tile: &mut TileBuilder, vars: &mut Vars) -> Vec<Step> {
    let mut loops = Vec::new();
    let mut add = |var, count| loops.push((var, count));
    let input_channel = index(vars, "i", Count::Fixed(job.contraction.group_inputs as i64), &mut add);
    let names = job.axis_names().into_iter().map(|name| format!("k{name}"));
    let taps = place.positions[0].iter().zip(names);
    let taps: Vec<Affine> = taps.map(|(position, name)| index(vars, &name, position.taps, &mut add)).collect();

    let Shape { lanes, channels, positions, .. } = place.shape;
    let input = |to, position| match place.shape.along {
        LaneAxis::OutputChannels if lanes > 1 => {
            Instr::Broadcast { to, from: input_access(job, place, &input_channel, &taps, position) }
        }
        _ => Instr::Load { to, from: input_access(job, place, &input_channel, &taps, position) },
    };
    let weight = |to, channel| read(place, to, weight_access(job, place, &input_channel, &taps, channel));
    let multiply = |channel: usize, position: usize, input, weight| {
        let sum = sums[channel * positions + position];
        Step::Do(Instr::MultiplyAdd {
            to: sum,
            left: input,
            right: weight,
            addend: sum,
            fused: job.target.fused,
            part: None,
        })
    };
    // The smaller side stays in registers, the other one streams through them.
    let mut body = Vec::new();
    if positions <= channels {
        let inputs: Vec<Reg> = (0..positions).map(|_| tile.register("input", lanes)).collect();
        body.extend(inputs.iter().enumerate().map(|(position, &to)| Step::Do(input(to, position))));
        for channel in 0..channels {
            let to = tile.register("weight", lanes);
            body.push(Step::Do(weight(to, channel)));
            body.extend(inputs.iter().enumerate().map(|(position, &from)| multiply(channel, position, from, to)));
        }
    } else {
        let weights: Vec<Reg> = (0..channels).map(|_| tile.register("weight", lanes)).collect();
        body.extend(weights.iter().enumerate().map(|(channel, &to)| Step::Do(weight(to, channel))));
        for position in 0..positions {
            let to = tile.register("input", lanes);
            body.push(Step::Do(input(to, position)));
            body.extend(weights.iter().enumerate().map(|(channel, &from)| multiply(channel, position, to, from)));
        }
    }
    reduce(loops, body)
}

/// How weights and biases reach a register: lanes along the width share one number.
fn read(place: &Place, to: Reg, from: Access) -> Instr {
    match place.shape.along {
        LaneAxis::Width if place.shape.lanes > 1 => Instr::Broadcast { to, from },
        _ => Instr::Load { to, from },
    }
}

fn lanes(place: &Place, dim: usize, step: i64) -> Option<Lanes> {
    (place.shape.lanes > 1).then_some(Lanes::all(dim, step))
}

/// The group, and the channel in it, of a vector of channels.
fn group_and_channel(place: &Place, channel: usize) -> [Affine; 2] {
    let in_block = (place.first + channel * place.shape.channel_step()) as i64;
    let blocked = place.block.times(place.size as i64).plus_constant(in_block);
    match place.shape.along {
        LaneAxis::Width | LaneAxis::OutputChannels => [place.outer.clone(), blocked],
        LaneAxis::Groups => [blocked, place.outer.clone()],
    }
}

fn input_access(job: &Job, place: &Place, input_channel: &Affine, taps: &[Affine], position: usize) -> Access {
    let group_inputs = job.contraction.group_inputs as i64;
    let [group, _] = group_and_channel(place, 0);
    let read =
        |((position, tap), table): ((&Position, &Affine), &AxisTable)| position.input.plus(&tap.times(table.dilation));
    let spatial = place.positions[position].iter().zip(taps).zip(place.tables).map(read);
    let channel = group.times(group_inputs).plus(input_channel);
    let index: Vec<Affine> = [place.image.clone(), channel].into_iter().chain(spatial).collect();
    let lanes = match place.shape.along {
        LaneAxis::Width => lanes(place, index.len() - 1, place.tables[place.tables.len() - 1].stride),
        LaneAxis::OutputChannels => None,
        LaneAxis::Groups => lanes(place, 1, group_inputs),
    };
    activation_access(job.input_layout(), job.input, index, lanes)
}

fn output_access(job: &Job, place: &Place, channel: usize, position: usize) -> Access {
    let group_outputs = job.contraction.group_outputs as i64;
    let [group, channel] = group_and_channel(place, channel);
    let spatial = place.positions[position].iter().map(|position| position.output.clone());
    let channel = group.times(group_outputs).plus(&channel);
    let index: Vec<Affine> = [place.image.clone(), channel].into_iter().chain(spatial).collect();
    let lanes = match place.shape.along {
        LaneAxis::Width => lanes(place, index.len() - 1, place.tables[place.tables.len() - 1].output_step),
        LaneAxis::OutputChannels => lanes(place, 1, 1),
        LaneAxis::Groups => lanes(place, 1, group_outputs),
    };
    activation_access(job.layout, job.output, index, lanes)
}

/// The packed weight.
fn weight_access(job: &Job, place: &Place, input_channel: &Affine, taps: &[Affine], channel: usize) -> Access {
    let in_block = Affine::constant((channel * place.shape.channel_step()) as i64);
    let taps = place.positions[0].iter().zip(taps).map(|(position, tap)| position.tap.plus(tap));
    let outer = [place.outer.clone(), place.block.clone()];
    let summands = job.summands().index(input_channel.clone(), taps);
    let index: Vec<Affine> = outer.into_iter().chain(summands).chain([in_block]).collect();
    let lanes = match place.shape.along {
        LaneAxis::Width => None,
        LaneAxis::OutputChannels | LaneAxis::Groups => lanes(place, index.len() - 1, 1),
    };
    Access { buffer: place.weight, index, lanes }
}

fn bias_access(job: &Job, place: &Place, bias: BufferId, channel: usize) -> Access {
    let group_outputs = job.contraction.group_outputs as i64;
    let [group, channel] = group_and_channel(place, channel);
    let lanes = match place.shape.along {
        LaneAxis::Width => None,
        LaneAxis::OutputChannels => lanes(place, 0, 1),
        LaneAxis::Groups => lanes(place, 0, group_outputs),
    };
    Access { buffer: bias, index: vec![group.times(group_outputs).plus(&channel)], lanes }
}
