//! How a stage of a plan is computed, and what that costs.

use std::collections::{BTreeMap, BTreeSet};

use super::{intensity, share_of_peak};
use crate::ir::{Graph, Op};
use crate::plan::eval::{count_instructions, count_weighted};
use crate::plan::schedule::{LaneAxis, Loops, Ranked, Schedule, Slow, Unit, counted, occupied};
use crate::plan::verify::pressure;
use crate::plan::{BufferId, Decision, Instr, Origin, Plan, Reg, Role, Stage, Tile};

/// What a stage does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum StageKind {
    /// The products of a layer, with bias and activation.
    Contraction,
    /// A copy of an input in the other memory order.
    Reorder,
    /// A copy of an input with what stands around it.
    Pad,
    /// Sums, products, bias and activation of values at the same place.
    Pointwise,
}

/// All about one stage.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct StageFacts {
    /// The stage's name in the plan.
    pub name: String,
    /// What it does.
    pub kind: StageKind,
    /// Parts that threads can share.
    pub shares: i64,
    /// Multiply-adds of all lanes, idle ones included.
    pub multiply_adds: u64,
    /// Vector instructions of the plan.
    pub instructions: u64,
    /// Tiles that are written out, each once.
    pub tiles: usize,
    /// Most registers that a tile keeps alive.
    pub registers: usize,
    /// Bytes of packed weights and biases that it reads.
    pub packed_bytes: u64,
    /// Bytes of scratch memory that it writes.
    pub scratch_bytes: u64,
    /// Bytes of all tensors that it reads or writes: what is moved at least.
    pub moved_bytes: u64,
    /// Operations, two for each multiply-add of lanes that are not idle, for each byte moved; 0 for other stages.
    pub intensity: f64,
    /// Cycles of one core that are expected: by the cost model, or else by the instructions of the plan.
    pub cycles: f64,
    /// For how long each unit of a core is busy, in cycles.
    pub busy: Busy,
    /// How the contraction is computed, and why so; none for other stages.
    pub choice: Option<Choice>,
}

/// Cycles for which units of one core are busy. All are at the same time, so that a stage takes as long as the busiest at
/// least.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Busy {
    /// The pipes of multiply-adds.
    pub multiply_adds: f64,
    /// The ports that read a first-level cache.
    pub loads: f64,
    /// The ports that write it.
    pub stores: f64,
    /// Other arithmetic.
    pub other: f64,
    /// The busiest.
    pub most: Unit,
}

impl Busy {
    /// The cycles of the busiest unit.
    pub fn cycles(&self) -> f64 {
        [self.multiply_adds, self.loads, self.stores, self.other].into_iter().fold(0.0, f64::max)
    }
}

/// A schedule, and the ones that it was chosen from.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Choice {
    /// The schedule.
    pub schedule: Schedule,
    /// Rows of the tables of all axes: the combinations of one of each have a constant set of taps.
    pub parts: Vec<usize>,
    /// How many schedules there were to choose from.
    pub schedules: usize,
    /// The place of this one in their ranking. 0 is the one that is taken where nobody chooses: the cheapest, or one that costs
    /// a little more and that another target has too.
    pub rank: usize,
    /// Whether the cost model expects the stage's cycles, which it does of all schedules that write taps out.
    pub is_modelled: bool,
    /// Useful multiply-adds in the stage's cycles, of those that the target's peak allows: 1 is all.
    pub share_of_peak: f64,
    /// The first schedule in the ranking of each other vector axis, in this order.
    pub alternatives: Vec<Alternative>,
    /// Why taps along the last axis are walked by a loop, if they are.
    pub loops: Option<Loops>,
    /// Why the stage takes the slow path, if it does.
    pub slow: Option<Slow>,
}

/// A schedule that was not chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Alternative {
    /// The schedule.
    pub schedule: Schedule,
    /// What it is expected to cost, as a multiple of the chosen one.
    pub times: f64,
}

/// The facts of a stage.
pub(super) fn facts(plan: &Plan, stage: &Stage, graph: &Graph, origin: &Origin) -> StageFacts {
    let tiles = stage.tiles();
    let useful = if stage.decision.is_some() { useful(graph, origin) } else { 0 };
    let (reads, writes) = (stage.reads(), stage.writes());
    let bytes = |ids: &BTreeSet<BufferId>, is_role: fn(Role) -> bool| -> u64 {
        let buffers = ids.iter().map(|id| &plan.buffers[id.0]).filter(|buffer| is_role(buffer.role));
        buffers.map(|buffer| 4 * buffer.len() as u64).sum()
    };
    let moved_bytes = bytes(&reads, |_| true) + bytes(&writes, |_| true);
    StageFacts {
        name: stage.name.clone(),
        kind: match graph.node(origin.node).op {
            Op::Contraction(_) if stage.decision.is_none() => StageKind::Reorder,
            Op::Contraction(_) => StageKind::Contraction,
            Op::Pad { .. } => StageKind::Pad,
            _ => StageKind::Pointwise,
        },
        shares: stage.shares,
        multiply_adds: multiply_adds(stage, &tiles),
        instructions: count_instructions(stage),
        tiles: tiles.len(),
        registers: tiles.iter().map(|tile| pressure(tile)).max().unwrap_or(0),
        packed_bytes: bytes(&reads, |role| matches!(role, Role::Packed { .. })),
        scratch_bytes: bytes(&writes, |role| matches!(role, Role::Scratch { .. })),
        moved_bytes,
        intensity: intensity(useful, moved_bytes),
        cycles: cycles(plan, stage),
        busy: busy(plan, stage),
        choice: stage.decision.map(|decision| choice(plan, graph, origin, decision, useful)),
    }
}

fn cycles(plan: &Plan, stage: &Stage) -> f64 {
    let half_cycles = match &stage.decision {
        Some(decision) => decision.half_cycles,
        None => counted(stage, &plan.buffers, &plan.target),
    };
    half_cycles as f64 / 2.0
}

/// Multiply-adds of the contraction of a stage; all of them are useful.
fn useful(graph: &Graph, origin: &Origin) -> u64 {
    let node = graph.node(origin.node);
    u64::try_from(crate::ir::macs::of_contraction(node)).unwrap_or(u64::MAX)
}

fn choice(plan: &Plan, graph: &Graph, origin: &Origin, decision: Decision, useful: u64) -> Choice {
    let node = graph.node(origin.node);
    let parts = match &node.op {
        Op::Contraction(contraction) => {
            contraction.axes.iter().map(|axis| axis.pieces.len() + axis.empty.len()).collect()
        }
        _ => Vec::new(),
    };
    let ranking = &origin.ranking;
    let rank = ranking.iter().position(|ranked| ranked.schedule == decision.schedule).unwrap_or(0);
    let half_cycles = ranking.get(rank).and_then(|ranked| ranked.half_cycles);
    Choice {
        schedule: decision.schedule,
        parts,
        schedules: ranking.len(),
        rank,
        is_modelled: half_cycles.is_some(),
        share_of_peak: share_of_peak(useful, decision.half_cycles as f64 / 2.0, &plan.target),
        alternatives: alternatives(ranking, &decision.schedule, half_cycles),
        loops: decision.loops,
        slow: decision.slow,
    }
}

/// The first schedule of each vector axis but that of the chosen one.
fn alternatives(ranking: &[Ranked], chosen: &Schedule, half_cycles: Option<usize>) -> Vec<Alternative> {
    let mut seen: Vec<LaneAxis> = vec![chosen.along];
    let mut found = Vec::new();
    for Ranked { schedule, half_cycles: cost } in ranking {
        if seen.contains(&schedule.along) {
            continue;
        }
        seen.push(schedule.along);
        if let (Some(cost), Some(own)) = (cost, half_cycles) {
            found.push(Alternative { schedule: *schedule, times: *cost as f64 / own.max(1) as f64 });
        }
    }
    found
}

/// Lanes of multiply-adds whose factors both come from memory; those of activations have factors that were computed.
fn multiply_adds(stage: &Stage, tiles: &[&Tile]) -> u64 {
    let computed: BTreeMap<*const Tile, BTreeSet<Reg>> =
        tiles.iter().map(|&tile| (std::ptr::from_ref(tile), computed(tile))).collect();
    count_weighted(stage, &|tile, instr| match instr {
        Instr::MultiplyAdd { to, left, right, .. } => {
            let is_computed = |factor| computed[&std::ptr::from_ref(tile)].contains(factor);
            if is_computed(left) || is_computed(right) { 0 } else { tile.registers[to.0].lanes as u64 }
        }
        _ => 0,
    })
}

/// The registers of a tile that hold what neither stands in memory nor is a choice of lanes from there.
fn computed(tile: &Tile) -> BTreeSet<Reg> {
    let mut found = BTreeSet::new();
    tile.each(&mut |instr| match instr {
        Instr::Load { .. } | Instr::Broadcast { .. } | Instr::Shuffle { .. } => {}
        other => found.extend(other.written()),
    });
    found
}

fn busy(plan: &Plan, stage: &Stage) -> Busy {
    let of_unit = |wanted: Unit| {
        let weight = |tile: &Tile, instr: &Instr| match occupied(instr, tile, &plan.buffers, &plan.target) {
            (unit, half_cycles) if unit == wanted => half_cycles as u64,
            _ => 0,
        };
        (wanted, count_weighted(stage, &weight) as f64 / 2.0)
    };
    let units = [Unit::MultiplyAdds, Unit::Loads, Unit::Stores, Unit::Other].map(of_unit);
    let cycles: BTreeMap<Unit, f64> = units.into_iter().collect();
    // Of two that are equally busy, the first.
    let most = units.into_iter().reduce(|most, unit| if unit.1 > most.1 { unit } else { most });
    Busy {
        multiply_adds: cycles[&Unit::MultiplyAdds],
        loads: cycles[&Unit::Loads],
        stores: cycles[&Unit::Stores],
        other: cycles[&Unit::Other],
        most: most.map_or(Unit::MultiplyAdds, |(unit, _)| unit),
    }
}
