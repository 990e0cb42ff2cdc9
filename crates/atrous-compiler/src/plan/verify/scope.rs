//! Everything in a stage refers to something that exists, once, and of the right kind.

use std::collections::BTreeSet;

use super::super::affine::Affine;
use super::super::types::{Access, Count, Instr, Part, Plan, Register, Stage, Step, Stmt, Tile, Var};
use super::memory::is_identifier;

/// How deep statements may nest; the checks, the interpreter and the back ends recurse.
const MAX_DEPTH: usize = 64;

pub(super) fn check(plan: &Plan, stage: &Stage) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for name in &stage.vars {
        if !is_identifier(name) {
            return Err(format!("the name `{name}` of a variable is not an identifier"));
        }
        if !names.insert(name.as_str()) {
            return Err(format!("two variables are named `{name}`"));
        }
    }
    let is_parallel = has_parallel_loop(&stage.body);
    match stage.shares {
        ..=0 => return Err(format!("the stage has {} shares", stage.shares)),
        2.. if !is_parallel => return Err(format!("the stage has {} shares but no parallel loop", stage.shares)),
        _ => {}
    }
    let bound = vec![None; stage.vars.len()];
    Scope { plan, stage, names, bound, is_parallel, in_parallel_loop: false, depth: 0 }.statements(&stage.body)
}

fn has_parallel_loop(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::Par { .. } => true,
        Stmt::For { body, .. } | Stmt::Regions { body, .. } => has_parallel_loop(body),
        Stmt::Tile(_) => false,
    })
}

/// What binds a variable.
#[derive(Clone, Copy)]
enum Binding<'a> {
    Loop,
    Column { rows: &'a [Vec<i64>], number: usize },
}

struct Scope<'a> {
    plan: &'a Plan,
    stage: &'a Stage,
    /// The names of the variables.
    names: BTreeSet<&'a str>,
    /// By variable; those not in scope are bound to nothing.
    bound: Vec<Option<Binding<'a>>>,
    /// Whether the stage has a parallel loop.
    is_parallel: bool,
    in_parallel_loop: bool,
    depth: usize,
}

impl<'a> Scope<'a> {
    fn statements(&mut self, body: &'a [Stmt]) -> Result<(), String> {
        self.enter()?;
        for statement in body {
            match statement {
                Stmt::For { var, count, body } => self.repeat(*var, *count, body)?,
                Stmt::Par { var, count, before, body } => {
                    if self.in_parallel_loop {
                        return Err("a parallel loop stands inside another".into());
                    }
                    self.count(*count)?;
                    self.shares(*count, *before)?;
                    self.in_parallel_loop = true;
                    self.repeat(*var, *count, body)?;
                    self.in_parallel_loop = false;
                }
                Stmt::Regions { columns, rows, body } => self.table(columns, rows, body)?,
                Stmt::Tile(tile) => self.tile(tile)?,
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn repeat(&mut self, var: Var, count: Count, body: &'a [Stmt]) -> Result<(), String> {
        self.count(count)?;
        self.bind(var, Binding::Loop)?;
        self.statements(body)?;
        self.bound[var.0] = None;
        Ok(())
    }

    /// The iterations of a parallel loop belong to shares that the stage has.
    fn shares(&self, count: Count, before: Count) -> Result<(), String> {
        self.natural(before, |share| format!("a parallel loop begins at share {share}"))?;
        let column = |count| match count {
            Count::Fixed(_) => None,
            Count::Column(column) => match self.bound.get(column.0).copied().flatten()? {
                Binding::Column { rows, number } => Some((rows, number)),
                Binding::Loop => None,
            },
        };
        let most = |rows: &[Vec<i64>], number: usize| rows.iter().map(|row| row[number]).max().unwrap_or(0);
        let largest = |count| match (count, column(count)) {
            (Count::Fixed(count), _) => count,
            (_, Some((rows, number))) => most(rows, number),
            (_, None) => 0,
        };
        let end = match (column(count), column(before)) {
            (Some((rows, count)), Some((same, before))) if std::ptr::eq(rows, same) => {
                rows.iter().map(|row| row[count].saturating_add(row[before])).max().unwrap_or(0)
            }
            _ => largest(count).saturating_add(largest(before)),
        };
        if end > self.stage.shares {
            return Err(format!("a parallel loop reaches share {}, but the stage has {}", end - 1, self.stage.shares));
        }
        Ok(())
    }

    fn table(&mut self, columns: &[Var], rows: &'a [Vec<i64>], body: &'a [Stmt]) -> Result<(), String> {
        if let Some(row) = rows.iter().find(|row| row.len() != columns.len()) {
            return Err(format!("the row {row:?} is in a table of {} columns", columns.len()));
        }
        for (number, &column) in columns.iter().enumerate() {
            self.bind(column, Binding::Column { rows, number })?;
        }
        self.statements(body)?;
        for column in columns {
            self.bound[column.0] = None;
        }
        Ok(())
    }

    fn tile(&mut self, tile: &'a Tile) -> Result<(), String> {
        let mut names = BTreeSet::new();
        for register in &tile.registers {
            let name = register.name.as_str();
            if !is_identifier(name) {
                return Err(format!("the name `{name}` of a register is not an identifier"));
            }
            if self.names.contains(name) || !names.insert(name) {
                return Err(format!("the name of the register `{name}` is taken"));
            }
            let (lanes, widest) = (register.lanes, self.plan.target.lanes);
            if !lanes.is_power_of_two() || lanes > widest {
                return Err(format!("the register `{name}` has {lanes} lanes, not a power of two up to {widest}"));
            }
        }
        self.steps(tile, &tile.body)
    }

    fn steps(&mut self, tile: &'a Tile, body: &'a [Step]) -> Result<(), String> {
        self.enter()?;
        for step in body {
            match step {
                Step::Do(instr) => self.instr(tile, instr)?,
                Step::Reduce { var, count, body } => {
                    self.count(*count)?;
                    self.bind(*var, Binding::Loop)?;
                    self.steps(tile, body)?;
                    self.bound[var.0] = None;
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn enter(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("statements are nested more than {MAX_DEPTH} deep"));
        }
        Ok(())
    }

    fn bind(&mut self, var: Var, binding: Binding<'a>) -> Result<(), String> {
        let Some(bound) = self.bound.get_mut(var.0) else {
            return Err(format!("there is no variable {}", var.0));
        };
        if bound.replace(binding).is_some() {
            return Err(format!("`{}` is bound inside its own scope", self.stage.vars[var.0]));
        }
        Ok(())
    }

    fn lookup(&self, var: Var) -> Result<Binding<'a>, String> {
        let bound = self.bound.get(var.0).ok_or_else(|| format!("there is no variable {}", var.0))?;
        bound.ok_or_else(|| format!("`{}` is used outside its scope", self.stage.vars[var.0]))
    }

    fn count(&self, count: Count) -> Result<(), String> {
        self.natural(count, |number| format!("a loop runs {number} times"))
    }

    /// A number that is not negative; `says` tells what a given one would say.
    fn natural(&self, number: Count, says: impl Fn(&str) -> String) -> Result<(), String> {
        let column = match number {
            Count::Fixed(0..) => return Ok(()),
            Count::Fixed(negative) => return Err(says(&negative.to_string())),
            Count::Column(column) => column,
        };
        let name = |column: Var| &self.stage.vars[column.0];
        let Binding::Column { rows, number } = self.lookup(column)? else {
            return Err(format!("`{}` counts a loop but is not a column", name(column)));
        };
        match rows.iter().find(|row| row[number] < 0) {
            Some(row) => {
                let says = says(&format!("`{}`", name(column)));
                Err(format!("{says}, which is {} in the row {row:?}", row[number]))
            }
            None => Ok(()),
        }
    }

    fn instr(&self, tile: &Tile, instr: &Instr) -> Result<(), String> {
        if let Instr::Prefetch { at } = instr {
            return self.access(at, 1);
        }
        let mut first: Option<&Register> = None;
        for register in instr.written().into_iter().chain(instr.operands()) {
            let known = tile.registers.get(register.0);
            let register = known.ok_or_else(|| format!("there is no register {}", register.0))?;
            let first = *first.get_or_insert(register);
            if register.lanes != first.lanes {
                return Err(format!(
                    "an instruction mixes `{}` of {} lanes with `{}` of {} lanes",
                    first.name, first.lanes, register.name, register.lanes
                ));
            }
        }
        let first = first.expect("an instruction has a register");
        if matches!(instr, Instr::Store { .. }) && self.is_parallel && !self.in_parallel_loop {
            return Err("a store stands outside the parallel loops of its stage".into());
        }
        match instr {
            Instr::Constant { value, .. } if !value.get().is_finite() => {
                Err(format!("the constant {} is not finite", value.get()))
            }
            Instr::ShiftLeft { bits: 32.., .. } => Err("a shift moves all bits out of a lane".into()),
            Instr::Shuffle { lanes, .. } => shuffle(first, lanes),
            Instr::MultiplyAdd { part, .. } => {
                self::part(*part, first.lanes).map_err(|error| format!("a multiply-add to `{}` {error}", first.name))
            }
            Instr::Load { from: access, .. } | Instr::Store { to: access, .. } => self.access(access, first.lanes),
            Instr::Broadcast { from, .. } => self.access(from, 1),
            _ => Ok(()),
        }
    }

    fn access(&self, access: &Access, lanes: usize) -> Result<(), String> {
        let Some(buffer) = self.plan.buffers.get(access.buffer.0) else {
            return Err(format!("there is no buffer {}", access.buffer.0));
        };
        let (name, dims) = (&buffer.name, buffer.shape.len());
        let indices = access.index.len();
        if indices > dims || (indices == 0 && dims > 0) {
            return Err(format!("`{name}` has {dims} dimensions but an access has {indices} indices"));
        }
        let has_lanes = lanes > 1;
        match access.lanes {
            None if has_lanes => return Err(format!("an access to `{name}` does not say where its lanes are")),
            Some(_) if !has_lanes => return Err(format!("an access to one element of `{name}` has lanes")),
            Some(lanes) if lanes.dim >= indices => {
                return Err(format!("lanes run along dimension {} of `{name}`, which has {indices}", lanes.dim));
            }
            _ => {}
        }
        part(access.lanes.and_then(|along| along.part), lanes)
            .map_err(|error| format!("an access to `{name}` {error}"))?;
        access.index.iter().try_for_each(|index| self.index(index))
    }

    fn index(&self, index: &Affine) -> Result<(), String> {
        for (number, &(var, coefficient)) in index.terms.iter().enumerate() {
            self.lookup(var)?;
            if coefficient == 0 || index.terms[..number].iter().any(|term| term.0 == var) {
                return Err(format!("an index has a zero coefficient or two terms for `{}`", self.stage.vars[var.0]));
            }
        }
        Ok(())
    }
}

/// A part is some of the lanes, and not all of them.
fn part(part: Option<Part>, lanes: usize) -> Result<(), String> {
    match part {
        Some(Part { from, to }) if from >= to || to > lanes || (from, to) == (0, lanes) => {
            Err(format!("uses the lanes {from}..{to} of {lanes}, which is no part of them"))
        }
        _ => Ok(()),
    }
}

/// A shuffle has several lanes, and takes each from one of its operands.
fn shuffle(to: &Register, taken: &[usize]) -> Result<(), String> {
    let Register { name, lanes } = to;
    match taken.iter().find(|&&lane| lane >= 2 * lanes) {
        _ if *lanes < 2 => Err(format!("a shuffle writes `{name}`, which has one lane")),
        _ if taken.len() != *lanes => {
            Err(format!("a shuffle takes {} lanes for `{name}`, which has {lanes}", taken.len()))
        }
        Some(lane) => Err(format!("a shuffle takes lane {lane} of two times {lanes} for `{name}`")),
        None => Ok(()),
    }
}
