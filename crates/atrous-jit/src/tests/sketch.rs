//! Short ways to write plans down.

use std::ops::Range;

use atrous_compiler::layer::Number;
use atrous_compiler::plan::{
    Access, Affine, BinaryOp, Buffer, BufferId, Count, Instr, Lanes, Part, Plan, Reg, Register, Role, Stage, Step,
    Stmt, Target, Tile, Var,
};

pub const I: Var = Var(0);
pub const J: Var = Var(1);
pub const K: Var = Var(2);
pub const L: Var = Var(3);

/// A plan without buffers and stages, for a machine with vectors of `lanes` lanes.
pub fn plan(lanes: usize) -> Plan {
    Plan {
        name: "sketch".into(),
        target: Target { name: "sketch", lanes, registers: 16, fused: false, pipes: 2 },
        buffers: Vec::new(),
        packed_len: 0,
        scratch_len: 0,
        pack: Vec::new(),
        run: Vec::new(),
    }
}

/// Adds a buffer. Packed and scratch buffers extend their arenas.
pub fn buffer(plan: &mut Plan, name: &str, role: Role, shape: &[usize]) -> BufferId {
    let buffer = Buffer { name: name.into(), role, shape: shape.to_vec() };
    match role {
        Role::Packed { offset } => plan.packed_len = plan.packed_len.max(offset + buffer.len()),
        Role::Scratch { offset } => plan.scratch_len = plan.scratch_len.max(offset + buffer.len()),
        Role::Input | Role::Output | Role::Parameter => {}
    }
    plan.buffers.push(buffer);
    BufferId(plan.buffers.len() - 1)
}

/// A stage whose variables are called `i`, `j`, `k`, `l`.
pub fn stage(name: &str, body: Vec<Stmt>) -> Stage {
    Stage { name: name.into(), vars: ["i", "j", "k", "l"].map(String::from).to_vec(), shares: 1, body, decision: None }
}

pub fn repeat(var: Var, count: i64, body: Vec<Stmt>) -> Stmt {
    Stmt::For { var, count: Count::Fixed(count), body }
}

pub fn reduce(var: Var, count: i64, body: Vec<Step>) -> Step {
    Step::Reduce { var, count: Count::Fixed(count), body }
}

/// A tile with registers `r0`, `r1` … of the given lanes.
pub fn tile(lanes: &[usize], body: Vec<Step>) -> Stmt {
    let name = |(index, &lanes): (usize, &usize)| Register { name: format!("r{index}"), lanes };
    Stmt::Tile(Tile { registers: lanes.iter().enumerate().map(name).collect(), body })
}

/// One element.
pub fn at<const N: usize>(buffer: BufferId, index: [Affine; N]) -> Access {
    Access { buffer, index: index.to_vec(), lanes: None }
}

/// Elements along a dimension.
pub fn along<const N: usize>(buffer: BufferId, index: [Affine; N], dim: usize, step: i64) -> Access {
    Access { buffer, index: index.to_vec(), lanes: Some(Lanes::all(dim, step)) }
}

/// The same, of which some lanes touch memory.
pub fn part(access: Access, lanes: Range<usize>) -> Access {
    let part = Part { from: lanes.start, to: lanes.end };
    Access { lanes: access.lanes.map(|along| Lanes { part: Some(part), ..along }), ..access }
}

pub fn constant(to: usize, value: f32) -> Step {
    Step::Do(Instr::Constant { to: Reg(to), value: Number::new(value) })
}

pub fn load(to: usize, from: Access) -> Step {
    Step::Do(Instr::Load { to: Reg(to), from })
}

pub fn broadcast(to: usize, from: Access) -> Step {
    Step::Do(Instr::Broadcast { to: Reg(to), from })
}

pub fn store(from: usize, to: Access) -> Step {
    Step::Do(Instr::Store { from: Reg(from), to })
}

pub fn binary(op: BinaryOp, to: usize, left: usize, right: usize) -> Step {
    Step::Do(Instr::Binary { op, to: Reg(to), left: Reg(left), right: Reg(right) })
}

/// `to = left·right + to`
pub fn accumulate(to: usize, left: usize, right: usize, fused: bool) -> Step {
    multiply_add(to, [left, right, to], fused, None)
}

/// `to = left·right + addend`, in the lanes of a range if there is one; the others are the addend.
pub fn multiply_add(to: usize, operands: [usize; 3], fused: bool, lanes: Option<Range<usize>>) -> Step {
    let [left, right, addend] = operands.map(Reg);
    let part = lanes.map(|lanes| Part { from: lanes.start, to: lanes.end });
    Step::Do(Instr::MultiplyAdd { to: Reg(to), left, right, addend, fused, part })
}

pub fn select_less(to: usize, [left, right, yes, no]: [usize; 4]) -> Step {
    Step::Do(Instr::SelectLess { to: Reg(to), left: Reg(left), right: Reg(right), yes: Reg(yes), no: Reg(no) })
}

pub fn shift_left(to: usize, from: usize, bits: u32) -> Step {
    Step::Do(Instr::ShiftLeft { to: Reg(to), from: Reg(from), bits })
}

pub fn shuffle(to: usize, [left, right]: [usize; 2], lanes: Vec<usize>) -> Step {
    Step::Do(Instr::Shuffle { to: Reg(to), left: Reg(left), right: Reg(right), lanes })
}
