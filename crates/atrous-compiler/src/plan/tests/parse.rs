//! Reads the notation of `print`. Panics on anything else: the texts are those of the tests.

use std::iter::Peekable;
use std::str::Lines;

use crate::layer::Number;
use crate::plan::{
    Access, Affine, BinaryOp, Buffer, BufferId, Count, Instr, Lanes, Part, Plan, Reg, Register, Role, Stage, Step,
    Stmt, Target, Tile, Var,
};

/// The plan with a text. Variables and registers are numbered by their first appearance.
pub fn plan(text: &str) -> Plan {
    let mut lines = text.lines().peekable();
    let header = lines.next().unwrap();
    let (name, target) = header.strip_prefix("plan ").unwrap().split_once(" for ").unwrap();
    let mut plan = Plan {
        name: name.into(),
        target: self::target(target),
        buffers: Vec::new(),
        packed_len: 0,
        scratch_len: 0,
        pack: Vec::new(),
        run: Vec::new(),
    };
    while let Some(line) = lines.next_if(|line| line.starts_with("  ")) {
        let (word, rest) = line.trim().split_once(' ').unwrap();
        if word == "arenas" {
            let (packed, scratch) = rest.trim().split_once(", ").unwrap();
            plan.packed_len = packed.strip_prefix("packed ").unwrap().parse().unwrap();
            plan.scratch_len = scratch.strip_prefix("scratch ").unwrap().parse().unwrap();
        } else {
            plan.buffers.push(buffer(word, rest.trim()));
        }
    }
    while let Some(head) = lines.next() {
        let (program, head) = head.split_once(' ').unwrap();
        let (name, shares) = head.strip_suffix(" shares").map_or((head, "1"), |head| head.split_once(" in ").unwrap());
        let shares = shares.parse().unwrap();
        let mut reader = Reader { buffers: &plan.buffers, vars: Vec::new() };
        let body = reader.statements(&mut lines, 1);
        let stage = Stage { name: name.into(), vars: reader.vars, shares, body, decision: None };
        match program {
            "pack" => plan.pack.push(stage),
            "run" => plan.run.push(stage),
            _ => panic!("{head}"),
        }
    }
    plan
}

fn target(text: &str) -> Target {
    let (name, rest) = text.split_once(" (").unwrap();
    let (registers, rest) = rest.split_once(" registers of ").unwrap();
    let (lanes, rounding) = rest.split_once(" lanes, ").unwrap();
    let known = Target::all().into_iter().find(|known| known.name == name).unwrap();
    let fused = rounding == "multiply-add rounds once)";
    Target { lanes: lanes.parse().unwrap(), registers: registers.parse().unwrap(), fused, ..known }
}

fn buffer(role: &str, rest: &str) -> Buffer {
    let (name, rest) = rest.split_once('[').unwrap();
    let (shape, rest) = rest.split_once(']').unwrap();
    let offset = || rest.trim().strip_prefix("at ").unwrap().parse().unwrap();
    let role = match role {
        "input" => Role::Input,
        "output" => Role::Output,
        "parameter" => Role::Parameter,
        "packed" => Role::Packed { offset: offset() },
        "scratch" => Role::Scratch { offset: offset() },
        _ => panic!("{role}"),
    };
    let shape = shape.split(", ").filter(|size| !size.is_empty()).map(|size| size.parse().unwrap());
    Buffer { name: name.trim().into(), role, shape: shape.collect() }
}

struct Reader<'a> {
    buffers: &'a [Buffer],
    vars: Vec<String>,
}

/// The next line if it stands at a depth; a table is joined to one line.
fn line_at(lines: &mut Peekable<Lines>, depth: usize) -> Option<String> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let line = lines.next_if(|line| indent(line) == 2 * depth)?;
    let mut text = line.trim().to_string();
    while text.starts_with("regions ") && !text.ends_with(']') {
        text = format!("{text} {}", lines.next().unwrap().trim());
    }
    Some(text)
}

impl Reader<'_> {
    fn statements(&mut self, lines: &mut Peekable<Lines>, depth: usize) -> Vec<Stmt> {
        let mut body = Vec::new();
        while let Some(line) = line_at(lines, depth) {
            let (word, rest) = line.split_once(' ').unwrap();
            body.push(match word {
                "for" => {
                    let (var, count) = self.loop_head(rest);
                    Stmt::For { var, count, body: self.statements(lines, depth + 1) }
                }
                "par" => {
                    let (rest, before) = rest.split_once(" after ").unwrap_or((rest, "0"));
                    let (var, count) = self.loop_head(rest);
                    let before = self.count(before);
                    Stmt::Par { var, count, before, body: self.statements(lines, depth + 1) }
                }
                "regions" => {
                    let (names, rows) = rest.split_once(" in ").unwrap();
                    let columns = tuple(names).iter().map(|name| self.var(name)).collect();
                    let rows = tuples(rows.strip_prefix('[').unwrap().strip_suffix(']').unwrap().trim_start());
                    Stmt::Regions { columns, rows, body: self.statements(lines, depth + 1) }
                }
                "tile" => {
                    let mut lanes = rest.split(", ");
                    let most = lanes.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
                    let others: Vec<&str> = lanes.collect();
                    let mut registers = Vec::new();
                    let body = self.steps(lines, depth + 1, &mut registers);
                    let lanes_of = |name: &str| {
                        let other = others.iter().find_map(|other| other.strip_prefix(name)?.strip_prefix(' '));
                        other.map_or(most, |lanes| lanes.parse().unwrap())
                    };
                    let register = |name: String| Register { lanes: lanes_of(&name), name };
                    Stmt::Tile(Tile { registers: registers.into_iter().map(register).collect(), body })
                }
                _ => panic!("{line}"),
            });
        }
        body
    }

    fn steps(&mut self, lines: &mut Peekable<Lines>, depth: usize, registers: &mut Vec<String>) -> Vec<Step> {
        let mut body = Vec::new();
        while let Some(line) = line_at(lines, depth) {
            body.push(match line.strip_prefix("reduce ") {
                Some(rest) => {
                    let (var, count) = self.loop_head(rest);
                    Step::Reduce { var, count, body: self.steps(lines, depth + 1, registers) }
                }
                None => Step::Do(self.instr(&line, registers)),
            });
        }
        body
    }

    fn loop_head(&mut self, text: &str) -> (Var, Count) {
        let (name, count) = text.split_once(" in 0..").unwrap();
        let var = self.var(name);
        (var, self.count(count))
    }

    fn count(&mut self, text: &str) -> Count {
        text.parse().map_or_else(|_| Count::Column(self.var(text)), Count::Fixed)
    }

    fn instr(&mut self, line: &str, registers: &mut Vec<String>) -> Instr {
        let mut reg = |name: &str| Reg(number(registers, name));
        if let Some(rest) = line.strip_prefix("store ") {
            let (to, from) = rest.split_once(" = ").unwrap();
            return Instr::Store { from: reg(from), to: self.access(to) };
        }
        if let Some(at) = line.strip_prefix("prefetch ") {
            return Instr::Prefetch { at: self.access(at) };
        }
        let (to, value) = line.split_once(" = ").unwrap();
        let to = reg(to);
        if let Some(from) = value.strip_prefix("load ") {
            return Instr::Load { to, from: self.access(from) };
        }
        if let Some(from) = value.strip_prefix("broadcast ") {
            return Instr::Broadcast { to, from: self.access(from) };
        }
        if let Ok(value) = value.parse() {
            return Instr::Constant { to, value: Number::new(value) };
        }
        if let Some(rest) = value.strip_prefix("shuffle(") {
            let (names, lanes) = rest.strip_suffix(']').unwrap().split_once(") [").unwrap();
            let (left, right) = names.split_once(", ").unwrap();
            let lanes = lanes.split(' ').map(|lane| lane.parse().unwrap()).collect();
            return Instr::Shuffle { to, left: reg(left), right: reg(right), lanes };
        }
        let (value, part) = value.split_once(" only ").unzip();
        let value = value.unwrap_or(line.split_once(" = ").unwrap().1);
        let part = part.map(part_of);
        let words: Vec<&str> = value.split([' ', '*', '(', ')', ',']).filter(|word| !word.is_empty()).collect();
        let op = match words.as_slice() {
            ["fma", left, right, addend] => {
                let [left, right, addend] = [left, right, addend].map(|name| reg(name));
                return Instr::MultiplyAdd { to, left, right, addend, fused: true, part };
            }
            [left, right, "+", addend] => {
                let [left, right, addend] = [left, right, addend].map(|name| reg(name));
                return Instr::MultiplyAdd { to, left, right, addend, fused: false, part };
            }
            ["if", left, "<", right, "then", yes, "else", no] => {
                let [left, right, yes, no] = [left, right, yes, no].map(|name| reg(name));
                return Instr::SelectLess { to, left, right, yes, no };
            }
            [from, "<<", bits] => return Instr::ShiftLeft { to, from: reg(from), bits: bits.parse().unwrap() },
            [left, "+", right] => (BinaryOp::Add, left, right),
            [left, "-", right] => (BinaryOp::Sub, left, right),
            [left, "/", right] => (BinaryOp::Div, left, right),
            ["min", left, right] => (BinaryOp::Min, left, right),
            ["max", left, right] => (BinaryOp::Max, left, right),
            [left, right] => (BinaryOp::Mul, left, right),
            _ => panic!("{line}"),
        };
        Instr::Binary { op: op.0, to, left: reg(op.1), right: reg(op.2) }
    }

    fn access(&mut self, text: &str) -> Access {
        let (name, index) = text.strip_suffix(']').unwrap().split_once('[').unwrap();
        let buffer = BufferId(self.buffers.iter().position(|buffer| buffer.name == name).unwrap());
        let mut access = Access { buffer, index: Vec::new(), lanes: None };
        for (dim, index) in index.split(", ").filter(|index| !index.is_empty()).enumerate() {
            let (start, lanes) = index.split_once(" ..+").unwrap_or((index, ""));
            access.index.push(self.affine(start));
            if !lanes.is_empty() {
                let (lanes, part) = lanes.split_once(" only ").unzip();
                let lanes = lanes.unwrap_or(index.split_once(" ..+").unwrap().1);
                let step = lanes.split_once(" by ").map_or(1, |(_, step)| step.parse().unwrap());
                let part = part.map(part_of);
                access.lanes = Some(Lanes { dim, step, part });
            }
        }
        access
    }

    fn affine(&mut self, text: &str) -> Affine {
        let text = text.replace(" - ", " + -");
        text.split(" + ").fold(Affine::constant(0), |sum, term| {
            let (sign, size) = term.strip_prefix('-').map_or((1, term), |size| (-1, size));
            match (size.parse::<i64>(), size.split_once('*')) {
                (Ok(constant), _) => sum.plus_constant(sign * constant),
                (_, Some((factor, name))) => sum.plus_term(self.var(name), sign * factor.parse::<i64>().unwrap()),
                (_, None) => sum.plus_term(self.var(size), sign),
            }
        })
    }

    fn var(&mut self, name: &str) -> Var {
        Var(number(&mut self.vars, name))
    }
}

fn number(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|known| known == name).unwrap_or_else(|| {
        names.push(name.into());
        names.len() - 1
    })
}

fn part_of(text: &str) -> Part {
    let (from, to) = text.split_once("..").unwrap();
    Part { from: from.parse().unwrap(), to: to.parse().unwrap() }
}

fn tuple(text: &str) -> Vec<&str> {
    text.trim_matches(['(', ')']).split(", ").filter(|item| !item.is_empty()).collect()
}

/// `(0, 1), (2, 3)`, or `0, 2` for rows of one number.
fn tuples(text: &str) -> Vec<Vec<i64>> {
    let numbers = |row: &str| tuple(row).iter().map(|number| number.parse().unwrap()).collect();
    let separator = if text.starts_with('(') { "), (" } else { ", " };
    text.split(separator).filter(|row| !row.is_empty()).map(numbers).collect()
}
