//! Where the registers of a tile become variables: as close to their use as the data flow allows.

use super::usage::runs;
use crate::plan::{Access, Instr, Reg, Step, Tile};
use std::collections::{BTreeMap, BTreeSet};

/// A list of steps in a tile: the indices of the loops around it.
pub type Path = Vec<usize>;

/// Where each register is declared.
#[derive(Default)]
pub struct Declarations {
    /// Registers whose first value comes from inside a loop: declared at the start of a list.
    pub at_start: BTreeMap<Path, Vec<Reg>>,
    /// Registers declared by the step of a list that first writes them, and whether they change later.
    pub at_step: BTreeMap<(Path, usize), bool>,
}

/// The declarations of a tile's registers.
pub fn declarations(tile: &Tile) -> Declarations {
    let mut declarations = Declarations::default();
    for reg in (0..tile.registers.len()).map(Reg) {
        place(reg, &tile.body, &mut Vec::new(), &mut declarations);
    }
    declarations
}

/// How many instructions write or read each register of a tile.
pub fn mentions_of(tile: &Tile) -> Vec<usize> {
    let mut mentions = vec![0; tile.registers.len()];
    tile.each(&mut |instr| {
        let registers: BTreeSet<Reg> = instr.written().into_iter().chain(instr.operands()).collect();
        registers.iter().for_each(|register| mentions[register.0] += 1);
    });
    mentions
}

/// A multiply-add that loads one factor itself.
pub struct Loading {
    /// The step with the load.
    pub load: usize,
    /// The factor in a register.
    pub factor: Reg,
}

/// The fused multiply-adds of a list, by their steps, that are the only ones to read what a load before them loads.
/// `is_whole` tells which loads fill a register with neighbours.
pub fn loading(
    steps: &[Step],
    mentions: &[usize],
    is_whole: impl Fn(Reg, &Access) -> bool,
) -> BTreeMap<usize, Loading> {
    let mut loads = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        match step {
            Step::Do(Instr::Load { to, from }) if mentions[to.0] == 2 && is_whole(*to, from) => {
                loads.insert(*to, index);
            }
            Step::Do(Instr::MultiplyAdd { left, right, addend, fused: true, part: None, .. }) if left != right => {
                let factors = [(right, left), (left, right)].into_iter().filter(|(loaded, _)| *loaded != addend);
                let known = factors.filter_map(|(loaded, &factor)| Some(Loading { load: *loads.get(loaded)?, factor }));
                found.extend(known.take(1).map(|loading| (index, loading)));
            }
            _ => {}
        }
    }
    found
}

/// Declares a register in a list, or in the loops of the list when no value passes between them.
fn place(reg: Reg, steps: &[Step], path: &mut Path, declarations: &mut Declarations) {
    let Some(first) = steps.iter().position(|step| mentions(step, reg)) else { return };
    let direct = steps.iter().any(|step| matches!(step, Step::Do(instr) if uses(instr, reg)));
    if !direct && is_closed(reg, steps) {
        for (index, step) in steps.iter().enumerate() {
            if let Step::Reduce { body, .. } = step {
                path.push(index);
                place(reg, body, path, declarations);
                path.pop();
            }
        }
    } else if is_closed(reg, steps) {
        let changes = steps.iter().map(|step| writes(step, reg)).sum::<usize>() > 1;
        declarations.at_step.insert((path.clone(), first), changes);
    } else {
        declarations.at_start.entry(path.clone()).or_default().push(reg);
    }
}

/// Whether a list never reads a value of the register that it has not written before in the same iteration.
fn is_closed(reg: Reg, steps: &[Step]) -> bool {
    let mut mentioned = steps.iter().filter(|step| mentions(step, reg)).peekable();
    match mentioned.peek() {
        Some(Step::Do(instr)) => instr.operands().all(|operand| operand != reg),
        _ => mentioned.all(|step| matches!(step, Step::Reduce { body, .. } if is_closed(reg, body))),
    }
}

fn mentions(step: &Step, reg: Reg) -> bool {
    match step {
        Step::Do(instr) => uses(instr, reg),
        Step::Reduce { count, body, .. } => runs(*count) && body.iter().any(|step| mentions(step, reg)),
    }
}

/// How often a step writes a register, where a loop that runs counts as more than once.
fn writes(step: &Step, reg: Reg) -> usize {
    match step {
        Step::Do(instr) => usize::from(instr.written() == Some(reg)),
        Step::Reduce { count, .. } if !runs(*count) => 0,
        Step::Reduce { body, .. } => 2 * body.iter().map(|step| writes(step, reg)).sum::<usize>(),
    }
}

fn uses(instr: &Instr, reg: Reg) -> bool {
    instr.written() == Some(reg) || instr.operands().any(|operand| operand == reg)
}
