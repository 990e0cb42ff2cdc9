//! A stage in the form that the interpreter executes.

use std::cell::Cell;

use super::super::types::{Access, BinaryOp, Count, Instr, Plan, Reg, Stage, Step, Stmt, Tile};

/// A stage with its registers and memory as flat arrays.
pub(super) struct Program {
    body: Vec<Node>,
    vars: usize,
    registers: usize,
}

enum Node {
    Loop {
        var: usize,
        count: Count,
        body: Vec<Node>,
    },
    Regions {
        columns: Vec<usize>,
        rows: Vec<Vec<i64>>,
        body: Vec<Node>,
    },
    /// An instruction on `lanes` neighbours in the register array.
    Do {
        lanes: usize,
        op: Op,
    },
}

/// An [`Instr`] whose registers are the positions of their first lanes.
enum Op {
    Constant { to: usize, value: f32 },
    Load { to: usize, from: Place },
    Broadcast { to: usize, from: Place },
    Store { from: usize, to: Place },
    Binary { op: BinaryOp, to: usize, left: usize, right: usize },
    MultiplyAdd { to: usize, left: usize, right: usize, addend: usize },
    FusedMultiplyAdd { to: usize, left: usize, right: usize, addend: usize },
    SelectLess { to: usize, left: usize, right: usize, yes: usize, no: usize },
    ShiftLeft { to: usize, from: usize, bits: u32 },
}

/// Lane `l` is at `offset + Σ coefficient·var + l·stride` in memory.
struct Place {
    offset: i64,
    terms: Vec<(usize, i64)>,
    stride: i64,
}

impl Program {
    /// Flattens a stage of a checked plan, with each buffer at its start in memory.
    pub(super) fn new(plan: &Plan, starts: &[usize], stage: &Stage) -> Program {
        let mut flattener = Flattener { plan, starts, registers: 0 };
        let body = flattener.statements(&stage.body);
        Program { body, vars: stage.vars.len(), registers: flattener.registers }
    }

    /// Runs the stage once.
    pub(super) fn execute(&self, memory: &mut [f32]) {
        let mut registers = vec![0.0; self.registers];
        let registers = Cell::from_mut(registers.as_mut_slice()).as_slice_of_cells();
        execute(&self.body, &mut vec![0; self.vars], registers, memory);
    }
}

struct Flattener<'a> {
    plan: &'a Plan,
    starts: &'a [usize],
    /// Lanes of the largest tile: tiles share the register array, because each writes a register before reading it.
    registers: usize,
}

impl Flattener<'_> {
    fn statements(&mut self, body: &[Stmt]) -> Vec<Node> {
        let mut nodes = Vec::new();
        for statement in body {
            match statement {
                Stmt::For { var, count, body } | Stmt::Par { var, count, body } => {
                    nodes.push(Node::Loop { var: var.0, count: *count, body: self.statements(body) });
                }
                Stmt::Regions { columns, rows, body } => nodes.push(Node::Regions {
                    columns: columns.iter().map(|column| column.0).collect(),
                    rows: rows.clone(),
                    body: self.statements(body),
                }),
                Stmt::Tile(tile) => {
                    let mut first_lanes = Vec::new();
                    let mut end = 0;
                    for register in &tile.registers {
                        first_lanes.push(end);
                        end += register.lanes;
                    }
                    self.registers = self.registers.max(end);
                    nodes.extend(self.steps(tile, &first_lanes, &tile.body));
                }
            }
        }
        nodes
    }

    fn steps(&self, tile: &Tile, first_lanes: &[usize], body: &[Step]) -> Vec<Node> {
        let node = |step: &Step| match step {
            Step::Do(instr) => self.instr(tile, first_lanes, instr),
            Step::Reduce { var, count, body } => {
                Node::Loop { var: var.0, count: *count, body: self.steps(tile, first_lanes, body) }
            }
        };
        body.iter().map(node).collect()
    }

    fn instr(&self, tile: &Tile, first_lanes: &[usize], instr: &Instr) -> Node {
        let at = |register: Reg| first_lanes[register.0];
        let (register, op) = match *instr {
            Instr::Constant { to, value } => (to, Op::Constant { to: at(to), value: value.get() }),
            Instr::Load { to, ref from } => (to, Op::Load { to: at(to), from: self.place(from) }),
            Instr::Broadcast { to, ref from } => (to, Op::Broadcast { to: at(to), from: self.place(from) }),
            Instr::Store { from, ref to } => (from, Op::Store { from: at(from), to: self.place(to) }),
            Instr::Binary { op, to, left, right } => {
                (to, Op::Binary { op, to: at(to), left: at(left), right: at(right) })
            }
            Instr::MultiplyAdd { to, left, right, addend, fused } => {
                let (to_lane, left, right, addend) = (at(to), at(left), at(right), at(addend));
                let op = if fused {
                    Op::FusedMultiplyAdd { to: to_lane, left, right, addend }
                } else {
                    Op::MultiplyAdd { to: to_lane, left, right, addend }
                };
                (to, op)
            }
            Instr::SelectLess { to, left, right, yes, no } => {
                (to, Op::SelectLess { to: at(to), left: at(left), right: at(right), yes: at(yes), no: at(no) })
            }
            Instr::ShiftLeft { to, from, bits } => (to, Op::ShiftLeft { to: at(to), from: at(from), bits }),
        };
        Node::Do { lanes: tile.registers[register.0].lanes, op }
    }

    fn place(&self, access: &Access) -> Place {
        let buffer = &self.plan.buffers[access.buffer.0];
        let offset = access.offset(buffer);
        Place {
            offset: self.starts[access.buffer.0] as i64 + offset.constant,
            terms: offset.terms.iter().map(|&(var, coefficient)| (var.0, coefficient)).collect(),
            stride: access.lane_stride(buffer),
        }
    }
}

impl Place {
    fn at(&self, vars: &[i64]) -> i64 {
        self.terms.iter().fold(self.offset, |sum, &(var, coefficient)| sum + coefficient * vars[var])
    }

    /// The memory positions of the lanes.
    fn lanes(&self, vars: &[i64]) -> impl Iterator<Item = usize> {
        let (first, stride) = (self.at(vars), self.stride);
        (0..).map(move |lane| (first + lane * stride) as usize)
    }
}

fn execute(body: &[Node], vars: &mut [i64], registers: &[Cell<f32>], memory: &mut [f32]) {
    for node in body {
        match node {
            Node::Loop { var, count, body } => {
                let count = match count {
                    Count::Fixed(count) => *count,
                    Count::Column(column) => vars[column.0],
                };
                for value in 0..count {
                    vars[*var] = value;
                    execute(body, vars, registers, memory);
                }
            }
            Node::Regions { columns, rows, body } => {
                for row in rows {
                    for (&column, &value) in columns.iter().zip(row) {
                        vars[column] = value;
                    }
                    execute(body, vars, registers, memory);
                }
            }
            Node::Do { lanes, op } => op.execute(*lanes, vars, registers, memory),
        }
    }
}

impl Op {
    fn execute(&self, lanes: usize, vars: &[i64], registers: &[Cell<f32>], memory: &mut [f32]) {
        let lanes_of = |first: usize| &registers[first..first + lanes];
        match *self {
            Op::Constant { to, value } => lanes_of(to).iter().for_each(|lane| lane.set(value)),
            Op::Load { to, ref from } => {
                lanes_of(to).iter().zip(from.lanes(vars)).for_each(|(lane, position)| lane.set(memory[position]));
            }
            Op::Broadcast { to, ref from } => {
                let value = memory[from.at(vars) as usize];
                lanes_of(to).iter().for_each(|lane| lane.set(value));
            }
            Op::Store { from, ref to } => {
                lanes_of(from).iter().zip(to.lanes(vars)).for_each(|(lane, position)| memory[position] = lane.get());
            }
            Op::Binary { op, to, left, right } => {
                let [to, left, right] = [to, left, right].map(lanes_of);
                match op {
                    BinaryOp::Add => each(to, left, right, |a, b| a + b),
                    BinaryOp::Sub => each(to, left, right, |a, b| a - b),
                    BinaryOp::Mul => each(to, left, right, |a, b| a * b),
                    BinaryOp::Div => each(to, left, right, |a, b| a / b),
                    BinaryOp::Min => each(to, left, right, |a, b| if a < b { a } else { b }),
                    BinaryOp::Max => each(to, left, right, |a, b| if a > b { a } else { b }),
                }
            }
            Op::MultiplyAdd { to, left, right, addend } => {
                let [to, left, right, addend] = [to, left, right, addend].map(lanes_of);
                for lane in 0..lanes {
                    to[lane].set(left[lane].get() * right[lane].get() + addend[lane].get());
                }
            }
            Op::FusedMultiplyAdd { to, left, right, addend } => {
                let [to, left, right, addend] = [to, left, right, addend].map(lanes_of);
                for lane in 0..lanes {
                    to[lane].set(left[lane].get().mul_add(right[lane].get(), addend[lane].get()));
                }
            }
            Op::SelectLess { to, left, right, yes, no } => {
                let [to, left, right, yes, no] = [to, left, right, yes, no].map(lanes_of);
                for lane in 0..lanes {
                    let value = if left[lane].get() < right[lane].get() { &yes[lane] } else { &no[lane] };
                    to[lane].set(value.get());
                }
            }
            Op::ShiftLeft { to, from, bits } => {
                let shifted = |value: f32| f32::from_bits(value.to_bits() << bits);
                lanes_of(to).iter().zip(lanes_of(from)).for_each(|(to, from)| to.set(shifted(from.get())));
            }
        }
    }
}

fn each(to: &[Cell<f32>], left: &[Cell<f32>], right: &[Cell<f32>], op: impl Fn(f32, f32) -> f32) {
    for ((to, left), right) in to.iter().zip(left).zip(right) {
        to.set(op(left.get(), right.get()));
    }
}
