//! Registers of a tile are written before they are read, and those alive at once fit the machine.
//!
//! Scalars count like vectors, because machines keep both in the same registers. What a back end needs beside the
//! plan's registers, such as the product of an unfused multiply-add, does not count.

use std::collections::BTreeSet;

use super::super::target::Target;
use super::super::types::{Instr, Reg, Stage, Step, Stmt, Tile};

pub(super) fn check(target: &Target, stage: &Stage) -> Result<(), String> {
    statements(target, &stage.body)
}

fn statements(target: &Target, body: &[Stmt]) -> Result<(), String> {
    body.iter().try_for_each(|statement| match statement {
        Stmt::For { body, .. } | Stmt::Par { body, .. } | Stmt::Regions { body, .. } => statements(target, body),
        Stmt::Tile(tile) => check_tile(target, tile),
    })
}

fn check_tile(target: &Target, tile: &Tile) -> Result<(), String> {
    if let Some(&register) = read_first(&tile.body).first() {
        let name = &tile.registers[register.0].name;
        return Err(format!("the register `{name}` is read but may not have been written"));
    }
    let pressure = pressure(tile);
    if pressure > target.registers {
        let (name, available) = (target.name, target.registers);
        return Err(format!("a tile keeps {pressure} registers alive at once, but {name} has {available}"));
    }
    Ok(())
}

/// Most registers of a tile that are alive at once.
pub fn pressure(tile: &Tile) -> usize {
    let mut pressure = 0;
    alive_before(&tile.body, BTreeSet::new(), &mut pressure);
    pressure
}

/// The registers that some path through the steps reads before it writes them. Loops may run no time.
fn read_first(body: &[Step]) -> BTreeSet<Reg> {
    let mut exposed = BTreeSet::new();
    for step in body.iter().rev() {
        match step {
            Step::Do(instr) => exposed = before_instr(instr, exposed),
            Step::Reduce { body, .. } => exposed.extend(read_first(body)),
        }
    }
    exposed
}

/// The registers alive before the steps, given those alive behind them; `pressure` grows to the most alive at once.
fn alive_before(body: &[Step], alive: BTreeSet<Reg>, pressure: &mut usize) -> BTreeSet<Reg> {
    let mut alive = alive;
    for step in body.iter().rev() {
        match step {
            Step::Do(instr) => {
                // A result that nobody reads needs a register too.
                alive.extend(instr.written());
                *pressure = (*pressure).max(alive.len());
                alive = before_instr(instr, alive);
            }
            Step::Reduce { body, .. } => {
                // Behind the body stands either the end of the loop or its next iteration.
                alive.extend(read_first(body));
                alive_before(body, alive.clone(), pressure);
            }
        }
        *pressure = (*pressure).max(alive.len());
    }
    alive
}

fn before_instr(instr: &Instr, mut alive: BTreeSet<Reg>) -> BTreeSet<Reg> {
    if let Some(register) = instr.written() {
        alive.remove(&register);
    }
    alive.extend(instr.operands());
    alive
}
