//! How much a plan executes.
//!
//! Rows of a table that agree in the numbers of iterations inside are counted once: two tables one inside the other have
//! as many combinations of rows as an image has corners and borders, times its phases.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::plan::types::{Count, Instr, Part, Plan, Reg, Register, Stage, Step, Stmt, Tile, Var};

/// How many multiplications with addition `run` executes, counted per lane. A lane that a load leaves out multiplies
/// nothing.
///
/// The result saturates.
pub fn count_macs(plan: &Plan) -> u64 {
    let of_stage = |stage: &Stage| count(stage, &Counted { shares: 0..stage.shares, weight: &macs });
    plan.run.iter().map(of_stage).fold(0, u64::saturating_add)
}

fn macs(tile: &Tile, instr: &Instr, loaded: &mut [Range<usize>]) -> u64 {
    let lanes = |register: Reg| tile.registers[register.0].lanes;
    match instr {
        Instr::Load { to, from } => {
            loaded[to.0] = from.active(lanes(*to));
            0
        }
        Instr::MultiplyAdd { to, left, right, part, .. } => {
            let factors = [left, right].map(|factor| loaded[factor.0].clone());
            let all = Part::range(*part, lanes(*to));
            factors.iter().fold(all, |all, lanes| all.start.max(lanes.start)..all.end.min(lanes.end)).len() as u64
        }
        _ => 0,
    }
}

/// How many vector instructions a stage executes: a measure of its time that every stage has.
///
/// The result saturates.
pub fn count_instructions(stage: &Stage) -> u64 {
    count_instructions_of(stage, 0..stage.shares)
}

/// The sum over all instructions that a stage executes of what each counts for, whether its shares are numbered or not.
///
/// The result saturates.
pub fn count_weighted(stage: &Stage, weight: &dyn Fn(&Tile, &Instr) -> u64) -> u64 {
    count(stage, &Counted { shares: 0..i64::MAX, weight: &|tile, instr, _| weight(tile, instr) })
}

/// The same of some shares of a stage.
pub fn count_instructions_of(stage: &Stage, shares: Range<i64>) -> u64 {
    count(stage, &Counted { shares, weight: &|_, _, _| 1 })
}

/// How much an instruction of a tile counts. It may note the lanes of each register that its last load filled; at first
/// they are all.
type Weight<'a> = &'a dyn Fn(&Tile, &Instr, &mut [Range<usize>]) -> u64;

/// What is counted.
struct Counted<'a> {
    /// Iterations of parallel loops.
    shares: Range<i64>,
    weight: Weight<'a>,
}

fn count(stage: &Stage, counted: &Counted) -> u64 {
    of_nodes(&nodes(&stage.body), &mut vec![0; stage.vars.len()], counted)
}

/// A statement as far as numbers of iterations go.
enum Node<'a> {
    For {
        count: Count,
        body: Vec<Node<'a>>,
    },
    Par {
        count: Count,
        before: Count,
        body: Vec<Node<'a>>,
    },
    /// Different rows, each with how many there are of it.
    Rows {
        columns: Vec<Var>,
        rows: Vec<(Vec<i64>, u64)>,
        body: Vec<Node<'a>>,
    },
    Tile(&'a Tile),
}

fn nodes(body: &[Stmt]) -> Vec<Node<'_>> {
    body.iter().map(node).collect()
}

fn node(statement: &Stmt) -> Node<'_> {
    match statement {
        Stmt::For { count, body, .. } => Node::For { count: *count, body: nodes(body) },
        Stmt::Par { count, before, body, .. } => Node::Par { count: *count, before: *before, body: nodes(body) },
        Stmt::Regions { columns, rows, body } => table(columns, rows, nodes(body)),
        Stmt::Tile(tile) => Node::Tile(tile),
    }
}

/// A table with the columns that are numbers of iterations.
fn table<'a>(columns: &[Var], rows: &[Vec<i64>], body: Vec<Node<'a>>) -> Node<'a> {
    let mut read = BTreeSet::new();
    columns_of(&body, &mut read);
    let kept: Vec<usize> = (0..columns.len()).filter(|&column| read.contains(&columns[column])).collect();
    let mut different: BTreeMap<Vec<i64>, u64> = BTreeMap::new();
    for row in rows {
        *different.entry(kept.iter().map(|&column| row.get(column).copied().unwrap_or(0)).collect()).or_default() += 1;
    }
    Node::Rows {
        columns: kept.iter().map(|&column| columns[column]).collect(),
        rows: different.into_iter().collect(),
        body,
    }
}

/// The columns that say how often something is executed.
fn columns_of(body: &[Node], found: &mut BTreeSet<Var>) {
    let mut note = |count: &Count| {
        if let Count::Column(column) = count {
            found.insert(*column);
        }
    };
    for node in body {
        match node {
            Node::For { count, .. } => note(count),
            Node::Par { count, before, .. } => [count, before].into_iter().for_each(&mut note),
            Node::Rows { .. } => {}
            Node::Tile(tile) => counts_of(&tile.body, &mut note),
        }
    }
    for node in body {
        match node {
            Node::For { body, .. } | Node::Par { body, .. } | Node::Rows { body, .. } => columns_of(body, found),
            Node::Tile(_) => {}
        }
    }
}

fn counts_of(body: &[Step], note: &mut dyn FnMut(&Count)) {
    for step in body {
        if let Step::Reduce { count, body, .. } = step {
            note(count);
            counts_of(body, note);
        }
    }
}

fn of_nodes(body: &[Node], columns: &mut Vec<i64>, counted: &Counted) -> u64 {
    let of_node = |node: &Node| match node {
        Node::For { count, body } => iterations(*count, columns).saturating_mul(of_nodes(body, columns, counted)),
        Node::Par { count, before, body } => {
            let [count, before] = [*count, *before].map(|number| iterations(number, columns) as i64);
            let first = counted.shares.start.saturating_sub(before).max(0);
            let end = counted.shares.end.saturating_sub(before).min(count);
            u64::try_from(end - first).unwrap_or(0).saturating_mul(of_nodes(body, columns, counted))
        }
        Node::Rows { columns: names, rows, body } => {
            let of_row = |(row, times): &(Vec<i64>, u64)| {
                set(names, row, columns);
                times.saturating_mul(of_nodes(body, columns, counted))
            };
            rows.iter().map(of_row).fold(0, u64::saturating_add)
        }
        Node::Tile(tile) => {
            let all = |register: &Register| 0..register.lanes;
            let mut loaded: Vec<_> = tile.registers.iter().map(all).collect();
            steps(tile, &tile.body, columns, counted.weight, &mut loaded)
        }
    };
    body.iter().map(of_node).fold(0, u64::saturating_add)
}

fn steps(tile: &Tile, body: &[Step], columns: &[i64], weight: Weight<'_>, loaded: &mut [Range<usize>]) -> u64 {
    let of_step = |step: &Step| match step {
        Step::Do(instr) => weight(tile, instr, loaded),
        Step::Reduce { count, body, .. } => {
            iterations(*count, columns).saturating_mul(steps(tile, body, columns, weight, loaded))
        }
    };
    body.iter().map(of_step).fold(0, u64::saturating_add)
}

fn iterations(count: Count, columns: &[i64]) -> u64 {
    let count = match count {
        Count::Fixed(count) => count,
        Count::Column(column) => columns.get(column.0).copied().unwrap_or(0),
    };
    u64::try_from(count).unwrap_or(0)
}

fn set(names: &[Var], row: &[i64], columns: &mut [i64]) {
    for (name, &value) in names.iter().zip(row) {
        if let Some(column) = columns.get_mut(name.0) {
            *column = value;
        }
    }
}
