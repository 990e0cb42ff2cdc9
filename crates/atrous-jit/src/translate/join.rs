//! Tiles and the loops around them as one tile: a call takes as long as a few dozen multiply-adds.
//!
//! A loop around a tile is a loop in the tile, because a tile reads no register before it has written it.

use atrous_compiler::plan::{Register, Step, Stmt, Tile};

/// Whether a statement is a tile, or loops around tiles.
pub(super) fn is_callable(statement: &Stmt) -> bool {
    match statement {
        Stmt::Tile(_) => true,
        Stmt::For { body, .. } => body.iter().all(is_callable),
        Stmt::Par { .. } | Stmt::Regions { .. } => false,
    }
}

/// How many loops of a callable statement stand in each other.
pub(super) fn depth(statement: &Stmt) -> usize {
    match statement {
        Stmt::Tile(tile) => depth_of(&tile.body),
        Stmt::For { body, .. } => 1 + body.iter().map(depth).max().unwrap_or(0),
        Stmt::Par { .. } | Stmt::Regions { .. } => 0,
    }
}

fn depth_of(steps: &[Step]) -> usize {
    let depth = |step: &Step| match step {
        Step::Do(_) => 0,
        Step::Reduce { body, .. } => 1 + depth_of(body),
    };
    steps.iter().map(depth).max().unwrap_or(0)
}

/// Statements that are callable as one tile.
pub(super) fn tile(statements: &[Stmt]) -> Tile {
    let mut registers = Vec::new();
    let body = steps(statements, &mut registers);
    Tile { registers, body }
}

fn steps(statements: &[Stmt], registers: &mut Vec<Register>) -> Vec<Step> {
    let mut joined = Vec::new();
    for statement in statements {
        match statement {
            Stmt::Tile(tile) => {
                let first = registers.len();
                registers.extend(tile.registers.iter().cloned());
                joined.extend(renumbered(&tile.body, first));
            }
            Stmt::For { var, count, body } => {
                joined.push(Step::Reduce { var: *var, count: *count, body: steps(body, registers) });
            }
            Stmt::Par { .. } | Stmt::Regions { .. } => {}
        }
    }
    joined
}

/// Steps whose register 0 is another one, and so on.
fn renumbered(steps: &[Step], first: usize) -> Vec<Step> {
    let renumber = |step: &Step| match step {
        Step::Do(instr) => {
            let mut instr = instr.clone();
            instr.registers_mut().into_iter().for_each(|register| register.0 += first);
            Step::Do(instr)
        }
        Step::Reduce { var, count, body } => Step::Reduce { var: *var, count: *count, body: renumbered(body, first) },
    };
    steps.iter().map(renumber).collect()
}
