//! Small tools to write stages: variables, loop headers around bodies, registers.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::AXIS_NAMES;
use crate::layer::Number;
use crate::plan::{Access, Affine, BinaryOp, Count, Instr, Reg, Register, Stage, Step, Stmt, Tile, Var};

/// What variables along axes are called: those of tensors, and behind them that of a column.
pub fn axis_names(axes: usize, spatial: usize) -> Vec<&'static str> {
    let behind = (axes > spatial).then_some("once");
    AXIS_NAMES[axes.min(spatial)].iter().copied().chain(behind).collect()
}

/// A stage that is being written: hands out variables with unique names.
#[derive(Default)]
pub struct Vars {
    names: Names,
    vars: Vec<String>,
}

impl Vars {
    /// A new variable. The name gets a number where it is taken.
    pub fn fresh(&mut self, name: &str) -> Var {
        self.vars.push(self.names.fresh(name));
        Var(self.vars.len() - 1)
    }

    /// The finished stage. Its shares are numbered later.
    pub fn stage(self, name: String, body: Vec<Stmt>) -> Stage {
        Stage { name, vars: self.vars, shares: 1, body, decision: None }
    }
}

/// Names in use.
#[derive(Default)]
pub struct Names {
    taken: BTreeSet<String>,
    /// For each name, the number to try next.
    next: BTreeMap<String, usize>,
}

impl Names {
    /// The name, or the first of `name_2`, `name_3`, … that is not taken, which is taken from now on.
    pub fn fresh(&mut self, name: &str) -> String {
        let next = self.next.entry(name.to_string()).or_insert(1);
        loop {
            let fresh = if *next == 1 { name.to_string() } else { format!("{name}_{next}") };
            *next += 1;
            if self.taken.insert(fresh.clone()) {
                return fresh;
            }
        }
    }
}

/// The name, or the first of `name_2`, `name_3`, … that is not taken.
pub fn unique(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2..).map(|number| format!("{name}_{number}"));
    [name.to_string()].into_iter().chain(numbered).find(|name| !taken(name)).expect("there are enough numbers")
}

/// The head of a statement with a body.
pub enum Header {
    /// See [`Stmt::For`].
    For(Var, Count),
    /// A loop whose iterations are independent; `parallel` decides which of them becomes a [`Stmt::Par`].
    Par(Var, Count),
    /// See [`Stmt::Regions`].
    Regions(Vec<Var>, Vec<Vec<i64>>),
}

impl Header {
    fn around(self, body: Vec<Stmt>) -> Stmt {
        match self {
            Header::For(var, count) => Stmt::For { var, count, body },
            Header::Par(var, count) => Stmt::Par { var, count, before: Count::Fixed(0), body },
            Header::Regions(columns, rows) => Stmt::Regions { columns, rows, body },
        }
    }
}

/// The body inside of all headers, the first outermost.
pub fn nest(headers: Vec<Header>, body: Vec<Stmt>) -> Vec<Stmt> {
    headers.into_iter().rev().fold(body, |body, header| vec![header.around(body)])
}

/// The steps inside of all reductions, the first outermost.
pub fn reduce(loops: Vec<(Var, Count)>, body: Vec<Step>) -> Vec<Step> {
    loops.into_iter().rev().fold(body, |body, (var, count)| vec![Step::Reduce { var, count, body }])
}

/// An index over `count` iterations: a new variable, or the constant 0 where there is only one.
pub fn index(vars: &mut Vars, name: &str, count: Count, add_loop: impl FnOnce(Var, Count)) -> Affine {
    if count == Count::Fixed(1) {
        return Affine::constant(0);
    }
    let var = vars.fresh(name);
    add_loop(var, count);
    Affine::var(var)
}

/// An index over `count` independent iterations: their loop, if they are several, stands inside of the other headers.
pub fn walk(vars: &mut Vars, name: &str, count: Count, headers: &mut Vec<Header>) -> Affine {
    index(vars, name, count, |var, count| headers.push(Header::Par(var, count)))
}

/// `count` split into full vectors and what is left: `(lanes, first, how many)` with positions `first + lanes·n`.
pub fn split_lanes(count: i64, lanes: usize) -> Vec<(usize, i64, i64)> {
    let full = count / lanes as i64;
    let rest = count - full * lanes as i64;
    let parts = [(lanes, 0, full), (1, count - rest, rest)];
    parts.into_iter().filter(|part| part.2 > 0).collect()
}

/// A tile that is being written: registers, and the steps so far.
#[derive(Default)]
pub struct TileBuilder {
    names: Names,
    registers: Vec<Register>,
    constants: Vec<(Number, Reg)>,
    /// The steps so far.
    pub body: Vec<Step>,
}

impl TileBuilder {
    /// A new register. The name gets a number where it is taken.
    pub fn register(&mut self, name: &str, lanes: usize) -> Reg {
        let name = self.names.fresh(name);
        self.registers.push(Register { name, lanes });
        Reg(self.registers.len() - 1)
    }

    /// The lanes of a register.
    pub fn lanes(&self, register: Reg) -> usize {
        self.registers[register.0].lanes
    }

    /// Appends an instruction.
    pub fn push(&mut self, instr: Instr) {
        self.body.push(Step::Do(instr));
    }

    /// A new register with a number in every lane.
    pub fn constant(&mut self, value: f32, lanes: usize) -> Reg {
        let to = self.register("constant", lanes);
        let value = Number::new(value);
        self.push(Instr::Constant { to, value });
        self.constants.push((value, to));
        to
    }

    /// The same, or the register that was made for this number before.
    pub fn shared_constant(&mut self, value: f32, lanes: usize) -> Reg {
        let is_it =
            |&&(number, register): &&(Number, Reg)| number == Number::new(value) && self.lanes(register) == lanes;
        match self.constants.iter().find(is_it) {
            Some(&(_, register)) => register,
            None => self.constant(value, lanes),
        }
    }

    /// A new register loaded from memory.
    pub fn load(&mut self, name: &str, lanes: usize, from: Access) -> Reg {
        let to = self.register(name, lanes);
        self.push(Instr::Load { to, from });
        to
    }

    /// A new register with the result of an operation.
    pub fn binary(&mut self, op: BinaryOp, left: Reg, right: Reg) -> Reg {
        let to = self.register("value", self.lanes(left));
        self.push(Instr::Binary { op, to, left, right });
        to
    }

    /// A new register with lanes of two others.
    pub fn shuffle(&mut self, left: Reg, right: Reg, lanes: Vec<usize>) -> Reg {
        let to = self.register("mixed", lanes.len());
        self.push(Instr::Shuffle { to, left, right, lanes });
        to
    }

    /// The finished tile, without shuffles whose result nobody reads.
    pub fn tile(mut self) -> Stmt {
        let mut is_read = vec![false; self.registers.len()];
        self.body.reverse();
        self.body.retain(|step| {
            let is_dead = matches!(step, Step::Do(Instr::Shuffle { to, .. }) if !is_read[to.0]);
            if !is_dead {
                mark_read(step, &mut is_read);
            }
            !is_dead
        });
        self.body.reverse();
        Stmt::Tile(Tile { registers: self.registers, body: self.body })
    }
}

/// Marks the registers that a step reads.
fn mark_read(step: &Step, is_read: &mut [bool]) {
    match step {
        Step::Do(instr) => instr.operands().for_each(|operand| is_read[operand.0] = true),
        Step::Reduce { body, .. } => body.iter().for_each(|step| mark_read(step, is_read)),
    }
}
