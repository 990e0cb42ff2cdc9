//! Registers of a tile are written before they are read, and those alive at once fit the machine.
//!
//! Scalars count like vectors, because machines keep both in the same registers. What a back end needs beside the
//! plan's registers, such as the product of an unfused multiply-add, does not count.

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
    if let Some(register) = read_first(&tile.body, tile).of.iter().position(|&is_read| is_read) {
        let name = &tile.registers[register].name;
        return Err(format!("the register `{name}` is read but may not have been written"));
    }
    let pressure = pressure(tile);
    if pressure > target.registers {
        let (name, available) = (target.name, target.registers);
        return Err(format!("a tile keeps {pressure} registers alive at once, but {name} has {available}"));
    }
    Ok(())
}

/// Registers of a tile.
#[derive(Clone)]
struct Registers {
    of: Vec<bool>,
    /// How many are in the set.
    count: usize,
}

impl Registers {
    fn none(tile: &Tile) -> Registers {
        Registers { of: vec![false; tile.registers.len()], count: 0 }
    }

    fn insert(&mut self, register: Reg) {
        self.count += usize::from(!std::mem::replace(&mut self.of[register.0], true));
    }

    fn remove(&mut self, register: Reg) {
        self.count -= usize::from(std::mem::replace(&mut self.of[register.0], false));
    }

    fn insert_all(&mut self, others: &Registers) {
        let others = others.of.iter().enumerate().filter(|(_, is_in)| **is_in);
        others.for_each(|(register, _)| self.insert(Reg(register)));
    }
}

/// Most registers of a tile that are alive at once.
pub fn pressure(tile: &Tile) -> usize {
    let mut pressure = 0;
    let mut alive = Registers::none(tile);
    walk_back(&tile.body, tile, &mut alive, &mut pressure);
    pressure
}

/// The registers that some path through the steps reads before it writes them. Loops may run no time.
fn read_first(body: &[Step], tile: &Tile) -> Registers {
    let mut exposed = Registers::none(tile);
    for step in body.iter().rev() {
        match step {
            Step::Do(instr) => before_instr(instr, &mut exposed),
            Step::Reduce { body, .. } => exposed.insert_all(&read_first(body, tile)),
        }
    }
    exposed
}

/// From the registers alive behind the steps to those alive before them; `pressure` grows to the most alive at once.
fn walk_back(body: &[Step], tile: &Tile, alive: &mut Registers, pressure: &mut usize) {
    for step in body.iter().rev() {
        match step {
            Step::Do(instr) => {
                // A result that nobody reads needs a register too.
                instr.written().into_iter().for_each(|register| alive.insert(register));
                *pressure = (*pressure).max(alive.count);
                before_instr(instr, alive);
            }
            Step::Reduce { body, .. } => {
                // Behind the body stands either the end of the loop or its next iteration.
                alive.insert_all(&read_first(body, tile));
                walk_back(body, tile, &mut alive.clone(), pressure);
            }
        }
        *pressure = (*pressure).max(alive.count);
    }
}

fn before_instr(instr: &Instr, alive: &mut Registers) {
    instr.written().into_iter().for_each(|register| alive.remove(register));
    instr.operands().for_each(|register| alive.insert(register));
}
