//! Statements: loops become blocks that count down, with the pointers of their accesses as parameters.

use std::collections::{BTreeMap, BTreeSet};

use atrous_compiler::plan::{Access, Count, Plan, Stage, Stmt, Var};
use cranelift_codegen::ir::{
    Block, BlockArg, Function, GlobalValue, GlobalValueData, InstBuilder, MemFlagsData, UserExternalName, Value, types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::address::{self, Binding, Pointer, Scope};
use super::{First, TABLES, Table, Translated};
use crate::assemble::{Assembled, InstructionSet};

/// Bytes of a pointer and of a number in a table.
pub(super) const WORD: i64 = 8;

/// A function while it is written.
pub(super) struct Emitter<'a> {
    pub plan: &'a Plan,
    pub builder: FunctionBuilder<'a>,
    pub scope: Scope,
    /// The first share to execute, and the one behind the last.
    shares: [Value; 2],
    stage: &'a Stage,
    pub first: First,
    tables: Vec<Table>,
    pub tiles: Vec<Result<Assembled, String>>,
    /// What tiles are assembled for, unless Cranelift compiles them.
    set: Option<InstructionSet>,
    notes: BTreeMap<Block, String>,
}

/// How often a loop runs.
#[derive(Clone, Copy)]
enum Trips {
    /// A number.
    Fixed(i64),
    /// A value that is more than zero.
    Positive(Value),
    /// A value that may be zero.
    Any(Value),
}

/// Fills a function that has its name and signature with the statements of a stage.
pub(super) fn translate(plan: &Plan, stage: &Stage, mut function: Function, first: First) -> Translated {
    let mut context = FunctionBuilderContext::new();
    let builder = FunctionBuilder::new(&mut function, &mut context);
    let (scope, tables, tiles, notes) = (Scope::default(), Vec::new(), Vec::new(), BTreeMap::new());
    let set = InstructionSet::of(&plan.target);
    let shares = [Value::from_u32(0); 2];
    let mut emitter = Emitter { plan, builder, scope, shares, stage, first, tables, tiles, set, notes };
    emitter.enter();
    emitter.statements(&stage.body);
    emitter.builder.ins().return_(&[]);
    // `FunctionBuilder::finalize` would reset the context, which is not used again, and spill references to garbage
    // collected objects, of which there are none.
    let (tables, tiles, notes) = (emitter.tables, emitter.tiles, emitter.notes);
    Translated { function, tables, tiles, notes }
}

impl Emitter<'_> {
    /// Starts the function and loads the base address of each buffer in use.
    fn enter(&mut self) {
        let entry = self.builder.create_block();
        self.builder.append_block_params_for_function_params(entry);
        self.builder.switch_to_block(entry);
        self.builder.seal_block(entry);
        let [bases, first, end] = *self.builder.block_params(entry) else { return };
        self.shares = [first, end];
        let accesses = address::in_statements(&self.stage.body);
        let buffers: BTreeSet<_> = accesses.iter().map(|access| access.buffer).collect();
        for buffer in buffers {
            let base = self.load_word(bases, buffer.0 as i64 * WORD);
            self.scope.keep(Pointer { buffer, terms: Vec::new() }, base);
        }
    }

    fn statements(&mut self, mut statements: &[Stmt]) {
        while let [first, rest @ ..] = statements {
            statements = match self.set.and_then(|set| Some((set, self.callable(statements)?))) {
                Some((set, (tile, count))) => {
                    self.call(set, &tile);
                    &statements[count..]
                }
                None => {
                    self.statement(first);
                    rest
                }
            };
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::For { var, count, body } => {
                let accesses = address::in_statements(body);
                self.counted(*var, *count, &accesses, |emitter| emitter.statements(body));
            }
            Stmt::Par { var, count, before, body } => self.parallel(*var, *count, *before, body),
            Stmt::Regions { columns, rows, body } => self.regions(columns, rows, body),
            Stmt::Tile(tile) => self.tile(tile),
        }
    }

    /// The body for `var` in `0..count`. `accesses` are those of the body.
    pub(super) fn counted(&mut self, var: Var, count: Count, accesses: &[&Access], body: impl FnOnce(&mut Self)) {
        let outer = self.scope.clone();
        match self.trips(count) {
            Trips::Fixed(0) => {}
            Trips::Fixed(1) => {
                self.scope.bind(var, Binding::Constant(0));
                body(self);
            }
            trips => {
                self.scope.bind(var, Binding::Counter);
                let moving = self.scope.moving(self.plan, accesses, &[var]);
                let start = |pointer: &Pointer| (outer.value(&pointer.without(&[var])), pointer.coefficient(var));
                let carried: Vec<_> = moving.iter().map(start).collect();
                let note = format!("for {} in 0..{}", self.name(var), self.count_text(count));
                self.repeat(trips, note, &carried, |emitter, current| {
                    for (pointer, &value) in moving.into_iter().zip(current) {
                        emitter.scope.keep(pointer, value);
                    }
                    body(emitter);
                });
            }
        }
        self.scope = outer;
    }

    /// The body for those iterations whose share is among those to execute.
    fn parallel(&mut self, var: Var, count: Count, before: Count, body: &[Stmt]) {
        let outer = self.scope.clone();
        let [start, end] = self.shares;
        let (first, end) = match self.trips(before) {
            Trips::Fixed(0) => (start, end),
            before => {
                let before = self.number(before);
                (self.builder.ins().isub(start, before), self.builder.ins().isub(end, before))
            }
        };
        let (zero, trips) = (self.builder.ins().iconst(types::I64, 0), self.trips(count));
        let count_value = self.number(trips);
        let first = self.builder.ins().smax(first, zero);
        let end = self.builder.ins().smin(end, count_value);
        let remaining = self.builder.ins().isub(end, first);
        let remaining = self.builder.ins().smax(remaining, zero);
        self.scope.bind(var, Binding::Counter);
        let mut carried = Vec::new();
        let moving = self.scope.moving(self.plan, &address::in_statements(body), &[var]);
        for pointer in &moving {
            let step = pointer.coefficient(var);
            let offset = self.builder.ins().imul_imm_s(first, step);
            let start = self.builder.ins().iadd(outer.value(&pointer.without(&[var])), offset);
            carried.push((start, step));
        }
        let note = format!("for {} in 0..{}, those in the shares", self.name(var), self.count_text(count));
        self.repeat(Trips::Any(remaining), note, &carried, |emitter, current| {
            for (pointer, &value) in moving.into_iter().zip(current) {
                emitter.scope.keep(pointer, value);
            }
            emitter.statements(body);
        });
        self.scope = outer;
    }

    fn number(&mut self, trips: Trips) -> Value {
        match trips {
            Trips::Fixed(count) => self.builder.ins().iconst(types::I64, count),
            Trips::Positive(count) | Trips::Any(count) => count,
        }
    }

    /// The body once per row. A column that is the same in all rows is a number in the body.
    fn regions(&mut self, columns: &[Var], rows: &[Vec<i64>], body: &[Stmt]) {
        let Some(first) = rows.first() else { return };
        let outer = self.scope.clone();
        let same = |column: usize| rows.iter().all(|row| row[column] == first[column]);
        let (fixed, varying): (Vec<_>, Vec<_>) = (0..columns.len()).partition(|&column| same(column));
        for column in fixed {
            self.scope.bind(columns[column], Binding::Constant(first[column]));
        }
        if rows.len() == 1 {
            self.statements(body);
        } else {
            let names: Vec<_> = columns.iter().map(|&var| self.name(var).to_owned()).collect();
            let note = format!("for each row of ({})", names.join(", "));
            let table = self.table(Table { columns: names, rows: rows.to_vec() });
            let start = self.builder.ins().symbol_value(types::I64, table);
            let carried = [(start, columns.len() as i64 * WORD)];
            self.repeat(Trips::Fixed(rows.len() as i64), note, &carried, |emitter, current| {
                let vars: Vec<_> = varying.iter().map(|&column| columns[column]).collect();
                for (&var, &column) in vars.iter().zip(&varying) {
                    let number = emitter.load_word(current[0], column as i64 * WORD);
                    let positive = rows.iter().all(|row| row[column] > 0);
                    emitter.scope.bind(var, Binding::Column { value: number, positive });
                }
                emitter.keep_row_pointers(&vars, &address::in_statements(body));
                emitter.statements(body);
            });
        }
        self.scope = outer;
    }

    /// Computes the pointers of accesses that depend on columns which have just been bound.
    fn keep_row_pointers(&mut self, columns: &[Var], accesses: &[&Access]) {
        for pointer in self.scope.moving(self.plan, accesses, columns) {
            let mut value = self.scope.value(&pointer.without(columns));
            for &(var, bytes) in &pointer.terms {
                if let (true, Some(Binding::Column { value: number, .. })) =
                    (columns.contains(&var), self.scope.binding(var))
                {
                    let step = self.builder.ins().imul_imm_s(number, bytes);
                    value = self.builder.ins().iadd(value, step);
                }
            }
            self.scope.keep(pointer, value);
        }
    }

    /// A loop. `carried` are values at the first iteration and what is added to them after each; the body gets the
    /// current ones.
    fn repeat(&mut self, trips: Trips, note: String, carried: &[(Value, i64)], body: impl FnOnce(&mut Self, &[Value])) {
        let (block, exit) = (self.builder.create_block(), self.builder.create_block());
        self.notes.insert(exit, format!("after: {note}"));
        self.notes.insert(block, note);
        let remaining = self.number(trips);
        let arguments: Vec<_> = [remaining].into_iter().chain(carried.iter().map(|start| start.0)).collect();
        for _ in &arguments {
            self.builder.append_block_param(block, types::I64);
        }
        let arguments: Vec<_> = arguments.into_iter().map(BlockArg::Value).collect();
        match trips {
            Trips::Fixed(_) | Trips::Positive(_) => self.builder.ins().jump(block, &arguments),
            Trips::Any(count) => self.builder.ins().brif(count, block, &arguments, exit, &[]),
        };
        self.builder.switch_to_block(block);
        let current = self.builder.block_params(block).to_vec();
        body(self, &current[1..]);
        let steps = [-1].into_iter().chain(carried.iter().map(|start| start.1));
        let next: Vec<_> =
            current.iter().zip(steps).map(|(&value, step)| self.builder.ins().iadd_imm_s(value, step)).collect();
        let arguments: Vec<_> = next.iter().copied().map(BlockArg::Value).collect();
        self.builder.ins().brif(next[0], block, &arguments, exit, &[]);
        self.builder.seal_block(block);
        self.builder.switch_to_block(exit);
        self.builder.seal_block(exit);
    }

    fn trips(&self, count: Count) -> Trips {
        match count {
            Count::Fixed(count) => Trips::Fixed(count),
            Count::Column(var) => match self.scope.binding(var) {
                Some(Binding::Constant(count)) => Trips::Fixed(count),
                Some(Binding::Column { value, positive: true }) => Trips::Positive(value),
                Some(Binding::Column { value, positive: false }) => Trips::Any(value),
                // A verified plan counts by the columns of an enclosing table only.
                Some(Binding::Counter) | None => Trips::Fixed(0),
            },
        }
    }

    fn load_word(&mut self, pointer: Value, displacement: i64) -> Value {
        let flags = MemFlagsData::trusted().with_readonly();
        let (pointer, displacement) = self.displace(pointer, displacement);
        self.builder.ins().load(types::I64, flags, pointer, displacement)
    }

    /// A pointer and a displacement that fits into an instruction.
    pub(super) fn displace(&mut self, pointer: Value, displacement: i64) -> (Value, i32) {
        match i32::try_from(displacement) {
            Ok(displacement) => (pointer, displacement),
            Err(_) => (self.builder.ins().iadd_imm_s(pointer, displacement), 0),
        }
    }

    /// Numbers outside the function that it can read. Their address need not be near the code.
    fn table(&mut self, table: Table) -> GlobalValue {
        let index = (self.first.table + self.tables.len()) as u32;
        self.tables.push(table);
        let name = UserExternalName { namespace: TABLES, index };
        let name = self.builder.func.declare_imported_user_function(name);
        let name = cranelift_codegen::ir::ExternalName::user(name);
        let symbol = GlobalValueData::Symbol { name, offset: 0.into(), colocated: false, tls: false };
        self.builder.create_global_value(symbol)
    }

    fn name(&self, var: Var) -> &str {
        &self.stage.vars[var.0]
    }

    fn count_text(&self, count: Count) -> String {
        match count {
            Count::Fixed(count) => count.to_string(),
            Count::Column(var) => self.name(var).to_owned(),
        }
    }
}
