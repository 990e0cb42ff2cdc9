//! The text form of plans, for people and snapshots.
//!
//! Lanes are written at the index they run along: `4*v ..+4` are four neighbours, `8*v ..+4 by 2` every second of
//! eight. A multiply-add that rounds twice is `x*w + acc`, one that rounds once `fma(x, w, acc)`.

use std::fmt::{Display, Formatter, Result};

use super::affine::Affine;
use super::types::{
    Access, BinaryOp, Buffer, BufferId, Count, Instr, Part, Plan, Reg, Register, Role, Stage, Step, Stmt, Tile, Var,
};

/// Tables wrap where a line would be longer.
const WIDTH: usize = 100;

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let target = &self.target;
        let rounding = if target.fused { "multiply-add rounds once" } else { "multiply-add rounds twice" };
        let registers = format!("{} registers of {} lanes", target.registers, target.lanes);
        writeln!(f, "plan {} for {} ({registers}, {rounding})", self.name, target.name)?;
        buffers(f, &self.buffers)?;
        writeln!(f, "  arenas    packed {}, scratch {}", self.packed_len, self.scratch_len)?;
        for (program, stages) in [("pack", &self.pack), ("run", &self.run)] {
            for stage in stages {
                writeln!(f, "{program} {}", head(stage))?;
                Printer { buffers: &self.buffers, stage, registers: &[] }.statements(f, 1, &stage.body)?;
            }
        }
        Ok(())
    }
}

/// Buffers are written by their numbers, `buffer3`: their names are the plan's.
impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        writeln!(f, "stage {}", head(self))?;
        Printer { buffers: &[], stage: self, registers: &[] }.statements(f, 1, &self.body)
    }
}

/// The name, and the shares where there are several.
fn head(stage: &Stage) -> String {
    match stage.shares {
        1 => stage.name.clone(),
        shares => format!("{} in {shares} shares", stage.name),
    }
}

/// Variables are written by their numbers, `var3`: their names are the stage's.
impl Display for Affine {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&affine(self, &[]))
    }
}

fn buffers(f: &mut Formatter<'_>, buffers: &[Buffer]) -> Result {
    let shapes: Vec<String> = buffers.iter().map(|buffer| format!("{:?}", buffer.shape)).collect();
    let name_width = buffers.iter().map(|buffer| buffer.name.chars().count()).max().unwrap_or(0);
    let shape_width = shapes.iter().map(String::len).max().unwrap_or(0);
    for (buffer, shape) in buffers.iter().zip(shapes) {
        let (role, offset) = match buffer.role {
            Role::Input => ("input", None),
            Role::Output => ("output", None),
            Role::Parameter => ("parameter", None),
            Role::Packed { offset } => ("packed", Some(offset)),
            Role::Scratch { offset } => ("scratch", Some(offset)),
        };
        write!(f, "  {role:<9} {:<name_width$}  ", buffer.name)?;
        match offset {
            None => write!(f, "{shape}")?,
            Some(offset) => write!(f, "{shape:<shape_width$}  at {offset}")?,
        }
        writeln!(f)?;
    }
    Ok(())
}

/// What the names in a stage, or in one of its tiles, are.
#[derive(Clone, Copy)]
struct Printer<'a> {
    buffers: &'a [Buffer],
    stage: &'a Stage,
    registers: &'a [Register],
}

impl Printer<'_> {
    fn statements(self, f: &mut Formatter<'_>, depth: usize, body: &[Stmt]) -> Result {
        for statement in body {
            match statement {
                Stmt::For { var, count, body } => {
                    line(f, depth, &self.loop_head("for", *var, *count))?;
                    self.statements(f, depth + 1, body)?;
                }
                Stmt::Par { var, count, before, body } => {
                    let before = match before {
                        Count::Fixed(0) => String::new(),
                        before => format!(" after {}", self.count(*before)),
                    };
                    line(f, depth, &(self.loop_head("par", *var, *count) + &before))?;
                    self.statements(f, depth + 1, body)?;
                }
                Stmt::Regions { columns, rows, body } => {
                    self.table(f, depth, columns, rows)?;
                    self.statements(f, depth + 1, body)?;
                }
                Stmt::Tile(tile) => {
                    line(f, depth, &tile_head(tile))?;
                    Printer { registers: &tile.registers, ..self }.steps(f, depth + 1, &tile.body)?;
                }
            }
        }
        Ok(())
    }

    fn steps(self, f: &mut Formatter<'_>, depth: usize, body: &[Step]) -> Result {
        for step in body {
            match step {
                Step::Do(instr) => line(f, depth, &self.instr(instr))?,
                Step::Reduce { var, count, body } => {
                    line(f, depth, &self.loop_head("reduce", *var, *count))?;
                    self.steps(f, depth + 1, body)?;
                }
            }
        }
        Ok(())
    }

    fn loop_head(self, word: &str, var: Var, count: Count) -> String {
        format!("{word} {} in 0..{}", self.var(var), self.count(count))
    }

    fn count(self, count: Count) -> String {
        match count {
            Count::Fixed(count) => count.to_string(),
            Count::Column(column) => self.var(column),
        }
    }

    /// One line where it fits, else as many rows to a line as fit.
    fn table(self, f: &mut Formatter<'_>, depth: usize, columns: &[Var], rows: &[Vec<i64>]) -> Result {
        let tuple = |cells: Vec<String>| match cells.as_slice() {
            [cell] => cell.clone(),
            cells => format!("({})", cells.join(", ")),
        };
        let names = tuple(columns.iter().map(|&column| self.var(column)).collect());
        let cells = rows.iter().map(|row| tuple(row.iter().map(i64::to_string).collect()));
        let mut text = format!("regions {names} in [");
        for (number, row) in cells.enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            let is_first_in_line = text.ends_with(' ');
            if !is_first_in_line && 2 * depth + text.len() + separator.len() + row.len() + 1 > WIDTH {
                line(f, depth, &format!("{text}{}", separator.trim_end()))?;
                text = format!("    {row}");
            } else {
                text = format!("{text}{separator}{row}");
            }
        }
        line(f, depth, &format!("{text}]"))
    }

    fn instr(self, instr: &Instr) -> String {
        let reg = |register: &Reg| self.reg(*register);
        let lanes = |register: &Reg| self.registers.get(register.0).map_or(1, |register| register.lanes);
        match instr {
            Instr::Constant { to, value } => format!("{} = {:?}", reg(to), value.get()),
            Instr::Load { to, from } => format!("{} = load {}", reg(to), self.access(from, lanes(to))),
            Instr::Broadcast { to, from } => format!("{} = broadcast {}", reg(to), self.access(from, lanes(to))),
            Instr::Store { from, to } => format!("store {} = {}", self.access(to, lanes(from)), reg(from)),
            Instr::Prefetch { at } => format!("prefetch {}", self.access(at, 1)),
            Instr::Binary { op, to, left, right } => {
                format!("{} = {}", reg(to), binary(*op, &reg(left), &reg(right)))
            }
            Instr::MultiplyAdd { to, left, right, addend, fused, part } => {
                let [left, right, addend] = [left, right, addend].map(reg);
                let sum = if *fused {
                    format!("fma({left}, {right}, {addend})")
                } else {
                    format!("{left}*{right} + {addend}")
                };
                format!("{} = {sum}{}", reg(to), only(*part))
            }
            Instr::SelectLess { to, left, right, yes, no } => {
                format!("{} = if {} < {} then {} else {}", reg(to), reg(left), reg(right), reg(yes), reg(no))
            }
            Instr::ShiftLeft { to, from, bits } => format!("{} = {} << {bits}", reg(to), reg(from)),
            Instr::Shuffle { to, left, right, lanes } => {
                let lanes: Vec<String> = lanes.iter().map(usize::to_string).collect();
                format!("{} = shuffle({}, {}) [{}]", reg(to), reg(left), reg(right), lanes.join(" "))
            }
        }
    }

    fn access(self, access: &Access, lanes: usize) -> String {
        let index = access.index.iter().enumerate().map(|(dim, index)| {
            let start = affine(index, &self.stage.vars);
            match access.lanes {
                Some(along) if along.dim == dim => {
                    let step = if along.step == 1 { String::new() } else { format!(" by {}", along.step) };
                    format!("{start} ..+{lanes}{step}{}", only(along.part))
                }
                _ => start,
            }
        });
        format!("{}[{}]", self.buffer(access.buffer), index.collect::<Vec<_>>().join(", "))
    }

    fn var(self, var: Var) -> String {
        var_name(var, &self.stage.vars)
    }

    fn reg(self, register: Reg) -> String {
        self.registers.get(register.0).map_or_else(|| format!("register{}", register.0), |known| known.name.clone())
    }

    fn buffer(self, buffer: BufferId) -> String {
        self.buffers.get(buffer.0).map_or_else(|| format!("buffer{}", buffer.0), |known| known.name.clone())
    }
}

fn only(part: Option<Part>) -> String {
    part.map_or(String::new(), |part| format!(" only {}..{}", part.from, part.to))
}

fn line(f: &mut Formatter<'_>, depth: usize, text: &str) -> Result {
    writeln!(f, "{:indent$}{text}", "", indent = 2 * depth)
}

/// The largest number of lanes, then the registers that have fewer. Registers that nothing writes are left out.
fn tile_head(tile: &Tile) -> String {
    let mut is_written = vec![false; tile.registers.len()];
    tile.each(&mut |instr| instr.written().iter().for_each(|register| is_written[register.0] = true));
    let written = || tile.registers.iter().zip(&is_written).filter(|(_, is_written)| **is_written);
    let most = written().map(|(register, _)| register.lanes).max().unwrap_or(1);
    let others = written().filter(|(register, _)| register.lanes != most);
    let others: String = others.map(|(register, _)| format!(", {} {}", register.name, register.lanes)).collect();
    format!("tile of {most} {}{others}", if most == 1 { "lane" } else { "lanes" })
}

fn binary(op: BinaryOp, left: &str, right: &str) -> String {
    match op {
        BinaryOp::Add => format!("{left} + {right}"),
        BinaryOp::Sub => format!("{left} - {right}"),
        BinaryOp::Mul => format!("{left}*{right}"),
        BinaryOp::Div => format!("{left} / {right}"),
        BinaryOp::Min => format!("min({left}, {right})"),
        BinaryOp::Max => format!("max({left}, {right})"),
    }
}

fn var_name(var: Var, names: &[String]) -> String {
    names.get(var.0).cloned().unwrap_or_else(|| format!("var{}", var.0))
}

/// `index` with the variables named.
pub(super) fn affine(index: &Affine, names: &[String]) -> String {
    let mut text = String::new();
    let mut summand = |is_negative: bool, size: String| {
        let sign = match (text.is_empty(), is_negative) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        };
        text += &format!("{sign}{size}");
    };
    // `3 - q` rather than `-q + 3`.
    let begins_negative = index.terms.first().is_some_and(|&(_, coefficient)| coefficient < 0);
    let constant_first = begins_negative && index.constant > 0;
    if constant_first {
        summand(false, index.constant.to_string());
    }
    for &(var, coefficient) in &index.terms {
        let name = var_name(var, names);
        let size = match coefficient.unsigned_abs() {
            1 => name,
            size => format!("{size}*{name}"),
        };
        summand(coefficient < 0, size);
    }
    if !constant_first && (index.constant != 0 || index.terms.is_empty()) {
        summand(index.constant < 0, index.constant.unsigned_abs().to_string());
    }
    text
}
