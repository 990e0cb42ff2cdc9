//! The packing program: parameters from the framework's order to the order in which tiles read them.

use super::nest::{Header, TileBuilder, Vars, axis_names, index, nest};
use super::regions::{Table, as_count};
use crate::ir::{Contraction, PiecewiseAxis, Progression};
use crate::layer::Layout;
use crate::plan::schedule::{Block, FEW, FIRST_LEVEL, LaneAxis, TapOrder};
use crate::plan::{Access, Affine, BufferId, Count, Instr, Stage, Stmt};

/// A part of a weight on its way from the framework's order to the packed one.
pub struct Weight<'a> {
    /// What reads it, and how.
    pub summands: Summands<'a>,
    /// Decides what the blocks are: output channels, or groups.
    pub along: LaneAxis,
    /// The channels of this part.
    pub block: Block,
    /// Axes that the framework's order has; the last one of a column is none of them.
    pub spatial: usize,
    /// Whether the framework's order is that of a transposed layer, `[I, O/g, K…]`.
    pub flipped: bool,
    /// As the framework stores it.
    pub from: BufferId,
    /// Packed.
    pub to: BufferId,
}

/// Dimensions of a packed part: `[G, blocks, I, K…, O in a block]`, or with lanes along groups
/// `[O, blocks, I, K…, G in a block]`; for `I` and `K…` see [`Summands`]. A tile whose taps are written out reads it from
/// its start to its end.
pub fn shape(summands: &Summands, along: LaneAxis, block: Block) -> Vec<usize> {
    let outer = match along {
        LaneAxis::Width | LaneAxis::OutputChannels => summands.contraction.groups,
        LaneAxis::Groups => summands.contraction.group_outputs,
    };
    [outer, block.count].into_iter().chain(summands.shape()).chain([block.size()]).collect()
}

/// Whether tiles walk the taps along all axes but the last outside of the input channels.
pub fn taps_above_first(contraction: &Contraction, layout: Layout) -> bool {
    match layout {
        Layout::Nhwc => true,
        // A row reads the weights of its own phase, which had better be neighbours if a first-level cache does not hold
        // all. With few outputs the inputs count instead: rows of a channel are neighbours.
        Layout::Nchw => {
            let (_, above) = contraction.axes.split_last().expect("a convolution has at least one axis");
            let has_phases = above.iter().any(|axis| axis.output_step() > 1);
            let weights = 4 * contraction.group_weights();
            let are_many = contraction.group_inputs.min(contraction.group_outputs) > FEW;
            has_phases && are_many && weights > FIRST_LEVEL
        }
    }
}

/// Input channels and taps in the order in which tiles walk them: `[I, K…]`; where tiles walk [`taps_above_first`], `I`
/// stands before the last of `K…`. Where phases of the last axis are apart, each of them has all its `[I, taps]` together,
/// and the last two dimensions are one.
#[derive(Clone, Copy)]
pub struct Summands<'a> {
    /// What is summed.
    pub contraction: &'a Contraction,
    /// Memory order of the input.
    pub layout: Layout,
    /// Whether tiles have outputs of one phase of the last axis.
    pub phases_apart: bool,
}

impl Summands<'_> {
    fn shape(&self) -> Vec<usize> {
        let Contraction { group_inputs, axes, .. } = self.contraction;
        let mut taps: Vec<usize> = axes.iter().map(|axis| axis.taps as usize).collect();
        match taps.last_mut() {
            Some(last) if self.phases_apart => *last *= group_inputs,
            _ => self.insert(*group_inputs, &mut taps),
        }
        taps
    }

    /// The place of an input channel with some packed taps, whose phase along the last axis is that of the constant there.
    pub fn index(&self, channel: Affine, taps: impl IntoIterator<Item = Affine>) -> Vec<Affine> {
        let Contraction { group_inputs, axes, .. } = self.contraction;
        let mut taps: Vec<Affine> = taps.into_iter().collect();
        match (taps.last_mut(), axes.last()) {
            (Some(tap), Some(axis)) if self.phases_apart => {
                let phase = TapOrder::new(axis).phase_at(tap.constant);
                let before = phase.start * (*group_inputs as i64 - 1);
                *tap = channel.times(phase.count).plus(tap).plus_constant(before);
            }
            _ => self.insert(channel, &mut taps),
        }
        taps
    }

    fn insert<T>(&self, channel: T, taps: &mut Vec<T>) {
        taps.insert(if taps_above_first(self.contraction, self.layout) { taps.len() - 1 } else { 0 }, channel);
    }
}

/// The stage that packs a part of a weight, element by element.
pub fn weight(name: String, weight: &Weight) -> Stage {
    let summands = &weight.summands;
    let Contraction { groups, group_inputs, group_outputs, axes } = summands.contraction;
    let mut vars = Vars::default();
    let mut headers = Vec::new();
    let channels = |name: &str, count: usize, vars: &mut Vars, headers: &mut Vec<Header>| {
        index(vars, name, Count::Fixed(count as i64), |var, count| headers.push(Header::For(var, count)))
    };
    let (outer_name, outer_count, inner_name) = match weight.along {
        LaneAxis::Width | LaneAxis::OutputChannels => ("g", *groups, "o"),
        LaneAxis::Groups => ("o", *group_outputs, "g"),
    };
    let Block { first, count, .. } = weight.block;
    let outer = channels(outer_name, outer_count, &mut vars, &mut headers);
    let number = channels("block", count, &mut vars, &mut headers);
    let input = channels("i", *group_inputs, &mut vars, &mut headers);
    let names = axis_names(axes.len(), weight.spatial);
    let (last, above) = axes.split_last().expect("a convolution has at least one axis");
    let taps: Vec<[Affine; 2]> = above
        .iter()
        .zip(&names)
        .map(|(axis, name)| tap_loops(TapOrder::new(axis), axis.taps, weight.flipped, name, &mut vars, &mut headers))
        .collect();
    let blocked = number.times(weight.block.size() as i64).plus_constant(first as i64);
    let copied = |tap: [Affine; 2], inner: &Affine| {
        let blocked = blocked.plus(inner);
        let [group, output] = match weight.along {
            LaneAxis::Width | LaneAxis::OutputChannels => [outer.clone(), blocked],
            LaneAxis::Groups => [blocked, outer.clone()],
        };
        let [from_outer, from_inner] = if weight.flipped {
            [group.times(*group_inputs as i64).plus(&input), output]
        } else {
            [group.times(*group_outputs as i64).plus(&output), input.clone()]
        };
        let (from, to): (Vec<Affine>, Vec<Affine>) =
            taps.iter().cloned().chain([tap]).map(|[from, to]| (from, to)).unzip();
        let from = [from_outer, from_inner].into_iter().chain(from.into_iter().take(weight.spatial)).collect();
        let to = [outer.clone(), number.clone()].into_iter().chain(summands.index(input.clone(), to));
        copy(access(weight.from, from), access(weight.to, to.chain([inner.clone()]).collect()))
    };
    let mut body = Vec::new();
    for (mut loops, tap) in last_taps(last, weight, names[above.len()], &mut vars) {
        let inner = channels(inner_name, weight.block.size(), &mut vars, &mut loops);
        body.extend(nest(loops, vec![copied(tap, &inner)]));
    }
    vars.stage(name, nest(headers, body))
}

/// Loops over the taps of the last axis: those of all phases, or where phases are apart, those of each.
fn last_taps(axis: &PiecewiseAxis, weight: &Weight, name: &str, vars: &mut Vars) -> Vec<(Vec<Header>, [Affine; 2])> {
    let order = TapOrder::new(axis);
    if !weight.summands.phases_apart {
        let mut headers = Vec::new();
        let tap = tap_loops(order, axis.taps, weight.flipped, name, vars, &mut headers);
        return vec![(headers, tap)];
    }
    let of_phase = |phase: Progression| {
        let mut headers = Vec::new();
        let count = Count::Fixed(phase.count);
        let tap = index(vars, &format!("k{name}"), count, |var, count| headers.push(Header::For(var, count)));
        let from = in_framework(axis.taps, weight.flipped, phase);
        (headers, [tap.times(from.step).plus_constant(from.start), tap.plus_constant(order.place(phase.start))])
    };
    order.phases().map(of_phase).collect()
}

/// The taps of a phase where the framework has them, of so many.
fn in_framework(taps: i64, flipped: bool, phase: Progression) -> Progression {
    if flipped { Progression { start: taps - 1 - phase.start, step: -phase.step, ..phase } } else { phase }
}

/// Loops over the taps of an axis: where each comes from, and its place in the packed order.
fn tap_loops(
    order: TapOrder,
    taps: i64,
    flipped: bool,
    name: &str,
    vars: &mut Vars,
    headers: &mut Vec<Header>,
) -> [Affine; 2] {
    let phases: Vec<Progression> = order.phases().collect();
    let sources: Vec<Progression> = phases.iter().map(|&phase| in_framework(taps, flipped, phase)).collect();
    let axis = format!("k{name}");
    let mut table = Table::new(vars, &axis);
    let from = table.column("from", sources.iter().map(|source| source.start).collect());
    let to = table.column("to", phases.iter().map(|phase| order.place(phase.start)).collect());
    let count = table.column("count", phases.iter().map(|phase| phase.count).collect());
    headers.extend(table.header());
    let tap = index(vars, &axis, as_count(&count), |var, count| headers.push(Header::For(var, count)));
    [from.plus(&tap.times(sources[0].step)), to.plus(&tap)]
}

/// The stage that packs a bias: a plain copy.
pub fn bias(name: String, channels: usize, from: BufferId, to: BufferId) -> Stage {
    let mut vars = Vars::default();
    let mut headers = Vec::new();
    let channel =
        index(&mut vars, "o", Count::Fixed(channels as i64), |var, count| headers.push(Header::For(var, count)));
    let body = nest(headers, vec![copy(access(from, vec![channel.clone()]), access(to, vec![channel]))]);
    vars.stage(name, body)
}

fn access(buffer: BufferId, index: Vec<Affine>) -> Access {
    Access { buffer, index, lanes: None }
}

fn copy(from: Access, to: Access) -> Stmt {
    let mut tile = TileBuilder::default();
    let value = tile.load("value", 1, from);
    tile.push(Instr::Store { from: value, to });
    tile.tile()
}
