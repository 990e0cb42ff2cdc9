//! Plans that touch a part of their lanes, and shuffle them.

use atrous_compiler::plan::{Affine, BinaryOp, Plan, Role};

use super::check;
use super::plans::WIDTHS;
use super::sketch::*;

/// All parts of a register, in loads and stores with a stride. Each has a buffer that ends with the elements that it
/// touches, so that all other lanes are outside.
fn parts(lanes: usize, stride: i64) -> Plan {
    let mut plan = plan(lanes);
    let n = stride.unsigned_abs() as usize;
    let ranges = (0..lanes).flat_map(|from| (from + 1..=lanes).map(move |to| from..to));
    let ranges: Vec<_> = ranges.filter(|range| range.len() < lanes).collect();
    let loaded = buffer(&mut plan, "loaded", Role::Output, &[ranges.len(), lanes]);
    let whole = buffer(&mut plan, "whole", Role::Input, &[lanes]);
    let mut body = vec![load(0, along(whole, [0.into()], 0, 1))];
    for (index, range) in ranges.into_iter().enumerate() {
        let elements = range.len() * n;
        let x = buffer(&mut plan, &format!("x{index}"), Role::Input, &[elements - (n - 1)]);
        let y = buffer(&mut plan, &format!("y{index}"), Role::Output, &[elements]);
        // Lane 0 is outside where the part does not start with it.
        let first = if stride > 0 { range.start as i64 * -stride } else { (range.end as i64 - 1) * -stride };
        let at = |buffer, offset: i64| part(along(buffer, [(first + offset).into()], 0, stride), range.clone());
        body.extend([load(1, at(x, 0)), store(1, along(loaded, [(index as i64).into(), 0.into()], 1, 1))]);
        body.extend((0..n as i64).map(|offset| store(0, at(y, offset))));
    }
    plan.run.push(stage("parts", vec![tile(&[lanes; 2], body)]));
    plan
}

/// Sums in all parts of a register, of two vectors and of a vector and a number, over the addend and beside it.
fn sums_in_parts(lanes: usize, fused: bool) -> Plan {
    let mut plan = plan(lanes);
    let ranges = (0..lanes).flat_map(|from| (from + 1..=lanes).map(move |to| from..to));
    let ranges: Vec<_> = ranges.filter(|range| range.len() < lanes).collect();
    let x = buffer(&mut plan, "x", Role::Input, &[3, lanes]);
    let y = buffer(&mut plan, "y", Role::Output, &[ranges.len(), 3, lanes]);
    let row = |row: i64| along(x, [row.into(), 0.into()], 1, 1);
    let mut body = vec![load(0, row(0)), load(1, row(1))];
    for (index, range) in ranges.into_iter().enumerate() {
        let result = |sum: i64| along(y, [(index as i64).into(), sum.into(), 0.into()], 2, 1);
        body.extend([
            load(2, row(2)),
            multiply_add(3, [0, 1, 2], fused, Some(range.clone())),
            store(3, result(0)),
            multiply_add(2, [0, 1, 2], fused, Some(range.clone())),
            store(2, result(1)),
            broadcast(3, at(x, [2.into(), (index as i64 % lanes as i64).into()])),
            multiply_add(2, [0, 3, 2], fused, Some(range)),
            store(2, result(2)),
        ]);
    }
    plan.run.push(stage("sums", vec![tile(&[lanes; 4], body)]));
    plan
}

/// Rows whose ends are in no full vector, in loops: sums of shifted and of scattered neighbours.
pub fn ragged_rows(lanes: usize) -> Plan {
    let mut plan = plan(lanes);
    let n = lanes as i64;
    let width = 2 * n - 1;
    let x = buffer(&mut plan, "x", Role::Input, &[5, 3, width as usize]);
    let y = buffer(&mut plan, "y", Role::Output, &[5, width as usize]);
    let z = buffer(&mut plan, "z", Role::Output, &[5, 3, lanes]);
    let row = |column: i64| along(x, [I.into(), K.into(), column.into()], 2, 1);
    let add = vec![
        // The element before the first is in the row before, and the last lane behind the end.
        load(2, part(row(-1), 1..lanes)),
        binary(BinaryOp::Add, 0, 0, 2),
        load(2, part(row(n), 0..lanes - 1)),
        load(3, part(along(x, [I.into(), K.into(), 1.into()], 2, 2), 0..lanes - 1)),
        shuffle(2, [2, 3], (0..lanes).map(|lane| lane / 2 + lane % 2 * lanes).collect()),
        binary(BinaryOp::Add, 1, 1, 2),
    ];
    let body = vec![
        constant(0, 0.0),
        constant(1, 0.5),
        reduce(K, 3, add),
        store(0, along(y, [I.into(), 0.into()], 1, 1)),
        store(1, part(along(y, [I.into(), n.into()], 1, 1), 0..lanes - 1)),
    ];
    // Rows and columns as one dimension.
    let merged = vec![
        load(0, along(x, [I.into(), Affine::term(J, n)], 1, 1)),
        load(1, along(x, [Affine::term(I, 3 * width).plus_term(J, 1).plus_constant(n - 1)], 0, -1)),
        binary(BinaryOp::Sub, 0, 0, 1),
        store(0, along(z, [Affine::term(I, 3 * n).plus_term(J, n)], 0, 1)),
    ];
    let rows = vec![tile(&[lanes; 4], body), repeat(J, 3, vec![tile(&[lanes; 2], merged)])];
    plan.run.push(stage("rows", vec![repeat(I, 5, rows)]));
    plan
}

/// Orders of the lanes of two registers: those that have instructions of their own, and some without pattern.
fn orders(lanes: usize) -> Vec<Vec<usize>> {
    let n = lanes;
    let order = |lane: &dyn Fn(usize) -> usize| (0..n).map(|to| lane(to) % (2 * n)).collect::<Vec<_>>();
    let quad = |lane: usize| lane / 4 * 4;
    let mut orders: Vec<_> = (0..2 * n).map(|shift| order(&|lane| lane + shift)).collect();
    orders.extend([
        order(&|lane| lane / 2 + lane % 2 * n),
        order(&|lane| (n + lane) / 2 + lane % 2 * n),
        order(&|lane| quad(lane) + lane % 4 / 2 + lane % 2 * n),
        order(&|lane| quad(lane) + 2 + lane % 4 / 2 + lane % 2 * n),
        order(&|lane| quad(lane) + 2 + lane % 4 / 2 + (1 - lane % 2) * n),
        order(&|lane| 2 * lane),
        order(&|lane| 2 * lane + 1),
        order(&|lane| quad(lane) + [3, 1, 0, 2][lane % 4] + if lane % 4 < 2 { 0 } else { n }),
        order(&|lane| quad(lane) + [3, 1, 0, 2][lane % 4] + if lane % 4 < 2 { n } else { 0 }),
        order(&|lane| quad(lane) + [1, 0, 3, 1][lane % 4]),
        order(&|lane| lane + lane % 2 * n),
        order(&|lane| n - 1 - lane),
        order(&|lane| 2 * n - 1 - lane),
        order(&|_| n + 1),
    ]);
    // Halves and quarters that stay together.
    for size in [n / 2, n / 4] {
        if size > 1 {
            orders.push(order(&|lane| [0, 2, 1, 3, 0, 1, 3, 2][lane / size] * size + lane % size));
            orders.push(order(&|lane| [3, 0, 5, 6, 2, 2, 1, 1][lane / size] * size + lane % size));
            orders.push(order(&|lane| [7, 5, 0, 3, 1, 3, 0, 2][lane / size] * size + lane % size));
        }
    }
    let mut random = super::random(7);
    orders
        .extend((0..6).map(|_| order(&|_| 0).iter().map(|_| random.next().unwrap_or(0) as usize % (2 * n)).collect()));
    orders
}

/// Shuffles into a third register, into either operand, and of one register with itself; with registers to spare and
/// without.
fn shuffles(lanes: usize, idle: usize, orders: &[Vec<usize>]) -> Plan {
    let mut plan = plan(lanes);
    plan.target.registers = idle + 3;
    let [x, y] = ["x", "y"].map(|name| buffer(&mut plan, name, Role::Input, &[3, lanes]));
    let shape = [3, orders.len(), 4, lanes];
    let z = buffer(&mut plan, "z", Role::Output, &shape);
    let [left, right, result] = [idle, idle + 1, idle + 2];
    let mut body: Vec<_> = (0..idle).map(|register| load(register, along(x, [0.into(), 0.into()], 1, 1))).collect();
    let mut steps = Vec::new();
    for (index, order) in orders.iter().enumerate() {
        for (case, (to, operands)) in
            [(result, [left, right]), (left, [left, right]), (right, [left, right]), (result, [left, left])]
                .into_iter()
                .enumerate()
        {
            let place = [I.into(), (index as i64).into(), (case as i64).into(), 0.into()];
            steps.extend([
                load(left, along(x, [I.into(), 0.into()], 1, 1)),
                load(right, along(y, [I.into(), 0.into()], 1, 1)),
                shuffle(to, operands, order.clone()),
                store(to, along(z, place, 3, 1)),
            ]);
        }
    }
    body.push(reduce(I, 3, steps));
    let sink = buffer(&mut plan, "sink", Role::Output, &[idle.max(1), lanes]);
    body.extend((0..idle).map(|row| store(row, along(sink, [(row as i64).into(), 0.into()], 1, 1))));
    if idle == 0 {
        body.extend([constant(0, 1.0), store(0, along(sink, [0.into(), 0.into()], 1, 1))]);
    }
    plan.run.push(stage("shuffles", vec![tile(&vec![lanes; idle + 3], body)]));
    plan
}

#[test]
fn parts_in_all_widths() {
    for lanes in &WIDTHS[1..] {
        for stride in [1, -1, 2, 3, -2] {
            let name = format!("parts on {lanes} lanes, {stride} apart");
            check(&name, parts(*lanes, stride));
        }
    }
}

#[test]
fn sums_in_parts_of_all_widths() {
    for lanes in &WIDTHS[1..] {
        for fused in [false, true] {
            check(&format!("sums in parts of {lanes} lanes, fused: {fused}"), sums_in_parts(*lanes, fused));
        }
    }
}

#[test]
fn ends_of_rows() {
    for lanes in &WIDTHS[1..] {
        check(&format!("rows on {lanes} lanes"), ragged_rows(*lanes));
    }
}

#[test]
fn shuffles_in_all_widths() {
    for lanes in &WIDTHS[1..] {
        for idle in [0, 9, 12, 13, 25, 28, 29] {
            check(
                &format!("shuffles on {lanes} lanes, {idle} registers idle"),
                shuffles(*lanes, idle, &orders(*lanes)),
            );
        }
    }
}

/// The vector of lane numbers has the last register that is free, or none.
#[test]
fn shuffles_with_the_last_register() {
    for lanes in &WIDTHS[1..] {
        let order = (0..*lanes).map(|lane| (5 * lane + 1) % (2 * lanes)).collect();
        let orders = [order];
        for idle in (8..=13).chain(24..=29) {
            check(&format!("a shuffle on {lanes} lanes, {idle} registers idle"), shuffles(*lanes, idle, &orders));
        }
    }
}
