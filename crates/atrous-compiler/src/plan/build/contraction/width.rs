//! Tiles with lanes along the last axis: vectors of inputs, one weight for all lanes.
//!
//! Outputs `P·u + r` with the same `r`, a phase, are neighbours to a vector, so that it reads neighbours too. The
//! vectors of all phases are zipped when they are stored.

use std::collections::BTreeMap;

use super::rows::{InputRow, Rows};
use super::transpose::{QUAD, transpose};
use super::windows::{self, Extents};
use super::{Columns, Scope, prefetch};
use crate::ir::Contraction;
use crate::layer::Number;
use crate::plan::build::activation;
use crate::plan::build::nest::{TileBuilder, Vars, index, reduce};
use crate::plan::schedule::{are_neighbours, joins_channels, loads_windows, vectors};
use crate::plan::{Affine, Count, Instr, Lanes, Part, Reg, Step, Stmt};

/// The tile of a block for some rows of outputs.
pub(super) fn tile(scope: &Scope, rows: Rows, columns: &Columns, vars: &mut Vars) -> Stmt {
    let mut tile = TileBuilder::default();
    let slots = slots(scope, columns);
    let channels = scope.block.channels;
    let sums: Vec<Vec<Vec<Reg>>> = rows
        .outputs
        .iter()
        .map(|_| (0..channels).map(|channel| sums(scope, channel, &slots, &mut tile)).collect())
        .collect();
    let mut loops = Vec::new();
    let count = Count::Fixed(scope.job.contraction.group_inputs as i64);
    let channel = index(vars, "i", count, |var, count| loops.push((var, count)));
    let place = if scope.job.walks_taps_above_first() { 0 } else { loops.len() };
    loops.splice(place..place, rows.loops);
    let mut steps = prefetch::inputs(scope, &rows.inputs, columns, &channel);
    let mut multiply = Multiply { scope, columns, channel: &channel, slots: &slots, sums: &sums, kept: None };
    if loops.is_empty() && multiply.weights(&rows.inputs) <= scope.job.schedule.kept_weights {
        multiply.kept = Some(BTreeMap::new());
    }
    for row in &rows.inputs {
        multiply.row(row, &mut tile, &mut steps);
    }
    tile.body.extend(reduce(loops, steps));
    let together = if joins(scope) { QUAD } else { 1 };
    for (row, sums) in rows.outputs.iter().zip(&sums) {
        for (number, sums) in sums.chunks(together).enumerate() {
            let mut apply = |&sum: &Reg| activation::apply(&mut tile, scope.job.activation, sum);
            let outputs: Vec<Vec<Reg>> = sums.iter().map(|sums| sums.iter().map(&mut apply).collect()).collect();
            store_channels(scope, row, columns, number * together, &slots, &outputs, &mut tile);
        }
    }
    prefetch::outputs(scope, &mut tile);
    tile.tile()
}

/// A vector of outputs of one phase.
#[derive(Clone, Copy)]
struct Slot {
    /// The first output, counted within the tile.
    first: usize,
    lanes: usize,
    /// Lanes that are outputs; at least one.
    outputs: usize,
}

/// The vectors of a tile: those of all phases for the first units, then for the next ones.
fn slots(scope: &Scope, columns: &Columns) -> Vec<Slot> {
    let phases = columns.phases;
    let size = columns.reads.len();
    let units = size.div_ceil(phases);
    let mut slots = Vec::new();
    let mut unit = 0;
    for lanes in vectors(units, scope.job.schedule.lanes) {
        slots.extend((0..phases.min(size)).map(|phase| {
            let first = unit * phases + phase;
            let outputs = size.saturating_sub(first).div_ceil(phases).min(lanes);
            Slot { first, lanes, outputs }
        }));
        unit += lanes;
    }
    slots.retain(|slot| slot.outputs > 0);
    slots
}

/// One register per vector, with the bias.
fn sums(scope: &Scope, channel: usize, slots: &[Slot], tile: &mut TileBuilder) -> Vec<Reg> {
    let sum = |slot: &Slot| {
        let to = tile.register("sum", slot.lanes);
        tile.push(match scope.job.bias {
            Some(bias) if slot.lanes == 1 => Instr::Load { to, from: scope.bias(bias, channel) },
            Some(bias) => Instr::Broadcast { to, from: scope.bias(bias, channel) },
            None => Instr::Constant { to, value: Number::new(0.0) },
        });
        to
    };
    slots.iter().map(sum).collect()
}

/// How a vector of inputs is used: by the vector of outputs with a number, with a tap, in some lanes.
struct Use {
    slot: usize,
    tap: i64,
    lanes: Part,
}

/// The lanes of a vector of inputs that are used at all.
fn loaded(uses: &[Use]) -> Part {
    let from = uses.iter().map(|one| one.lanes.from).min().unwrap_or(0);
    Part { from, to: uses.iter().map(|one| one.lanes.to).max().unwrap_or(from) }
}

/// Where a vector of inputs starts, counted within the tile, and its lanes.
pub(super) type Start = (i64, usize);

/// The vectors of inputs with their uses. Those that are the same distance from the tile's units belong together.
type Uses = BTreeMap<i64, BTreeMap<Start, Vec<Use>>>;

/// A vector of inputs, the lanes that were loaded, and a use.
type Product<'a> = (Reg, Part, &'a Use);

/// Weights in registers, by taps, channel and lanes.
type Kept = BTreeMap<(Vec<i64>, usize, usize), Reg>;

/// Two vectors of neighbours in an input row, by where the inputs of a vector of outputs are without their distance.
type Window = BTreeMap<Start, Neighbours>;

/// Two vectors of neighbours in an input row, the same one twice if it holds all that is read.
struct Neighbours {
    /// The first input.
    from: i64,
    vectors: [Reg; 2],
}

/// Every second one of the inputs of a window, from one on.
fn unzipped(first: i64, loaded: &Neighbours, tile: &mut TileBuilder, steps: &mut Vec<Step>) -> Reg {
    let Neighbours { from, vectors: [left, right] } = *loaded;
    let lanes = windows::lanes(first, from, tile.lanes(left));
    let to = tile.register("input", lanes.len());
    steps.push(Step::Do(Instr::Shuffle { to, left, right, lanes }));
    to
}

struct Multiply<'a> {
    scope: &'a Scope<'a>,
    columns: &'a Columns<'a>,
    channel: &'a Affine,
    slots: &'a [Slot],
    /// By row, channel and slot.
    sums: &'a [Vec<Vec<Reg>>],
    /// The weights that are in registers, if all are to be.
    kept: Option<Kept>,
}

impl Multiply<'_> {
    /// The products of an input row.
    fn row(&mut self, row: &InputRow, tile: &mut TileBuilder, steps: &mut Vec<Step>) {
        let uses = self.uses();
        for (distances, extents) in self.windows(&uses) {
            let window = if distances.len() > 1 { self.window(row, &extents, tile, steps) } else { Window::new() };
            for distance in distances {
                let mut inputs: Vec<(Reg, Part, &Vec<Use>)> = Vec::new();
                for (&(start, lanes), uses) in &uses[&distance] {
                    inputs.push(match window.get(&(start - distance, lanes)) {
                        Some(loaded) => (unzipped(start, loaded, tile, steps), Part { from: 0, to: lanes }, uses),
                        None => (self.input(row, (start, lanes), uses, tile, steps), loaded(uses), uses),
                    });
                }
                for (reader, above) in &row.readers {
                    for channel in 0..self.scope.block.channels {
                        self.products(*reader, above, channel, &inputs, tile, steps);
                    }
                }
            }
        }
    }

    /// Distances whose inputs are loaded together, with the extents of what is loaded.
    fn windows(&self, uses: &Uses) -> Vec<(Vec<i64>, Extents)> {
        let extent = |distance: i64, (&(start, lanes), uses): (&Start, &Vec<Use>)| {
            let Part { from, to } = loaded(uses);
            let input = |lane: usize| start + self.columns.table.stride * lane as i64;
            ((start - distance, lanes), input(from)..input(to - 1) + 1)
        };
        let extents = |(&distance, of_distance): (&i64, &BTreeMap<Start, Vec<Use>>)| {
            (distance, of_distance.iter().map(|one| extent(distance, one)).collect())
        };
        let extents: BTreeMap<i64, Extents> = uses.iter().map(extents).collect();
        match loads_windows(self.scope.job.schedule.rows, self.columns.table.stride as usize) {
            true => windows::windows(&extents),
            false => extents.into_iter().map(|(distance, extents)| (vec![distance], extents)).collect(),
        }
    }

    /// Loads all that the vectors of outputs read of a window.
    fn window(&self, row: &InputRow, extents: &Extents, tile: &mut TileBuilder, steps: &mut Vec<Step>) -> Window {
        let mut load = |from: i64, count: i64, lanes: usize| {
            let part = Part::of(0..lanes.min(count as usize), lanes);
            let column = self.columns.input.clone().plus_constant(from);
            let along = (lanes > 1).then_some(Lanes { part, ..Lanes::all(0, 1) });
            let from = self.scope.neighbours(self.channel, &row.index, column, along);
            let to = tile.register("inputs", lanes);
            steps.push(Step::Do(Instr::Load { to, from }));
            to
        };
        let vectors = extents.iter().filter(|(base, _)| self.unzips(**base)).map(|(&(base, lanes), extent)| {
            let (from, middle) = (extent.start, extent.start + lanes as i64);
            let left = load(from, extent.end - from, lanes);
            let right = if middle < extent.end { load(middle, extent.end - middle, lanes) } else { left };
            ((base, lanes), Neighbours { from, vectors: [left, right] })
        });
        vectors.collect()
    }

    /// Whether inputs are taken from a window for the vectors of outputs at a place. Lanes that are no outputs would get
    /// inputs too, which takes masks to leave out.
    fn unzips(&self, (base, lanes): Start) -> bool {
        let unit = |slot: &Slot| self.columns.table.stride * (slot.first / self.columns.phases) as i64;
        let mut slots = self.slots.iter().filter(|slot| (unit(slot), slot.lanes) == (base, lanes));
        lanes > 1 && (self.scope.job.target.has_masks() || slots.all(|slot| slot.outputs == lanes))
    }

    /// The products of some inputs with the weights of a channel.
    fn products(
        &mut self,
        row: usize,
        above: &[Affine],
        channel: usize,
        inputs: &[(Reg, Part, &Vec<Use>)],
        tile: &mut TileBuilder,
        steps: &mut Vec<Step>,
    ) {
        // A weight in a register serves all vectors with as many lanes.
        let mut products: BTreeMap<(i64, usize), Vec<Product>> = BTreeMap::new();
        for (input, loaded, uses) in inputs {
            for one in uses.iter() {
                products.entry((one.tap, tile.lanes(*input))).or_default().push((*input, *loaded, one));
            }
        }
        for ((tap, lanes), of_weight) in products {
            let right = self.weight(above, tap, channel, lanes, tile, steps);
            for (left, loaded, Use { slot, lanes: reading, .. }) in of_weight {
                let to = self.sums[row][channel][*slot];
                let fused = self.scope.job.target.fused;
                // Zeros of lanes that are no outputs may be added; padding is not.
                let all = Part { from: 0, to: self.slots[*slot].outputs };
                let part = ([loaded, all] != [*reading; 2]).then_some(*reading);
                steps.push(Step::Do(Instr::MultiplyAdd { to, left, right, addend: to, fused, part }));
            }
        }
    }

    fn uses(&self) -> Uses {
        let Columns { table, phases, .. } = *self.columns;
        let mut uses = Uses::new();
        for (number, slot) in self.slots.iter().enumerate() {
            for (tap, (start, lanes)) in self.reads(slot, phases) {
                let distance = start - table.stride * (slot.first / phases) as i64;
                let of_distance = uses.entry(distance).or_default();
                let of_start = of_distance.entry((start, slot.lanes)).or_default();
                of_start.push(Use { slot: number, tap, lanes });
            }
        }
        uses
    }

    /// For each tap that some output of a vector reads: where lane 0 reads, and the lanes that read.
    fn reads(&self, slot: &Slot, phases: usize) -> BTreeMap<i64, (i64, Part)> {
        let table = self.columns.table;
        let mut reads: BTreeMap<i64, (i64, Part)> = BTreeMap::new();
        for lane in 0..slot.outputs {
            let read = self.columns.reads[slot.first + lane * phases];
            for (tap, input) in read.pairs(table.dilation) {
                let start = input - table.stride * lane as i64;
                let of_tap = reads.entry(tap).or_insert((start, Part { from: lane, to: lane }));
                of_tap.1.to = lane + 1;
            }
        }
        reads
    }

    fn input(&self, row: &InputRow, start: Start, uses: &[Use], tile: &mut TileBuilder, steps: &mut Vec<Step>) -> Reg {
        let (start, lanes) = start;
        let Part { from, to } = loaded(uses);
        let vector = (lanes > 1).then_some(Lanes { part: Part::of(from..to, lanes), ..Lanes::all(0, 1) });
        let column = self.columns.input.clone().plus_constant(start);
        let to = tile.register("input", lanes);
        let from = self.scope.inputs(self.channel, &row.index, column, vector);
        steps.push(Step::Do(Instr::Load { to, from }));
        to
    }

    /// A weight in all lanes.
    fn weight(
        &mut self,
        above: &[Affine],
        tap: i64,
        channel: usize,
        lanes: usize,
        tile: &mut TileBuilder,
        steps: &mut Vec<Step>,
    ) -> Reg {
        let place: Vec<i64> = above.iter().map(|tap| tap.constant).chain([tap]).collect();
        let key = (place, channel, lanes);
        if let Some(&known) = self.kept.as_ref().and_then(|kept| kept.get(&key)) {
            return known;
        }
        let taps: Vec<Affine> = above.iter().cloned().chain([Affine::constant(tap)]).collect();
        let from = self.scope.weight(self.channel, &taps, channel);
        let to = tile.register("weight", lanes);
        steps.push(Step::Do(if lanes > 1 { Instr::Broadcast { to, from } } else { Instr::Load { to, from } }));
        if let Some(kept) = &mut self.kept {
            kept.insert(key, to);
        }
        to
    }

    /// Registers for all weights of a tile.
    fn weights(&self, rows: &[InputRow]) -> usize {
        let mut above: Vec<&Vec<Affine>> = Vec::new();
        for (_, taps) in rows.iter().flat_map(|row| &row.readers) {
            if !above.contains(&taps) {
                above.push(taps);
            }
        }
        let mut places: Vec<(i64, usize)> = Vec::new();
        for ((_, lanes), uses) in self.uses().values().flatten() {
            places.extend(uses.iter().map(|one| (one.tap, *lanes)));
        }
        places.sort_unstable();
        places.dedup();
        above.len() * places.len() * self.scope.block.channels
    }
}

/// Whether the outputs of several channels are neighbours in memory, and those of one are not.
fn joins(scope: &Scope) -> bool {
    let Contraction { groups, group_outputs, .. } = scope.job.contraction;
    !are_neighbours(scope.job.layout, groups * group_outputs)
}

/// Stores the outputs of some channels from one on: of each position together, if that is worth it, else channel by channel.
fn store_channels(
    scope: &Scope,
    row: &[Affine],
    columns: &Columns,
    first: usize,
    slots: &[Slot],
    outputs: &[Vec<Reg>],
    tile: &mut TileBuilder,
) {
    let is_joined = |slot: &Slot| joins_channels(outputs.len(), slot.lanes);
    let (joined, alone): (Vec<usize>, Vec<usize>) = (0..slots.len()).partition(|&slot| is_joined(&slots[slot]));
    for slot in joined {
        let channels: Vec<Reg> = outputs.iter().map(|outputs| outputs[slot]).collect();
        let slot = slots[slot];
        let positions = transpose(&channels, tile);
        for position in positions.into_iter().filter(|position| position.lane < slot.outputs) {
            let column = columns.output(slot.first + position.lane * columns.phases);
            let to = scope.neighbouring_channels(first, row, column, position.along(slot.lanes), position.lanes.start);
            tile.push(Instr::Store { from: position.register, to });
        }
    }
    let slots: Vec<Slot> = alone.iter().map(|&slot| slots[slot]).collect();
    for (channel, outputs) in outputs.iter().enumerate() {
        let outputs: Vec<Reg> = alone.iter().map(|&slot| outputs[slot]).collect();
        store(scope, row, columns, first + channel, &slots, &outputs, tile);
    }
}

/// Stores the outputs of a channel: as they are where there is one phase, else zipped.
fn store(
    scope: &Scope,
    row: &[Affine],
    columns: &Columns,
    channel: usize,
    slots: &[Slot],
    outputs: &[Reg],
    tile: &mut TileBuilder,
) {
    let phases = columns.phases;
    let mut first = 0;
    while first < slots.len() {
        // The slots of the same units.
        let unit = slots[first].first / phases;
        let together = slots[first..].iter().take_while(|slot| slot.first / phases == unit).count();
        let (slots, registers) = (&slots[first..first + together], &outputs[first..first + together]);
        first += together;
        let lanes = slots[0].lanes;
        if !zips(scope, phases, lanes) {
            for (slot, &from) in slots.iter().zip(registers) {
                let column = columns.output(slot.first);
                let to = scope.outputs(channel, row, column, along(slot.outputs, lanes, columns.step * phases as i64));
                tile.push(Instr::Store { from, to });
            }
            continue;
        }
        let outputs: usize = slots.iter().map(|slot| slot.outputs).sum();
        for (number, from) in zipped(registers, phases, tile).into_iter().enumerate() {
            let count = outputs.saturating_sub(number * lanes).min(lanes);
            if count > 0 {
                let column = columns.output(slots[0].first + number * lanes);
                let to = scope.outputs(channel, row, column, along(count, lanes, columns.step));
                tile.push(Instr::Store { from, to });
            }
        }
    }
}

/// The first lanes of a vector, `step` positions apart.
fn along(count: usize, lanes: usize, step: i64) -> Option<Lanes> {
    (lanes > 1).then_some(Lanes { part: Part::of(0..count, lanes), ..Lanes::all(0, step) })
}

/// Whether vectors of so many phases are zipped before they are stored, because their outputs are neighbours.
fn zips(scope: &Scope, phases: usize, lanes: usize) -> bool {
    let Contraction { groups, group_outputs, .. } = scope.job.contraction;
    phases > 1 && phases.is_power_of_two() && lanes > 1 && are_neighbours(scope.job.layout, groups * group_outputs)
}

/// Vectors of all phases in the order of the outputs. A phase without outputs may be missing at the end.
fn zipped(phases: &[Reg], count: usize, tile: &mut TileBuilder) -> Vec<Reg> {
    let mut vectors: Vec<Reg> = (0..count).map(|phase| phases.get(phase).copied().unwrap_or(phases[0])).collect();
    let lanes = tile.lanes(vectors[0]);
    for _ in 0..count.ilog2() {
        // A perfect shuffle: the first half of all lanes and the second half in turns.
        let half = count / 2;
        let mut next = Vec::new();
        for pair in 0..half {
            for start in [0, lanes / 2] {
                let taken = (0..lanes).map(|lane| start + lane / 2 + if lane % 2 == 0 { 0 } else { lanes }).collect();
                next.push(tile.shuffle(vectors[pair], vectors[half + pair], taken));
            }
        }
        vectors = next;
    }
    vectors
}
