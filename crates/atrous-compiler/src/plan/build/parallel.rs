//! Which loops of a stage threads share.
//!
//! Builders write every loop whose iterations are independent as parallel. Here one of them is left on each path, and its
//! iterations are numbered: those of several loops one after the other, and those of a loop in a table by the positions that
//! they write, borders one after the other and phases alike.
//!
//! ```text
//! regions (y, rows) in [(0, 1), (1, 54), (55, 1)]      regions (y, rows, before) in [(0, 1, 0), (1, 54, 1), (55, 1, 55)]
//!   par r in 0..rows                               →     par r in 0..rows after before
//!     par block in 0..8                                    for block in 0..8
//!       tile of row y + r                                    tile of row y + r
//!
//! regions (y) in [0, 1]                                regions (y) in [0, 1]
//!   par r in 0..28                                 →     par r in 0..28
//!     tile of row y + 2·r                                  tile of row y + 2·r
//! ```
//!
//! So each thread has neighbouring rows of all phases. Rows that are not whole lines of a cache, each by another thread than
//! the next one, were measured to take up to 1.4 times as long on two threads.

use super::nest::unique;
use crate::plan::{Access, Affine, Count, Instr, Stage, Stmt, Var, eval};

/// What the slowest thread may have to do more than its part, in percent, before a loop further inside is taken.
const UNEVEN: u128 = 12;

/// The stage with the outermost of its parallel loops that divides well between threads, or else the one that divides
/// best. Other loops become serial, and so does a stage that does not divide at all.
pub fn divide(stage: Stage) -> Stage {
    let mut best: Option<(u128, Stage)> = None;
    let orders = |level| [Order::Positions, Order::Rows].map(|order| (level, order));
    for (level, order) in (0..depth(&stage.body)).flat_map(orders) {
        let candidate = at_level(stage.clone(), level, order);
        let unevenness = unevenness(&candidate);
        if best.as_ref().is_none_or(|(least, _)| unevenness < *least) {
            best = Some((unevenness, candidate));
        }
        if unevenness <= UNEVEN {
            break;
        }
    }
    match best {
        Some((_, best)) if best.shares > 1 => best,
        _ => Stage { shares: 1, body: serial(stage.body), ..stage },
    }
}

/// What the slowest of two or of four threads has to do more than its part, in percent.
fn unevenness(stage: &Stage) -> u128 {
    let all = u128::from(eval::count_instructions(stage)).max(1);
    let of = |threads: i64| {
        let first = |thread| stage.first_share(thread, threads);
        let of_thread = |thread| eval::count_instructions_of(stage, first(thread)..first(thread + 1));
        let slowest = (0..threads).map(of_thread).max().unwrap_or(0);
        (100 * u128::from(slowest) * threads as u128 / all).saturating_sub(100)
    };
    of(2).max(of(4))
}

/// The statements with a parallel loop of one iteration around each tile that stands in none.
fn complete(body: Vec<Stmt>, vars: &mut Vec<String>) -> Vec<Stmt> {
    let mut around = |statement| match statement {
        Stmt::For { var, count, body } => Stmt::For { var, count, body: complete(body, vars) },
        Stmt::Regions { columns, rows, body } => Stmt::Regions { columns, rows, body: complete(body, vars) },
        Stmt::Par { .. } => statement,
        Stmt::Tile(_) => {
            vars.push(unique("once", |name| vars.iter().any(|taken| taken == name)));
            let var = Var(vars.len() - 1);
            Stmt::Par { var, count: Count::Fixed(1), before: Count::Fixed(0), body: vec![statement] }
        }
    };
    body.into_iter().map(&mut around).collect()
}

/// The most parallel loops one inside the other.
fn depth(body: &[Stmt]) -> usize {
    let of_statement = |statement: &Stmt| match statement {
        Stmt::Par { body, .. } => 1 + depth(body),
        Stmt::For { body, .. } | Stmt::Regions { body, .. } => depth(body),
        Stmt::Tile(_) => 0,
    };
    body.iter().map(of_statement).max().unwrap_or(0)
}

/// The statements with all loops serial.
fn serial(body: Vec<Stmt>) -> Vec<Stmt> {
    let of_statement = |statement| match statement {
        Stmt::For { var, count, body } | Stmt::Par { var, count, body, .. } => {
            Stmt::For { var, count, body: serial(body) }
        }
        Stmt::Regions { columns, rows, body } => Stmt::Regions { columns, rows, body: serial(body) },
        Stmt::Tile(tile) => Stmt::Tile(tile),
    };
    body.into_iter().map(of_statement).collect()
}

/// The stage whose parallel loops are those with `level` parallel loops around them, or the innermost where there are
/// fewer.
fn at_level(stage: Stage, level: usize, order: Order) -> Stage {
    let mut numbering = Numbering { vars: stage.vars, order, next: 0, tables: Vec::new() };
    let body = complete(stage.body, &mut numbering.vars);
    let body = numbering.statements(body, level);
    Stage { vars: numbering.vars, shares: numbering.next.max(1), body, ..stage }
}

/// Which numbers the iterations of a loop in a table have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Those of the positions that they write, where the rows of the table say where these begin.
    Positions,
    /// One row after the other: there are more, which may divide better.
    Rows,
}

struct Numbering {
    vars: Vec<String>,
    order: Order,
    /// The share of the next iteration.
    next: i64,
    /// Columns and rows of the tables around a statement.
    tables: Vec<(Vec<Var>, Vec<Vec<i64>>)>,
}

impl Numbering {
    fn statements(&mut self, body: Vec<Stmt>, level: usize) -> Vec<Stmt> {
        body.into_iter().map(|statement| self.statement(statement, level)).collect()
    }

    fn statement(&mut self, statement: Stmt, level: usize) -> Stmt {
        match statement {
            Stmt::Par { var, count, body, .. } if is_taken(&body, level) => {
                let before = self.in_table(var, count, &body).unwrap_or_else(|| {
                    let before = Count::Fixed(self.next);
                    self.next += self.most(count);
                    before
                });
                Stmt::Par { var, count, before, body: serial(body) }
            }
            Stmt::Par { var, count, body, .. } => {
                let body = complete(body, &mut self.vars);
                Stmt::For { var, count, body: self.statements(body, level - 1) }
            }
            Stmt::For { var, count, body } => Stmt::For { var, count, body: self.statements(body, level) },
            Stmt::Regions { columns, rows, body } => self.table(columns, rows, body, level),
            Stmt::Tile(tile) => Stmt::Tile(tile),
        }
    }

    /// The most iterations of a loop.
    fn most(&self, count: Count) -> i64 {
        let in_table = |column: Var| {
            let tables = self.tables.iter().rev();
            let mut found = tables.filter_map(|(columns, rows)| {
                let number = columns.iter().position(|&other| other == column)?;
                rows.iter().map(|row| row[number]).max()
            });
            found.next().unwrap_or(0)
        };
        match count {
            Count::Fixed(count) => count,
            Count::Column(column) => in_table(column),
        }
    }

    /// Numbers by position for a loop somewhere in the innermost table, as a column of it.
    fn in_table(&mut self, var: Var, count: Count, body: &[Stmt]) -> Option<Count> {
        let (mut columns, mut rows) = self.tables.pop()?;
        let before = self.by_position(&columns, &rows, var, count, body);
        let before = before.map(|before| self.column(&mut columns, &mut rows, var, &before));
        self.tables.push((columns, rows));
        before
    }

    /// The share of iteration 0 in each row of a table, where the rows say at which position a store begins that the loop
    /// moves.
    fn by_position(
        &mut self,
        columns: &[Var],
        rows: &[Vec<i64>],
        var: Var,
        count: Count,
        body: &[Stmt],
    ) -> Option<Vec<i64>> {
        let store = first_store(body)?;
        let is_moved = |index: &&Affine| index.terms.iter().any(|term| term.0 == var);
        let index = store.index.iter().find(is_moved)?;
        let step = index.terms.iter().find(|term| term.0 == var).map(|term| term.1).filter(|&step| step > 0)?;
        let number = |var: Var| columns.iter().position(|&column| column == var);
        let terms: Vec<(usize, i64)> =
            index.terms.iter().filter_map(|&(var, factor)| Some((number(var)?, factor))).collect();
        let is_told = self.order == Order::Positions && !terms.is_empty();
        let counts =
            rows.iter().map(|row| in_row(columns, row, count)).collect::<Option<Vec<i64>>>().filter(|_| is_told)?;
        let starts: Vec<i64> =
            rows.iter().map(|row| terms.iter().map(|&(column, factor)| factor * row[column]).sum()).collect();
        let first = starts.iter().min()?;
        let before: Vec<i64> = starts.iter().map(|start| self.next + (start - first) / step).collect();
        self.next = before.iter().zip(counts).map(|(before, count)| before + count).max()?;
        Some(before)
    }

    /// A table, with a column for each loop that stands directly in it and is taken.
    fn table(&mut self, mut columns: Vec<Var>, mut rows: Vec<Vec<i64>>, body: Vec<Stmt>, level: usize) -> Stmt {
        let taken: Vec<Option<Count>> = body
            .iter()
            .map(|statement| match statement {
                Stmt::Par { count, body, .. } if is_taken(body, level) => Some(*count),
                _ => None,
            })
            .map(|count| count.filter(|&count| rows.iter().all(|row| in_row(&columns, row, count).is_some())))
            .collect();
        let by_position = |(statement, taken): (&Stmt, &Option<Count>)| match statement {
            Stmt::Par { var, body, .. } => self.by_position(&columns, &rows, *var, (*taken)?, body),
            _ => None,
        };
        let mut befores: Vec<Option<Vec<i64>>> = body.iter().zip(&taken).map(by_position).collect();
        let left: Vec<usize> = (0..body.len()).filter(|&number| befores[number].is_none()).collect();
        for row in &rows {
            for &number in &left {
                let count = taken[number].and_then(|count| in_row(&columns, row, count));
                befores[number].get_or_insert_default().extend(count.map(|_| self.next));
                self.next += count.unwrap_or(0);
            }
        }
        let mut statements = Vec::new();
        for ((statement, taken), before) in body.into_iter().zip(taken).zip(befores) {
            statements.push(match statement {
                Stmt::Par { var, count, body, .. } if taken.is_some() => {
                    let before = self.column(&mut columns, &mut rows, var, &before.unwrap_or_default());
                    Stmt::Par { var, count, before, body: serial(body) }
                }
                statement => {
                    self.tables.push((columns, rows));
                    let statement = self.statement(statement, level);
                    (columns, rows) = self.tables.pop().expect("the table that was pushed");
                    statement
                }
            });
        }
        Stmt::Regions { columns, rows, body: statements }
    }

    /// A new column, unless all its values are the same.
    fn column(&mut self, columns: &mut Vec<Var>, rows: &mut [Vec<i64>], of: Var, values: &[i64]) -> Count {
        if let Some(&first) = values.first().filter(|first| values.iter().all(|value| value == *first)) {
            return Count::Fixed(first);
        }
        let name = format!("{}_before", self.vars[of.0]);
        self.vars.push(unique(&name, |name| self.vars.iter().any(|taken| taken == name)));
        let column = Var(self.vars.len() - 1);
        columns.push(column);
        rows.iter_mut().zip(values).for_each(|(row, &value)| row.push(value));
        Count::Column(column)
    }
}

/// How often a loop runs in a row of a table, if the row says so.
fn in_row(columns: &[Var], row: &[i64], count: Count) -> Option<i64> {
    match count {
        Count::Fixed(count) => Some(count),
        Count::Column(column) => columns.iter().position(|&other| other == column).map(|number| row[number]),
    }
}

/// Where the first store is.
fn first_store(body: &[Stmt]) -> Option<Access> {
    body.iter().find_map(|statement| match statement {
        Stmt::For { body, .. } | Stmt::Par { body, .. } | Stmt::Regions { body, .. } => first_store(body),
        Stmt::Tile(tile) => {
            let mut first = None;
            tile.each(&mut |instr| {
                if let (Instr::Store { to, .. }, None) = (instr, &first) {
                    first = Some(to.clone());
                }
            });
            first
        }
    })
}

/// Whether a parallel loop with this body is the one to take at a level.
fn is_taken(body: &[Stmt], level: usize) -> bool {
    level == 0 || depth(body) == 0
}
