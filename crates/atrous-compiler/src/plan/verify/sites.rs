//! Every access of a stage together with the loops and tables around it.

use std::rc::Rc;

use super::super::types::{Access, Count, Instr, Reg, Stage, Step, Stmt, Tile, Var};

/// One access of one instruction.
pub(super) struct Site<'a> {
    pub access: &'a Access,
    pub is_store: bool,
    /// Whether what it touches may lie outside of the buffer.
    pub may_miss: bool,
    /// How many elements it touches at once.
    pub lanes: i64,
    pub context: Rc<Context<'a>>,
}

/// The loops and tables around a site, outermost first. Rows of different tables combine freely.
#[derive(Clone)]
pub(super) struct Context<'a> {
    pub loops: Vec<Loop>,
    pub tables: Vec<Table<'a>>,
}

/// A loop around a site, of any kind.
#[derive(Clone, Copy)]
pub(super) struct Loop {
    pub var: Var,
    pub count: Times,
}

/// How often a loop runs.
#[derive(Clone, Copy)]
pub(super) enum Times {
    Fixed(i64),
    Column(Cell),
}

/// A column of a table of a [`Context`].
#[derive(Clone, Copy)]
pub(super) struct Cell {
    pub table: usize,
    pub column: usize,
}

/// A table around a site.
#[derive(Clone)]
pub(super) struct Table<'a> {
    pub columns: &'a [Var],
    pub rows: &'a [Vec<i64>],
    /// The rows with which all loops around the site that this table counts run at least once.
    pub live: Vec<&'a [i64]>,
}

/// Where the values of a variable come from.
#[derive(Clone, Copy)]
pub(super) enum Source {
    /// `0..count`
    Loop(Times),
    /// The rows of a table.
    Column(Cell),
}

impl Context<'_> {
    /// What binds a variable that is in scope.
    pub(super) fn source(&self, var: Var) -> Source {
        if let Some(around) = self.loops.iter().find(|around| around.var == var) {
            return Source::Loop(around.count);
        }
        self.cell(var).map_or(Source::Loop(Times::Fixed(0)), Source::Column)
    }

    fn cell(&self, var: Var) -> Option<Cell> {
        let column = |table: &Table| table.columns.iter().position(|&column| column == var);
        let mut found = self.tables.iter().enumerate().filter_map(|(number, table)| Some((number, column(table)?)));
        found.next().map(|(table, column)| Cell { table, column })
    }

    /// Whether the site is executed at all.
    pub(super) fn is_executed(&self) -> bool {
        let has_iterations = |around: &Loop| !matches!(around.count, Times::Fixed(0));
        self.loops.iter().all(has_iterations) && self.tables.iter().all(|table| !table.live.is_empty())
    }

    /// The most iterations of a loop that execute the site.
    pub(super) fn most_iterations(&self, count: Times) -> i64 {
        match count {
            Times::Fixed(count) => count,
            Times::Column(cell) => {
                let counts = self.tables[cell.table].live.iter().map(|row| row[cell.column]);
                counts.max().unwrap_or(0)
            }
        }
    }

    fn inside_loop(&self, var: Var, count: Count) -> Self {
        let count = match count {
            Count::Fixed(count) => Times::Fixed(count),
            Count::Column(column) => self.cell(column).map_or(Times::Fixed(0), Times::Column),
        };
        let mut context = self.clone();
        context.loops.push(Loop { var, count });
        if let Times::Column(cell) = count {
            context.tables[cell.table].live.retain(|row| row[cell.column] > 0);
        }
        context
    }
}

/// The sites of a stage in order.
pub(super) fn of(stage: &Stage) -> Vec<Site<'_>> {
    let mut sites = Vec::new();
    statements(&stage.body, &Context { loops: Vec::new(), tables: Vec::new() }, &mut sites);
    sites
}

fn statements<'a>(body: &'a [Stmt], context: &Context<'a>, sites: &mut Vec<Site<'a>>) {
    for statement in body {
        match statement {
            Stmt::For { var, count, body } | Stmt::Par { var, count, body, .. } => {
                statements(body, &context.inside_loop(*var, *count), sites);
            }
            Stmt::Regions { columns, rows, body } => {
                let mut context = context.clone();
                context.tables.push(Table { columns, rows, live: rows.iter().map(Vec::as_slice).collect() });
                statements(body, &context, sites);
            }
            Stmt::Tile(tile) => steps(tile, &tile.body, &Rc::new(context.clone()), sites),
        }
    }
}

fn steps<'a>(tile: &'a Tile, body: &'a [Step], context: &Rc<Context<'a>>, sites: &mut Vec<Site<'a>>) {
    let lanes = |register: Reg| tile.registers[register.0].lanes as i64;
    for step in body {
        let (access, is_store, lanes) = match step {
            Step::Do(Instr::Prefetch { at }) => (at, false, 1),
            Step::Reduce { var, count, body } => {
                steps(tile, body, &Rc::new(context.inside_loop(*var, *count)), sites);
                continue;
            }
            Step::Do(Instr::Load { to, from }) => (from, false, lanes(*to)),
            Step::Do(Instr::Broadcast { from, .. }) => (from, false, 1),
            Step::Do(Instr::Store { from, to }) => (to, true, lanes(*from)),
            Step::Do(_) => continue,
        };
        let may_miss = matches!(step, Step::Do(Instr::Prefetch { .. }));
        sites.push(Site { access, is_store, may_miss, lanes, context: context.clone() });
    }
}
