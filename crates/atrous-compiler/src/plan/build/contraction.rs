//! A contraction with its epilogue as one stage.

use super::activation;
use super::nest::{Header, TileBuilder, Vars, index, nest, reduce, split_blocks, split_lanes};
use super::regions::{AxisTable, Position, open_positions};
use crate::ir::Contraction;
use crate::layer::{Activation, Layout, Number};
use crate::plan::schedule::{LaneAxis, Schedule};
use crate::plan::{Access, Affine, BufferId, Count, Instr, Lanes, Reg, Stage, Step, Stmt};

/// Everything about one contraction that its stage depends on.
pub struct Job<'a> {
    /// The stage's name.
    pub name: String,
    /// What to compute.
    pub contraction: &'a Contraction,
    /// How.
    pub schedule: Schedule,
    /// Whether multiply-adds are fused.
    pub fused: bool,
    /// Batch size.
    pub batch: usize,
    /// Memory order of input and output.
    pub layout: Layout,
    /// The input.
    pub input: BufferId,
    /// The packed weight: `[G, I, K…, O]`, or `[O, I, K…, G]` with lanes along groups.
    pub weight: BufferId,
    /// The packed bias: one number per output channel.
    pub bias: Option<BufferId>,
    /// Applied to the sums.
    pub activation: Activation,
    /// The output.
    pub output: BufferId,
}

/// Names of the spatial axes by rank, outermost first.
pub const AXIS_NAMES: [&[&str]; 4] = [&[], &["x"], &["y", "x"], &["z", "y", "x"]];

/// The stage of a contraction.
///
/// ```text
/// for each image, group, and row of outputs:
///     for each block of output channels, and each vector of outputs:
///         accumulators = bias
///         for each input channel and tap: accumulators += input · weight
///         output = activation(accumulators)
/// ```
pub fn stage(job: &Job) -> Stage {
    let mut vars = Vars::default();
    let body = match job.schedule.along {
        LaneAxis::Width => along_width(job, &mut vars),
        LaneAxis::OutputChannels => along_channels(job, &mut vars),
        LaneAxis::Groups => along_groups(job, &mut vars),
    };
    vars.stage(job.name.clone(), body)
}

/// Where one tile works.
struct Place {
    image: Affine,
    group: Affine,
    /// The first output channel within the group.
    channel: Affine,
    /// One per spatial axis.
    positions: Vec<Position>,
    lanes: usize,
    accumulators: usize,
}

fn tables(job: &Job) -> Vec<AxisTable> {
    job.contraction.axes.iter().map(AxisTable::new).collect()
}

fn batch_loop(job: &Job, vars: &mut Vars, headers: &mut Vec<Header>) -> Affine {
    index(vars, "n", Count::Fixed(job.batch as i64), |var, count| headers.push(Header::Par(var, count)))
}

fn group_loop(job: &Job, vars: &mut Vars, headers: &mut Vec<Header>) -> Affine {
    index(vars, "g", Count::Fixed(job.contraction.groups as i64), |var, count| headers.push(Header::Par(var, count)))
}

fn names(job: &Job) -> &'static [&'static str] {
    AXIS_NAMES[job.contraction.axes.len()]
}

fn along_width(job: &Job, vars: &mut Vars) -> Vec<Stmt> {
    let mut headers = Vec::new();
    let image = batch_loop(job, vars, &mut headers);
    let group = group_loop(job, vars, &mut headers);
    let tables = tables(job);
    let (table, outer) = tables.split_last().expect("a convolution has at least one axis");
    let positions = open_positions(outer, names(job), vars, &mut headers);
    let columns = table.open("x", job.schedule.lanes, vars, &mut headers);
    let mut body = Vec::new();
    for (accumulators, first, count) in split_blocks(job.contraction.group_outputs as i64, job.schedule.accumulators) {
        let mut block = Vec::new();
        let channel = index(vars, "o", Count::Fixed(count), |var, count| block.push(Header::For(var, count)));
        let channel = channel.times(accumulators as i64).plus_constant(first);
        let mut tiles = Vec::new();
        for (lanes, count, start) in columns.parts(job.schedule.lanes) {
            let mut row = Vec::new();
            let q = index(vars, "x", count, |var, count| row.push(Header::For(var, count)));
            let q = q.times(lanes as i64).plus(&start);
            let positions = [&positions[..], &[table.position(&columns, &q)]].concat();
            let (image, group, channel) = (image.clone(), group.clone(), channel.clone());
            let place = Place { image, group, channel, positions, lanes, accumulators };
            tiles.extend(nest(row, vec![tile(job, &place, vars)]));
        }
        body.extend(nest(block, tiles));
    }
    nest(headers, body)
}

fn along_channels(job: &Job, vars: &mut Vars) -> Vec<Stmt> {
    let mut headers = Vec::new();
    let image = batch_loop(job, vars, &mut headers);
    let group = group_loop(job, vars, &mut headers);
    let positions = open_positions(&tables(job), names(job), vars, &mut headers);
    let mut body = Vec::new();
    for (lanes, first, count) in split_lanes(job.contraction.group_outputs as i64, job.schedule.lanes) {
        for (accumulators, start, count) in split_blocks(count, job.schedule.accumulators) {
            let mut block = Vec::new();
            let channel = index(vars, "o", Count::Fixed(count), |var, count| block.push(Header::For(var, count)));
            let place = Place {
                image: image.clone(),
                group: group.clone(),
                channel: channel
                    .times(accumulators as i64)
                    .plus_constant(start)
                    .times(lanes as i64)
                    .plus_constant(first),
                positions: positions.clone(),
                lanes,
                accumulators,
            };
            body.extend(nest(block, vec![tile(job, &place, vars)]));
        }
    }
    nest(headers, body)
}

fn along_groups(job: &Job, vars: &mut Vars) -> Vec<Stmt> {
    let mut headers = Vec::new();
    let image = batch_loop(job, vars, &mut headers);
    let positions = open_positions(&tables(job), names(job), vars, &mut headers);
    let channels = Count::Fixed(job.contraction.group_outputs as i64);
    let channel = index(vars, "o", channels, |var, count| headers.push(Header::For(var, count)));
    let mut body = Vec::new();
    for (lanes, first, count) in split_lanes(job.contraction.groups as i64, job.schedule.lanes) {
        let mut block = Vec::new();
        let group = index(vars, "g", Count::Fixed(count), |var, count| block.push(Header::For(var, count)));
        let place = Place {
            image: image.clone(),
            group: group.times(lanes as i64).plus_constant(first),
            channel: channel.clone(),
            positions: positions.clone(),
            lanes,
            accumulators: 1,
        };
        body.extend(nest(block, vec![tile(job, &place, vars)]));
    }
    nest(headers, body)
}

fn tile(job: &Job, place: &Place, vars: &mut Vars) -> Stmt {
    let mut tile = TileBuilder::default();
    let sums: Vec<Reg> = (0..place.accumulators).map(|_| tile.register("sum", place.lanes)).collect();
    for (accumulator, &to) in sums.iter().enumerate() {
        tile.push(match job.bias {
            Some(bias) => read(job, place, to, bias_access(job, place, bias, accumulator)),
            None => Instr::Constant { to, value: Number::new(0.0) },
        });
    }
    let steps = multiply(job, place, &sums, &mut tile, vars);
    tile.body.extend(steps);
    for (accumulator, &sum) in sums.iter().enumerate() {
        let from = activation::apply(&mut tile, job.activation, sum);
        tile.push(Instr::Store { from, to: output_access(job, place, accumulator) });
    }
    tile.tile()
}

/// The loops over input channels and taps.
fn multiply(job: &Job, place: &Place, sums: &[Reg], tile: &mut TileBuilder, vars: &mut Vars) -> Vec<Step> {
    let mut loops = Vec::new();
    let mut add = |var, count| loops.push((var, count));
    let input_channel = index(vars, "i", Count::Fixed(job.contraction.group_inputs as i64), &mut add);
    let names = AXIS_NAMES[place.positions.len()].iter().map(|name| format!("k{name}"));
    let positions = place.positions.iter().zip(names);
    let taps: Vec<Affine> = positions.map(|(position, name)| index(vars, &name, position.taps, &mut add)).collect();

    let x = tile.register("input", place.lanes);
    let from = input_access(job, place, &input_channel, &taps);
    let load = match job.schedule.along {
        LaneAxis::OutputChannels => Instr::Broadcast { to: x, from },
        LaneAxis::Width | LaneAxis::Groups => Instr::Load { to: x, from },
    };
    let mut body = vec![Step::Do(load)];
    for (accumulator, &sum) in sums.iter().enumerate() {
        let weight = tile.register("weight", place.lanes);
        let from = weight_access(job, place, &input_channel, &taps, accumulator);
        body.push(Step::Do(read(job, place, weight, from)));
        body.push(Step::Do(Instr::MultiplyAdd { to: sum, left: x, right: weight, addend: sum, fused: job.fused }));
    }
    reduce(loops, body)
}

/// How weights and biases reach a register: lanes along the width share one number.
fn read(job: &Job, place: &Place, to: Reg, from: Access) -> Instr {
    match job.schedule.along {
        LaneAxis::Width if place.lanes > 1 => Instr::Broadcast { to, from },
        _ => Instr::Load { to, from },
    }
}

/// The output channel of an accumulator within the group.
fn channel(job: &Job, place: &Place, accumulator: usize) -> Affine {
    let step = match job.schedule.along {
        LaneAxis::OutputChannels => place.lanes,
        LaneAxis::Width | LaneAxis::Groups => 1,
    };
    place.channel.clone().plus_constant((accumulator * step) as i64)
}

fn lanes(place: &Place, dim: usize, step: i64) -> Option<Lanes> {
    (place.lanes > 1).then_some(Lanes { dim, step })
}

fn input_access(job: &Job, place: &Place, input_channel: &Affine, taps: &[Affine]) -> Access {
    let tables = tables(job);
    let read =
        |((position, tap), table): ((&Position, &Affine), &AxisTable)| position.input.plus(&tap.times(table.dilation));
    let channel = place.group.times(job.contraction.group_inputs as i64).plus(input_channel);
    let spatial = place.positions.iter().zip(taps).zip(&tables).map(read);
    let index: Vec<Affine> = [place.image.clone(), channel].into_iter().chain(spatial).collect();
    let lanes = match job.schedule.along {
        LaneAxis::Width => lanes(place, index.len() - 1, tables[tables.len() - 1].stride),
        LaneAxis::OutputChannels => None,
        LaneAxis::Groups => lanes(place, 1, job.contraction.group_inputs as i64),
    };
    activation_access(job.layout, job.input, index, lanes)
}

fn output_access(job: &Job, place: &Place, accumulator: usize) -> Access {
    let channel = place.group.times(job.contraction.group_outputs as i64).plus(&channel(job, place, accumulator));
    let spatial = place.positions.iter().map(|position| position.output.clone());
    let index: Vec<Affine> = [place.image.clone(), channel].into_iter().chain(spatial).collect();
    let tables = tables(job);
    let lanes = match job.schedule.along {
        LaneAxis::Width => lanes(place, index.len() - 1, tables[tables.len() - 1].output_step),
        LaneAxis::OutputChannels => lanes(place, 1, 1),
        LaneAxis::Groups => lanes(place, 1, job.contraction.group_outputs as i64),
    };
    activation_access(job.layout, job.output, index, lanes)
}

fn weight_access(job: &Job, place: &Place, input_channel: &Affine, taps: &[Affine], accumulator: usize) -> Access {
    let output_channel = channel(job, place, accumulator);
    let group = place.group.clone();
    let (outer, inner) = match job.schedule.along {
        LaneAxis::Width | LaneAxis::OutputChannels => (group, output_channel),
        LaneAxis::Groups => (output_channel, group),
    };
    let taps = place.positions.iter().zip(taps).map(|(position, tap)| position.tap.plus(tap));
    let index: Vec<Affine> = [outer, input_channel.clone()].into_iter().chain(taps).chain([inner]).collect();
    let lanes = match job.schedule.along {
        LaneAxis::Width => None,
        LaneAxis::OutputChannels | LaneAxis::Groups => lanes(place, index.len() - 1, 1),
    };
    Access { buffer: job.weight, index, lanes }
}

fn bias_access(job: &Job, place: &Place, bias: BufferId, accumulator: usize) -> Access {
    let channel = place.group.times(job.contraction.group_outputs as i64).plus(&channel(job, place, accumulator));
    let lanes = match job.schedule.along {
        LaneAxis::Width => None,
        LaneAxis::OutputChannels => lanes(place, 0, 1),
        LaneAxis::Groups => lanes(place, 0, job.contraction.group_outputs as i64),
    };
    Access { buffer: bias, index: vec![channel], lanes }
}

/// An access by its logical index `[N, C, S…]`; `lanes` names a logical dimension too.
pub fn activation_access(layout: Layout, buffer: BufferId, index: Vec<Affine>, lanes: Option<Lanes>) -> Access {
    let rank = index.len();
    let place = |dim: usize| match (layout, dim) {
        (Layout::Nchw, dim) | (Layout::Nhwc, dim @ 0) => dim,
        (Layout::Nhwc, 1) => rank - 1,
        (Layout::Nhwc, dim) => dim - 1,
    };
    let index = match layout {
        Layout::Nchw => index,
        Layout::Nhwc => [&index[..1], &index[2..], &index[1..2]].concat(),
    };
    Access { buffer, index, lanes: lanes.map(|lanes| Lanes { dim: place(lanes.dim), ..lanes }) }
}
