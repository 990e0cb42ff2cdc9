//! The stores of a stage write each element of each buffer exactly once.
//!
//! A store, with one combination of rows of the tables around it, writes the elements of a box when no loop moves it
//! along two dimensions at once. A table that moves it along one dimension only adds positions to that side of the box;
//! only a table that moves it along several dimensions makes a box per row.

use std::collections::BTreeSet;

use super::super::types::{BufferId, Plan, Stage, Var};
use super::grid::{self, Flaw, Pattern, Progression};
use super::sites::{Cell, Context, Site, Source, Times};

/// Boxes of one store.
const MAX_BOXES: usize = 1 << 18;

pub(super) fn check(plan: &Plan, stage: &Stage, sites: &[Site]) -> Result<(), String> {
    let stores = || sites.iter().filter(|site| site.is_store);
    let written: BTreeSet<BufferId> = stores().map(|site| site.access.buffer).collect();
    for id in written {
        let buffer = &plan.buffers[id.0];
        let rank = stores().find(|site| site.access.buffer == id).map_or(0, |site| site.access.index.len());
        let shape = buffer.merged(rank);
        let mut boxes = Vec::new();
        for site in stores().filter(|site| site.access.buffer == id && site.context.is_executed()) {
            let message = |message: String| format!("a store to `{}` {message}", buffer.name);
            if site.access.index.len() != shape.len() {
                return Err(message("has another number of indices than another one".into()));
            }
            boxes.extend(boxes_of(stage, site, &shape).map_err(message)?);
        }
        let name = &buffer.name;
        grid::cover_exactly(&shape, &boxes).map_err(|flaw| match flaw {
            Flaw::Twice(element) => format!("the element {element:?} of `{name}` is written more than once"),
            Flaw::Never(element) => format!("the element {element:?} of `{name}` is never written"),
            Flaw::TooLarge => format!("`{name}` has too many elements or stores for a proof that each is written once"),
        })?;
    }
    Ok(())
}

/// One live row of each table around a site.
type Rows<'a> = Vec<&'a [i64]>;

/// The boxes that an executed store writes.
fn boxes_of(stage: &Stage, site: &Site, shape: &[usize]) -> Result<Vec<Vec<Pattern>>, String> {
    check_loops(stage, site)?;
    let tables = &site.context.tables;
    let moved: Vec<Vec<usize>> = (0..tables.len()).map(|table| dims_moved_by(site, table)).collect();
    for (table, dims) in tables.iter().zip(&moved) {
        if dims.is_empty() && table.live.len() > 1 {
            let names: Vec<&str> = table.columns.iter().map(|column| stage.vars[column.0].as_str()).collect();
            return Err(format!("writes the same elements for every row of ({})", names.join(", ")));
        }
    }
    let tables_where = |condition: &dyn Fn(&[usize]) -> bool| -> Vec<usize> {
        (0..tables.len()).filter(|&table| condition(&moved[table])).collect()
    };
    let shared = tables_where(&|dims| dims.len() > 1);
    let own: Vec<Vec<usize>> = (0..shape.len()).map(|dim| tables_where(&|dims| dims == [dim])).collect();
    let first_rows = tables.iter().map(|table| table.live[0]).collect();
    let mut boxes = Vec::new();
    for rows in combinations(&site.context, &shared, &first_rows, MAX_BOXES).ok_or("is made of too many boxes")? {
        let pattern = |(dim, &positions): (usize, &usize)| {
            // More combinations than positions write some position twice.
            let combinations = combinations(&site.context, &own[dim], &rows, positions)?;
            let mut pattern: Pattern = combinations.iter().map(|rows| progression(site, dim, rows)).collect();
            pattern.sort_unstable();
            Some(pattern)
        };
        let patterns: Option<Vec<Pattern>> = shape.iter().enumerate().map(pattern).collect();
        boxes.push(patterns.ok_or("writes some elements more than once")?);
    }
    Ok(boxes)
}

/// Each loop with several iterations moves the store along exactly one dimension.
fn check_loops(stage: &Stage, site: &Site) -> Result<(), String> {
    for around in &site.context.loops {
        if site.context.most_iterations(around.count) <= 1 {
            continue;
        }
        let is_moved = |&dim: &usize| site.access.index[dim].terms.iter().any(|term| term.0 == around.var);
        let dims: Vec<usize> = (0..site.access.index.len()).filter(is_moved).collect();
        let name = &stage.vars[around.var.0];
        match dims.len() {
            0 => return Err(format!("writes the same elements in every iteration of `{name}`")),
            1 => {}
            _ => {
                return Err(format!(
                    "moves along the dimensions {dims:?} at once with `{name}`, for which there is no proof"
                ));
            }
        }
    }
    Ok(())
}

/// The dimensions in which the index of a site depends on the row of a table.
fn dims_moved_by(site: &Site, table: usize) -> Vec<usize> {
    let depends = |var: Var| match site.context.source(var) {
        Source::Column(cell) | Source::Loop(Times::Column(cell)) => cell.table == table,
        Source::Loop(Times::Fixed(_)) => false,
    };
    let is_moved = |&dim: &usize| site.access.index[dim].terms.iter().any(|&(var, _)| depends(var));
    (0..site.access.index.len()).filter(is_moved).collect()
}

/// `rows` with those of some tables replaced by each combination of their live rows; nothing if more than `limit`.
fn combinations<'a>(context: &Context<'a>, tables: &[usize], rows: &Rows<'a>, limit: usize) -> Option<Vec<Rows<'a>>> {
    let count = |number: usize, &table: &usize| number.checked_mul(context.tables[table].live.len());
    tables.iter().try_fold(1, count).filter(|&number| number <= limit)?;
    let mut combinations = vec![rows.clone()];
    for &table in tables {
        let with_row = |rows: &Rows<'a>, row| {
            let mut rows = rows.clone();
            rows[table] = row;
            rows
        };
        let live = &context.tables[table].live;
        combinations = combinations.iter().flat_map(|rows| live.iter().map(|row| with_row(rows, *row))).collect();
    }
    Some(combinations)
}

/// The positions along a dimension that a store writes with some rows.
fn progression(site: &Site, dim: usize, rows: &Rows) -> Progression {
    let index = &site.access.index[dim];
    let value = |cell: Cell| rows[cell.table][cell.column];
    let mut progression = Progression { start: index.constant, steps: Vec::new() };
    for &(var, coefficient) in &index.terms {
        match site.context.source(var) {
            Source::Column(cell) => progression.start += coefficient * value(cell),
            Source::Loop(Times::Column(cell)) => progression.steps.push((coefficient, value(cell))),
            Source::Loop(Times::Fixed(count)) => progression.steps.push((coefficient, count)),
        }
    }
    let lanes = site.access.lanes.filter(|lanes| lanes.dim == dim);
    if let Some(lanes) = lanes {
        let active = lanes.active(site.lanes as usize);
        progression.start += lanes.step * active.start as i64;
        progression.steps.push((lanes.step, active.len() as i64));
    }
    progression.steps.retain(|&(_, count)| count != 1);
    progression.steps.sort_unstable();
    progression
}
