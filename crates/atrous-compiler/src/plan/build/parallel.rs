//! Which loops of a stage threads share.
//!
//! Builders write every loop whose iterations are independent as parallel. Here one of them is left on each path, and its
//! iterations are numbered: those of several loops one after the other, and those of a loop in a table row after row.
//!
//! ```text
//! regions (y, rows) in [(0, 1), (1, 54), (55, 1)]      regions (y, rows, before) in [(0, 1, 0), (1, 54, 1), (55, 1, 55)]
//!   par r in 0..rows                               →     par r in 0..rows after before
//!     par block in 0..8                                    for block in 0..8
//! ```

use super::nest::unique;
use crate::plan::{Count, Stage, Stmt, Var, eval};

/// What the slowest thread may have to do more than its part, in percent, before a loop further inside is taken.
const UNEVEN: u128 = 12;

/// The stage with the outermost of its parallel loops that divides well between threads, or else the one that divides
/// best. Other loops become serial, and so does a stage that does not divide at all.
pub fn divide(stage: Stage) -> Stage {
    let mut best: Option<(u128, Stage)> = None;
    for level in 0..depth(&stage.body) {
        let candidate = at_level(stage.clone(), level);
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
        let first = |thread| (i128::from(stage.shares) * i128::from(thread) / i128::from(threads)) as i64;
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
fn at_level(stage: Stage, level: usize) -> Stage {
    let mut numbering = Numbering { vars: stage.vars, next: 0, tables: Vec::new() };
    let body = complete(stage.body, &mut numbering.vars);
    let body = numbering.statements(body, level);
    Stage { vars: numbering.vars, shares: numbering.next.max(1), body, ..stage }
}

struct Numbering {
    vars: Vec<String>,
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
                let before = Count::Fixed(self.next);
                self.next += self.most(count);
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

    /// A table, with a column for each loop that stands directly in it and is taken.
    fn table(&mut self, mut columns: Vec<Var>, mut rows: Vec<Vec<i64>>, body: Vec<Stmt>, level: usize) -> Stmt {
        let in_row = |columns: &[Var], row: &[i64], count: Count| match count {
            Count::Fixed(count) => Some(count),
            Count::Column(column) => columns.iter().position(|&other| other == column).map(|number| row[number]),
        };
        let taken: Vec<Option<Count>> = body
            .iter()
            .map(|statement| match statement {
                Stmt::Par { count, body, .. } if is_taken(body, level) => Some(*count),
                _ => None,
            })
            .map(|count| count.filter(|&count| rows.iter().all(|row| in_row(&columns, row, count).is_some())))
            .collect();
        let mut befores = vec![Vec::new(); body.len()];
        for row in &rows {
            for (number, count) in taken.iter().enumerate() {
                let count = count.and_then(|count| in_row(&columns, row, count));
                befores[number].extend(count.map(|_| self.next));
                self.next += count.unwrap_or(0);
            }
        }
        let mut statements = Vec::new();
        for ((statement, taken), before) in body.into_iter().zip(taken).zip(befores) {
            statements.push(match statement {
                Stmt::Par { var, count, body, .. } if taken.is_some() => {
                    let before = self.column(&mut columns, &mut rows, var, &before);
                    Stmt::Par { var, count, before, body: serial(body) }
                }
                statement => {
                    self.tables.push((columns.clone(), rows.clone()));
                    let statement = self.statement(statement, level);
                    self.tables.pop();
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

/// Whether a parallel loop with this body is the one to take at a level.
fn is_taken(body: &[Stmt], level: usize) -> bool {
    level == 0 || depth(body) == 0
}
