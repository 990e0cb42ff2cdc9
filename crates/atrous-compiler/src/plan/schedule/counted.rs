//! What a stage costs by the instructions of its plan, where the cost model says nothing.

use std::collections::BTreeMap;

use super::cost::{CALL, LATENCY, Unit, occupied};
use crate::plan::eval::count_weighted;
use crate::plan::{Buffer, Instr, Stage, Step, Target, Tile};

/// The half cycles that a stage takes: for each straight line of instructions as long as its busiest unit, in loops also as
/// long as its sums wait for themselves; and something for each call of a tile with loops, which has to wait for them. It
/// saturates.
pub fn counted(stage: &Stage, buffers: &[Buffer], target: &Target) -> u64 {
    let mut costs = Costs::new();
    for tile in stage.tiles() {
        let call = if tile.body.iter().any(|step| matches!(step, Step::Reduce { .. })) { CALL } else { 0 };
        lines(&tile.body, call, &|line| of_line(line, tile, buffers, target), &mut costs);
    }
    count_weighted(stage, &|_, instr| costs.get(&std::ptr::from_ref(instr)).map_or(0, |&cost| cost as u64))
}

/// What a straight line costs, by its first instruction.
type Costs = BTreeMap<*const Instr, usize>;

/// The instructions of each loop, and those of none, are a line. `more` is what the body costs beside them.
fn lines(body: &[Step], more: usize, cost: &dyn Fn(&[&Instr]) -> usize, costs: &mut Costs) {
    let mut line = Vec::new();
    for step in body {
        match step {
            Step::Do(instr) => line.push(instr),
            Step::Reduce { body, .. } => lines(body, 0, &|line| cost(line).max(waiting(line)), costs),
        }
    }
    if let Some(&first) = line.first() {
        costs.insert(std::ptr::from_ref(first), cost(&line) + more);
    }
}

fn of_line(line: &[&Instr], tile: &Tile, buffers: &[Buffer], target: &Target) -> usize {
    let mut busy: BTreeMap<Unit, usize> = BTreeMap::new();
    for instr in line {
        let (unit, half_cycles) = occupied(instr, tile, buffers, target);
        *busy.entry(unit).or_default() += half_cycles;
    }
    busy.into_values().max().unwrap_or(0)
}

/// How long the sum that most multiply-adds of a line go to waits for itself.
fn waiting(line: &[&Instr]) -> usize {
    let mut chains: BTreeMap<usize, usize> = BTreeMap::new();
    for instr in line {
        if let Instr::MultiplyAdd { to, .. } = instr {
            *chains.entry(to.0).or_default() += LATENCY;
        }
    }
    chains.into_values().max().unwrap_or(0)
}
