//! Executes a plan the slow way and watches every access: what `verify` proves, seen happen.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::plan::{Access, BufferId, Count, Instr, Part, Plan, Reg, Role, Stage, Step, Stmt, Tile, Var};

/// Steps after which a plan is too long to watch.
const FUEL: u64 = 200_000;

/// What became of a plan.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    Fine,
    Wrong(String),
    TooLong,
}

/// Executes the plan without floats.
pub fn outcome(plan: &Plan) -> Outcome {
    let mut watch = Watch::new(plan);
    match watch.plan() {
        Ok(()) => Outcome::Fine,
        Err(_) if watch.fuel == 0 => Outcome::TooLong,
        Err(message) => Outcome::Wrong(message),
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Program {
    Pack,
    Run,
}

/// An element of memory: the buffer where it is the caller's, or the arena.
type Element = (Result<BufferId, Program>, i64);

struct Watch<'a> {
    plan: &'a Plan,
    fuel: u64,
    program: Program,
    /// By buffer and element: the number of the stage that wrote it.
    written: BTreeMap<(BufferId, i64), usize>,
    /// By element of memory: the buffer that was last written there.
    owner: BTreeMap<Element, BufferId>,
    stage_number: usize,
    /// Those that are executed.
    shares: Range<i64>,
    stage_reads: BTreeSet<Element>,
    stage_writes: BTreeSet<Element>,
    /// The values of the variables in scope.
    vars: BTreeMap<Var, i64>,
}

fn ensure(condition: bool, message: &str) -> Result<(), String> {
    if condition { Ok(()) } else { Err(message.into()) }
}

impl<'a> Watch<'a> {
    fn new(plan: &'a Plan) -> Watch<'a> {
        Watch {
            plan,
            fuel: FUEL,
            program: Program::Pack,
            written: BTreeMap::new(),
            owner: BTreeMap::new(),
            stage_number: 0,
            shares: 0..0,
            stage_reads: BTreeSet::new(),
            stage_writes: BTreeSet::new(),
            vars: BTreeMap::new(),
        }
    }

    fn plan(&mut self) -> Result<(), String> {
        for buffer in &self.plan.buffers {
            let len = buffer.shape.iter().try_fold(1, |len: i32, &size| len.checked_mul(size.try_into().ok()?));
            ensure(len.is_some(), "too large a buffer")?;
        }
        for (program, stages) in [(Program::Pack, &self.plan.pack), (Program::Run, &self.plan.run)] {
            self.program = program;
            for stage in stages {
                self.stage(stage)?;
            }
        }
        for (number, buffer) in self.plan.buffers.iter().enumerate() {
            let is_given = matches!(buffer.role, Role::Input | Role::Parameter);
            let id = BufferId(number);
            let elements: Vec<usize> = self.written.range((id, 0)..=(id, i64::MAX)).map(|(_, &stage)| stage).collect();
            ensure(is_given || elements.len() == buffer.len(), "not all is written")?;
            ensure(elements.windows(2).all(|pair| pair[0] == pair[1]), "two stages write a buffer")?;
        }
        Ok(())
    }

    fn stage(&mut self, stage: &'a Stage) -> Result<(), String> {
        self.stage_number += 1;
        self.stage_reads.clear();
        self.stage_writes.clear();
        ensure(stage.shares >= 1, "no shares")?;
        // Whatever threads execute is made of these.
        let step = if stage.shares <= 64 { 1 } else { stage.shares - 1 };
        for first in (0..stage.shares).step_by(step as usize) {
            self.shares = first..stage.shares.min(first.saturating_add(step));
            self.statements(stage, &stage.body)?;
        }
        let shared = self.stage_reads.intersection(&self.stage_writes).next();
        ensure(shared.is_none(), "a stage reads and writes an element of memory")
    }

    fn burn(&mut self) -> Result<(), String> {
        self.fuel = self.fuel.saturating_sub(1);
        ensure(self.fuel > 0, "too long")
    }

    fn bind(&mut self, stage: &Stage, var: Var, value: i64) -> Result<(), String> {
        ensure(var.0 < stage.vars.len(), "no such variable")?;
        ensure(self.vars.insert(var, value).is_none(), "bound twice")
    }

    fn count(&self, count: Count) -> Result<i64, String> {
        let count = match count {
            Count::Fixed(count) => count,
            Count::Column(column) => *self.vars.get(&column).ok_or("unbound count")?,
        };
        ensure(count >= 0, "negative count")?;
        Ok(count)
    }

    fn statements(&mut self, stage: &'a Stage, body: &'a [Stmt]) -> Result<(), String> {
        for statement in body {
            match statement {
                Stmt::For { var, count, body } | Stmt::Par { var, count, body, .. } => {
                    let iterations = match statement {
                        Stmt::Par { before, .. } => {
                            let before = self.count(*before)?;
                            let end = self.shares.end.saturating_sub(before);
                            (self.shares.start.saturating_sub(before)).max(0)..end.min(self.count(*count)?)
                        }
                        _ => 0..self.count(*count)?,
                    };
                    for value in iterations {
                        self.burn()?;
                        self.bind(stage, *var, value)?;
                        self.statements(stage, body)?;
                        self.vars.remove(var);
                    }
                }
                Stmt::Regions { columns, rows, body } => {
                    for row in rows {
                        self.burn()?;
                        ensure(row.len() == columns.len(), "row length")?;
                        for (&column, &value) in columns.iter().zip(row) {
                            self.bind(stage, column, value)?;
                        }
                        self.statements(stage, body)?;
                        self.vars.retain(|var, _| !columns.contains(var));
                    }
                }
                Stmt::Tile(tile) => {
                    let mut is_written = vec![false; tile.registers.len()];
                    self.steps(stage, tile, &tile.body, &mut is_written)?;
                }
            }
        }
        Ok(())
    }

    fn steps(&mut self, stage: &Stage, tile: &Tile, body: &[Step], is_written: &mut Vec<bool>) -> Result<(), String> {
        for step in body {
            self.burn()?;
            match step {
                Step::Do(instr) => self.instr(tile, instr, is_written)?,
                Step::Reduce { var, count, body } => {
                    for value in 0..self.count(*count)? {
                        self.burn()?;
                        self.bind(stage, *var, value)?;
                        self.steps(stage, tile, body, is_written)?;
                        self.vars.remove(var);
                    }
                }
            }
        }
        Ok(())
    }

    fn instr(&mut self, tile: &Tile, instr: &Instr, is_written: &mut [bool]) -> Result<(), String> {
        if let Instr::Prefetch { at } = instr {
            return self.prefetch(at);
        }
        let (to, operands): (Option<Reg>, Vec<Reg>) = match *instr {
            Instr::Constant { to, .. } | Instr::Load { to, .. } | Instr::Broadcast { to, .. } => (Some(to), vec![]),
            Instr::Store { from, .. } => (None, vec![from]),
            Instr::Prefetch { .. } => (None, vec![]),
            Instr::Binary { to, left, right, .. } => (Some(to), vec![left, right]),
            Instr::MultiplyAdd { to, left, right, addend, .. } => (Some(to), vec![left, right, addend]),
            Instr::SelectLess { to, left, right, yes, no } => (Some(to), vec![left, right, yes, no]),
            Instr::ShiftLeft { to, from, .. } => (Some(to), vec![from]),
            Instr::Shuffle { to, left, right, .. } => (Some(to), vec![left, right]),
        };
        let mut all_lanes = BTreeSet::new();
        for register in operands.iter().chain(&to) {
            let lanes = tile.registers.get(register.0).ok_or("no such register")?.lanes;
            ensure([1, 2, 4, 8, 16].contains(&lanes) && lanes <= self.plan.target.lanes, "lanes of a register")?;
            all_lanes.insert(lanes as i64);
        }
        ensure(all_lanes.len() == 1, "mixed lanes")?;
        ensure(operands.iter().all(|operand| is_written[operand.0]), "an unwritten register is read")?;
        let lanes = *all_lanes.first().ok_or("no registers")?;
        match instr {
            Instr::Load { from, .. } => self.access(from, lanes, false)?,
            Instr::Broadcast { from, .. } => self.access(from, 1, false)?,
            Instr::Store { to, .. } => self.access(to, lanes, true)?,
            Instr::MultiplyAdd { part: Some(Part { from, to }), .. } => {
                let is_part = from < to && *to as i64 <= lanes && (*from > 0 || (*to as i64) < lanes);
                ensure(is_part, "part of the lanes")?;
            }
            Instr::Shuffle { lanes: taken, .. } => {
                ensure(lanes > 1 && taken.len() as i64 == lanes, "lanes of a shuffle")?;
                ensure(taken.iter().all(|&lane| (lane as i64) < 2 * lanes), "a lane of a shuffle")?;
            }
            _ => {}
        }
        if let Some(to) = to {
            is_written[to.0] = true;
        }
        Ok(())
    }

    /// Any element will do, and none is touched.
    fn prefetch(&self, at: &Access) -> Result<(), String> {
        let buffer = self.plan.buffers.get(at.buffer.0).ok_or("no such buffer")?;
        let indices = at.index.len();
        ensure(indices <= buffer.shape.len() && (indices > 0 || buffer.shape.is_empty()), "number of indices")?;
        ensure(at.lanes.is_none(), "lanes of an access")?;
        ensure((self.program == Program::Pack) == (buffer.role == Role::Parameter), "role of a buffer")?;
        let mut terms = at.index.iter().flat_map(|index| &index.terms);
        ensure(terms.all(|(var, _)| self.vars.contains_key(var)), "unbound variable")
    }

    fn access(&mut self, access: &Access, lanes: i64, is_store: bool) -> Result<(), String> {
        let buffer = self.plan.buffers.get(access.buffer.0).ok_or("no such buffer")?;
        let indices = access.index.len();
        ensure(indices <= buffer.shape.len() && (indices > 0 || buffer.shape.is_empty()), "number of indices")?;
        ensure(access.lanes.is_some() == (lanes > 1), "lanes of an access")?;
        let lane_dim = access.lanes.map_or(0, |lanes| lanes.dim);
        ensure(access.lanes.is_none() || lane_dim < indices, "dimension of the lanes")?;
        let (outer, inner) = buffer.shape.split_at(indices.saturating_sub(1));
        let shape: Vec<usize> = outer.iter().copied().chain([inner.iter().product()]).take(indices).collect();
        let (mut first, mut end) = (0, lanes);
        if let Some(Part { from, to }) = access.lanes.and_then(|lanes| lanes.part) {
            ensure(from < to && to as i64 <= lanes && (from > 0 || (to as i64) < lanes), "part of the lanes")?;
            (first, end) = (from as i64, to as i64);
        }
        let roles = match (self.program, is_store, buffer.role) {
            (Program::Pack, false, Role::Parameter) | (Program::Pack, true, Role::Packed { .. }) => true,
            (Program::Run, false, role) => role != Role::Parameter,
            (Program::Run, true, Role::Output | Role::Scratch { .. }) => true,
            _ => false,
        };
        ensure(roles, "role of a buffer")?;
        for lane in first..end {
            let mut element: i64 = 0;
            for (dim, (index, &positions)) in access.index.iter().zip(&shape).enumerate() {
                let mut position = index.constant;
                for (var, coefficient) in &index.terms {
                    let value = *self.vars.get(var).ok_or("unbound variable")?;
                    let product = coefficient.checked_mul(value).ok_or("overflow")?;
                    position = position.checked_add(product).ok_or("overflow")?;
                }
                if let Some(along) = access.lanes.filter(|along| along.dim == dim) {
                    position =
                        position.checked_add(along.step.checked_mul(lane).ok_or("overflow")?).ok_or("overflow")?;
                }
                ensure(0 <= position && position < positions as i64, "out of bounds")?;
                element = element * positions as i64 + position;
            }
            self.touch(access.buffer, element, is_store)?;
        }
        Ok(())
    }

    fn touch(&mut self, id: BufferId, element: i64, is_store: bool) -> Result<(), String> {
        let role = self.plan.buffers[id.0].role;
        let (place, arena): (Element, usize) = match role {
            Role::Packed { offset } => {
                ((Err(Program::Pack), (offset as i64).saturating_add(element)), self.plan.packed_len)
            }
            Role::Scratch { offset } => {
                ((Err(Program::Run), (offset as i64).saturating_add(element)), self.plan.scratch_len)
            }
            Role::Input | Role::Output | Role::Parameter => ((Ok(id), element), usize::MAX),
        };
        ensure((place.1 as usize) < arena, "outside the arena")?;
        if is_store {
            ensure(self.written.insert((id, element), self.stage_number).is_none(), "written twice")?;
            ensure(self.stage_writes.insert(place), "two buffers share memory")?;
            self.owner.insert(place, id);
        } else if !matches!(role, Role::Input | Role::Parameter) {
            let writer = self.written.get(&(id, element)).ok_or("read before written")?;
            ensure(*writer < self.stage_number, "read in the stage that writes it")?;
            ensure(self.owner.get(&place) == Some(&id), "overwritten before it is read")?;
            self.stage_reads.insert(place);
        }
        Ok(())
    }
}
