//! Every index of an access is inside its dimension, unless it may miss, and computing with it cannot overflow.

use super::super::affine::Affine;
use super::super::print;
use super::super::types::{Buffer, Plan, Stage};
use super::sites::{Cell, Context, Site, Source, Times};

/// Largest sum of absolute values in the computation of an offset. Sums of two still fit `i64`.
const MAX_MAGNITUDE: u128 = 1 << 61;

pub(super) fn check(plan: &Plan, stage: &Stage, site: &Site) -> Result<(), String> {
    let buffer = &plan.buffers[site.access.buffer.0];
    let name = &buffer.name;
    if magnitude(site, buffer).is_none_or(|magnitude| magnitude > MAX_MAGNITUDE) {
        return Err(format!("the index of an access to `{name}` overflows"));
    }
    if site.may_miss || !site.context.is_executed() {
        return Ok(());
    }
    let shape = buffer.merged(site.access.index.len());
    for (dim, (index, positions)) in site.access.index.iter().zip(shape).enumerate() {
        let mut interval = interval(&site.context, index);
        if let Some(lanes) = site.access.lanes.filter(|lanes| lanes.dim == dim) {
            let active = lanes.active(site.lanes as usize);
            let first = lanes.step * active.start as i64;
            interval = extend(interval.map(|bound| bound + first), lanes.step, active.len() as i64);
        }
        let [low, high] = interval;
        if low < 0 || high >= positions as i64 {
            let index = print::affine(index, &stage.vars);
            let range = format!("{low} to {high}");
            return Err(format!(
                "dimension {dim} of `{name}` has {positions} positions, but the index `{index}` reaches from {range}"
            ));
        }
    }
    Ok(())
}

/// A bound on every number that appears when the offset of a lane is computed in any order, whichever rows are live.
fn magnitude(site: &Site, buffer: &Buffer) -> Option<u128> {
    let context = &site.context;
    let mut sum: u128 = 0;
    for (dim, index) in site.access.index.iter().enumerate() {
        let mut of_index = u128::from(index.constant.unsigned_abs());
        for &(var, coefficient) in &index.terms {
            let largest = largest(context, context.source(var));
            of_index = of_index.checked_add(u128::from(coefficient.unsigned_abs()) * u128::from(largest))?;
        }
        if let Some(lanes) = site.access.lanes.filter(|lanes| lanes.dim == dim) {
            of_index = of_index.checked_add(u128::from(lanes.step.unsigned_abs()) * site.lanes as u128)?;
        }
        let stride = buffer.stride(dim, site.access.index.len());
        sum = sum.checked_add(of_index.checked_mul(stride.max(1) as u128)?)?;
    }
    Some(sum)
}

/// The largest absolute value of a variable, at least 1.
fn largest(context: &Context, source: Source) -> u64 {
    let in_column = |cell: Cell| {
        let values = context.tables[cell.table].rows.iter().map(|row| row[cell.column].unsigned_abs());
        values.max().unwrap_or(0)
    };
    let largest = match source {
        Source::Loop(Times::Fixed(count)) => count.unsigned_abs(),
        Source::Loop(Times::Column(cell)) | Source::Column(cell) => in_column(cell),
    };
    largest.max(1)
}

/// The least and the greatest value of an index of an executed site.
///
/// Rows of different tables combine freely, so the extremes of the sum are the sums of each table's extremes.
fn interval(context: &Context, index: &Affine) -> [i64; 2] {
    let terms: Vec<(Source, i64)> = index.terms.iter().map(|&(var, factor)| (context.source(var), factor)).collect();
    let mut interval = [index.constant; 2];
    for &(source, coefficient) in &terms {
        if let Source::Loop(Times::Fixed(count)) = source {
            interval = extend(interval, coefficient, count);
        }
    }
    for (number, table) in context.tables.iter().enumerate() {
        let of_row = |row: &&[i64]| {
            let mut sum = [0, 0];
            for &(source, coefficient) in &terms {
                match source {
                    Source::Column(cell) if cell.table == number => {
                        sum = sum.map(|bound| bound + coefficient * row[cell.column]);
                    }
                    Source::Loop(Times::Column(cell)) if cell.table == number => {
                        sum = extend(sum, coefficient, row[cell.column]);
                    }
                    _ => {}
                }
            }
            sum
        };
        let of_rows: Vec<[i64; 2]> = table.live.iter().map(of_row).collect();
        interval[0] += of_rows.iter().map(|sum| sum[0]).min().unwrap_or(0);
        interval[1] += of_rows.iter().map(|sum| sum[1]).max().unwrap_or(0);
    }
    interval
}

/// The interval with `coefficient·i` added for `i` in `0..count`.
fn extend([low, high]: [i64; 2], coefficient: i64, count: i64) -> [i64; 2] {
    let last = coefficient * (count - 1);
    [low + last.min(0), high + last.max(0)]
}
