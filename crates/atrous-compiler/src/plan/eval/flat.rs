//! A stage in the form that the interpreter executes.

use std::array::from_fn;
use std::ops::Range;

use super::super::types::{Access, BinaryOp, Count, Instr, Part, Plan, Reg, Stage, Step, Stmt, Tile};

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
    /// The iterations whose numbers, with those before, are among the shares to execute.
    Parallel {
        var: usize,
        count: Count,
        before: Count,
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
    Constant {
        to: usize,
        value: f32,
    },
    Load {
        to: usize,
        from: Place,
    },
    Broadcast {
        to: usize,
        from: Place,
    },
    Store {
        from: usize,
        to: Place,
    },
    Binary {
        op: BinaryOp,
        to: usize,
        left: usize,
        right: usize,
    },
    MultiplyAdd {
        to: usize,
        left: usize,
        right: usize,
        addend: usize,
        active: Range<usize>,
    },
    FusedMultiplyAdd {
        to: usize,
        left: usize,
        right: usize,
        addend: usize,
        active: Range<usize>,
    },
    SelectLess {
        to: usize,
        left: usize,
        right: usize,
        yes: usize,
        no: usize,
    },
    ShiftLeft {
        to: usize,
        from: usize,
        bits: u32,
    },
    /// For each lane of the destination, the register lane that it takes.
    Shuffle {
        to: usize,
        from: Vec<usize>,
    },
}

/// Lane `l` is at `offset + Σ coefficient·var + l·stride` in memory.
struct Place {
    offset: i64,
    terms: Vec<(usize, i64)>,
    stride: i64,
    /// The lanes that touch memory.
    active: Range<usize>,
}

impl Program {
    /// Flattens a stage of a checked plan, with each buffer at its start in memory.
    pub(super) fn new(plan: &Plan, starts: &[usize], stage: &Stage) -> Program {
        let mut flattener = Flattener { plan, starts, registers: 0 };
        let body = flattener.statements(&stage.body);
        Program { body, vars: stage.vars.len(), registers: flattener.registers }
    }

    /// Runs some shares of the stage.
    pub(super) fn execute(&self, shares: Range<i64>, memory: &mut [f32]) {
        let mut registers = vec![0.0; self.registers];
        execute(&self.body, &shares, &mut vec![0; self.vars], &mut registers, memory);
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
                Stmt::For { var, count, body } => {
                    nodes.push(Node::Loop { var: var.0, count: *count, body: self.statements(body) });
                }
                Stmt::Par { var, count, before, body } => {
                    let (var, body) = (var.0, self.statements(body));
                    nodes.push(Node::Parallel { var, count: *count, before: *before, body });
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
                Some(Node::Loop { var: var.0, count: *count, body: self.steps(tile, first_lanes, body) })
            }
        };
        body.iter().filter_map(node).collect()
    }

    /// Nothing for what changes nothing.
    fn instr(&self, tile: &Tile, first_lanes: &[usize], instr: &Instr) -> Option<Node> {
        let at = |register: Reg| first_lanes[register.0];
        let lanes = |register: Reg| tile.registers[register.0].lanes;
        let (register, op) = match *instr {
            Instr::Constant { to, value } => (to, Op::Constant { to: at(to), value: value.get() }),
            Instr::Load { to, ref from } => (to, Op::Load { to: at(to), from: self.place(from, lanes(to)) }),
            Instr::Broadcast { to, ref from } => (to, Op::Broadcast { to: at(to), from: self.place(from, 1) }),
            Instr::Store { from, ref to } => (from, Op::Store { from: at(from), to: self.place(to, lanes(from)) }),
            Instr::Prefetch { .. } => return None,
            Instr::Binary { op, to, left, right } => {
                (to, Op::Binary { op, to: at(to), left: at(left), right: at(right) })
            }
            Instr::MultiplyAdd { to, left, right, addend, fused, part } => {
                let active = Part::range(part, lanes(to));
                let (to_lane, left, right, addend) = (at(to), at(left), at(right), at(addend));
                let op = if fused {
                    Op::FusedMultiplyAdd { to: to_lane, left, right, addend, active }
                } else {
                    Op::MultiplyAdd { to: to_lane, left, right, addend, active }
                };
                (to, op)
            }
            Instr::SelectLess { to, left, right, yes, no } => {
                (to, Op::SelectLess { to: at(to), left: at(left), right: at(right), yes: at(yes), no: at(no) })
            }
            Instr::ShiftLeft { to, from, bits } => (to, Op::ShiftLeft { to: at(to), from: at(from), bits }),
            Instr::Shuffle { to, left, right, lanes: ref taken_lanes } => {
                let count = lanes(to);
                let taken = |&lane: &usize| if lane < count { at(left) + lane } else { at(right) + lane - count };
                (to, Op::Shuffle { to: at(to), from: taken_lanes.iter().map(taken).collect() })
            }
        };
        Some(Node::Do { lanes: lanes(register), op })
    }

    fn place(&self, access: &Access, lanes: usize) -> Place {
        let buffer = &self.plan.buffers[access.buffer.0];
        let offset = access.offset(buffer);
        Place {
            offset: self.starts[access.buffer.0] as i64 + offset.constant,
            terms: offset.terms.iter().map(|&(var, coefficient)| (var.0, coefficient)).collect(),
            stride: access.lane_stride(buffer),
            active: access.active(lanes),
        }
    }
}

impl Place {
    fn at(&self, vars: &[i64]) -> i64 {
        self.terms.iter().fold(self.offset, |sum, &(var, coefficient)| sum + coefficient * vars[var])
    }

    /// The memory positions of the lanes from `lane` on; none for those that do not touch memory.
    fn positions(&self, lane: usize, vars: &[i64]) -> impl Iterator<Item = Option<usize>> {
        let (first, stride) = (self.at(vars), self.stride);
        (lane..).map(move |lane| self.active.contains(&lane).then(|| (first + lane as i64 * stride) as usize))
    }
}

fn execute(body: &[Node], shares: &Range<i64>, vars: &mut [i64], registers: &mut [f32], memory: &mut [f32]) {
    let number = |count: Count, vars: &[i64]| match count {
        Count::Fixed(count) => count,
        Count::Column(column) => vars[column.0],
    };
    for node in body {
        match node {
            Node::Loop { var, count, body } => {
                for value in 0..number(*count, vars) {
                    vars[*var] = value;
                    execute(body, shares, vars, registers, memory);
                }
            }
            Node::Parallel { var, count, before, body } => {
                let before = number(*before, vars);
                for value in (shares.start - before).max(0)..(shares.end - before).min(number(*count, vars)) {
                    vars[*var] = value;
                    execute(body, shares, vars, registers, memory);
                }
            }
            Node::Regions { columns, rows, body } => {
                for row in rows {
                    for (&column, &value) in columns.iter().zip(row) {
                        vars[column] = value;
                    }
                    execute(body, shares, vars, registers, memory);
                }
            }
            Node::Do { op: Op::Shuffle { to, from }, .. } => {
                let lanes: Vec<f32> = from.iter().map(|&lane| registers[lane]).collect();
                registers[*to..*to + lanes.len()].copy_from_slice(&lanes);
            }
            // Lanes are a power of two, and each works for itself: groups of a fixed size are fast.
            Node::Do { lanes, op } if *lanes < 4 => {
                (0..*lanes).for_each(|lane| op.execute::<1>(lane, vars, registers, memory));
            }
            Node::Do { lanes, op } => {
                (0..*lanes).step_by(4).for_each(|lane| op.execute::<4>(lane, vars, registers, memory));
            }
        }
    }
}

impl Op {
    /// Executes the lanes from `lane` on.
    fn execute<const LANES: usize>(&self, lane: usize, vars: &[i64], registers: &mut [f32], memory: &mut [f32]) {
        let lanes_of = |first: usize| first + lane..first + lane + LANES;
        let get = |first: usize| {
            let mut lanes = [0.0; LANES];
            lanes.copy_from_slice(&registers[lanes_of(first)]);
            lanes
        };
        let (to, lanes) = match *self {
            Op::Store { from, ref to } => {
                for (position, value) in to.positions(lane, vars).zip(get(from)) {
                    if let Some(position) = position {
                        memory[position] = value;
                    }
                }
                return;
            }
            Op::Constant { to, value } => (to, [value; LANES]),
            Op::Broadcast { to, ref from } => (to, [memory[from.at(vars) as usize]; LANES]),
            Op::Load { to, ref from } => {
                let mut lanes = [0.0; LANES];
                let positions = from.positions(lane, vars);
                positions.zip(&mut lanes).for_each(|(position, lane)| *lane = position.map_or(0.0, |at| memory[at]));
                (to, lanes)
            }
            Op::Binary { op, to, left, right } => (to, binary(op, get(left), get(right))),
            Op::MultiplyAdd { to, left, right, addend, ref active } => {
                let (left, right, addend) = (get(left), get(right), get(addend));
                let sum = |lane: usize| left[lane] * right[lane] + addend[lane];
                (to, from_fn(|at| if active.contains(&(lane + at)) { sum(at) } else { addend[at] }))
            }
            Op::FusedMultiplyAdd { to, left, right, addend, ref active } => {
                let (left, right, addend) = (get(left), get(right), get(addend));
                let sum = |lane: usize| left[lane].mul_add(right[lane], addend[lane]);
                (to, from_fn(|at| if active.contains(&(lane + at)) { sum(at) } else { addend[at] }))
            }
            Op::SelectLess { to, left, right, yes, no } => {
                let (left, right, yes, no) = (get(left), get(right), get(yes), get(no));
                (to, from_fn(|lane| if left[lane] < right[lane] { yes[lane] } else { no[lane] }))
            }
            Op::ShiftLeft { to, from, bits } => (to, get(from).map(|lane| f32::from_bits(lane.to_bits() << bits))),
            // Lanes of a shuffle do not work each for itself: `execute` does it as a whole.
            Op::Shuffle { .. } => return,
        };
        registers[lanes_of(to)].copy_from_slice(&lanes);
    }
}

fn binary<const LANES: usize>(op: BinaryOp, left: [f32; LANES], right: [f32; LANES]) -> [f32; LANES] {
    let each = |op: fn(f32, f32) -> f32| from_fn(|lane| op(left[lane], right[lane]));
    match op {
        BinaryOp::Add => each(|a, b| a + b),
        BinaryOp::Sub => each(|a, b| a - b),
        BinaryOp::Mul => each(|a, b| a * b),
        BinaryOp::Div => each(|a, b| a / b),
        BinaryOp::Min => each(|a, b| if a < b { a } else { b }),
        BinaryOp::Max => each(|a, b| if a > b { a } else { b }),
    }
}
