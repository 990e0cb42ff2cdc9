//! Plans that together have every statement and every instruction.

use std::ops::Range;

use atrous_compiler::plan::{Affine, BinaryOp, BufferId, Count, Plan, Role, Stage, Step, Stmt, Var};

use super::check;
use super::sketch::*;

pub const WIDTHS: [usize; 5] = [1, 2, 4, 8, 16];

/// Elements along the last dimension, or one element where the registers have one lane.
fn elements<const N: usize>(lanes: usize, buffer: BufferId, index: [Affine; N]) -> atrous_compiler::plan::Access {
    if lanes == 1 { at(buffer, index) } else { along(buffer, index, N - 1, 1) }
}

/// Each instruction on two inputs, one result per row of the output. Register 2 is the result, 3 is spare.
fn instructions(lanes: usize) -> Plan {
    let ops: [&[Step]; 17] = [
        &[binary(BinaryOp::Add, 2, 0, 1)],
        &[binary(BinaryOp::Sub, 2, 0, 1)],
        &[binary(BinaryOp::Mul, 2, 0, 1)],
        &[binary(BinaryOp::Div, 2, 0, 1)],
        &[binary(BinaryOp::Min, 2, 0, 1)],
        &[binary(BinaryOp::Max, 2, 0, 1)],
        &[binary(BinaryOp::Min, 2, 1, 1)],
        &[constant(2, 0.3), accumulate(2, 0, 1, false)],
        &[constant(2, 0.3), accumulate(2, 0, 1, true)],
        &[constant(3, 7.0), select_less(2, [0, 1, 3, 0])],
        &[constant(2, 7.0), select_less(2, [1, 0, 2, 1])],
        &[constant(2, -0.0)],
        &[constant(2, 1e-40)],
        &[shift_left(2, 0, 0)],
        &[shift_left(2, 0, 1)],
        &[shift_left(2, 0, 23)],
        &[shift_left(2, 0, 31)],
    ];
    let blocks = 640 / lanes;
    let mut plan = plan(lanes);
    let x = buffer(&mut plan, "x", Role::Input, &[blocks, lanes]);
    let y = buffer(&mut plan, "y", Role::Input, &[blocks, lanes]);
    let out = buffer(&mut plan, "out", Role::Output, &[ops.len(), blocks, lanes]);
    let mut body =
        vec![load(0, elements(lanes, x, [I.into(), 0.into()])), load(1, elements(lanes, y, [I.into(), 0.into()]))];
    for (op, steps) in ops.iter().enumerate() {
        body.extend(steps.iter().cloned());
        body.push(store(2, elements(lanes, out, [(op as i64).into(), I.into(), 0.into()])));
    }
    plan.run.push(stage("all", vec![repeat(I, blocks as i64, vec![tile(&[lanes; 4], body)])]));
    plan
}

/// Loads and stores whose lanes are neighbours, apart, reversed, across rows.
fn strided(lanes: usize) -> Plan {
    let (n, wide) = (lanes as i64, 3 * lanes);
    let mut plan = plan(lanes);
    let x = buffer(&mut plan, "x", Role::Input, &[lanes, wide]);
    let shapes = [
        ("transposed", [wide, lanes]),
        ("reversed", [wide, lanes]),
        ("spread", [lanes, 3 * lanes]),
        ("halves", [lanes, 2 * lanes]),
    ];
    let [transposed, reversed, spread, halves] =
        shapes.map(|(name, shape)| buffer(&mut plan, name, Role::Output, &shape));
    let column = load(0, along(x, [0.into(), I.into()], 0, 1));
    let body = vec![
        column.clone(),
        store(0, along(transposed, [I.into(), 0.into()], 1, 1)),
        load(1, along(x, [Affine::constant(n - 1), I.into()], 0, -1)),
        store(1, along(reversed, [I.into(), 0.into()], 1, 1)),
    ];
    let down = repeat(I, wide as i64, vec![tile(&[lanes; 2], body)]);
    // Even columns, odd columns, and even ones in descending order.
    let body = vec![
        load(0, along(x, [I.into(), 0.into()], 1, 2)),
        load(1, along(x, [I.into(), Affine::constant(2 * n - 2)], 1, -2)),
        load(2, along(x, [I.into(), 1.into()], 1, 2)),
        store(2, along(halves, [I.into(), 0.into()], 1, 2)),
        binary(BinaryOp::Sub, 0, 0, 1),
        store(0, along(halves, [I.into(), Affine::constant(2 * n - 1)], 1, -2)),
    ];
    let halves = repeat(I, n, vec![tile(&[lanes; 3], body)]);
    // Columns 3l + j of the output from columns 3·(lanes − 1 − l) + j of the input.
    let body = vec![
        load(0, along(x, [I.into(), Affine::var(J).plus_constant(3 * (n - 1))], 1, -3)),
        store(0, along(spread, [I.into(), J.into()], 1, 3)),
    ];
    let across = repeat(I, n, vec![repeat(J, 3, vec![tile(&[lanes], body)])]);
    plan.run.push(stage("strided", vec![down, halves, across]));
    plan
}

/// Rows of `(start, count)`, one of them empty, around loops that count by a column; a column that never changes; a
/// table of one row and one of none.
fn regions() -> Plan {
    let mut plan = plan(1);
    let x = buffer(&mut plan, "x", Role::Input, &[3, 20]);
    let y = buffer(&mut plan, "y", Role::Output, &[20]);
    let z = buffer(&mut plan, "z", Role::Output, &[2, 5]);
    let (start, count, fixed, inner) = (I, J, K, L);
    let copy = vec![
        load(0, at(x, [fixed.into(), Affine::var(inner).plus_term(start, 2)])),
        store(0, at(y, [Affine::var(inner).plus_term(start, 2)])),
    ];
    let before = Var(4);
    let [count_of, before_of] = [count, before].map(Count::Column);
    let body = vec![Stmt::Par { var: inner, count: count_of, before: before_of, body: vec![tile(&[1], copy)] }];
    let rows = [[0, 4, 1, 0], [2, 0, 1, 4], [6, 8, 1, 12], [2, 8, 1, 4]].map(|row| row.to_vec()).to_vec();
    let pieces = Stmt::Regions { columns: vec![start, count, fixed, before], rows, body };
    // z[i][j] for (i, j) by two tables, one inside the other.
    let copy = vec![
        load(0, at(x, [Affine::var(I).plus_term(K, 1), Affine::var(J).plus_term(I, 7).plus_term(L, 1)])),
        store(0, at(z, [I.into(), J.into()])),
    ];
    let columns = Stmt::Regions {
        columns: vec![J],
        rows: [3, 1, 4, 0, 2].map(|column| vec![column]).to_vec(),
        body: vec![tile(&[1], copy)],
    };
    let one = Stmt::Regions { columns: vec![K, L], rows: vec![vec![1, 2]], body: vec![columns] };
    let rows = Stmt::Regions { columns: vec![I], rows: vec![vec![1], vec![0]], body: vec![one] };
    let none = vec![tile(&[1], vec![constant(0, 1.0), store(0, at(y, [I.into()]))])];
    let none = vec![Stmt::Par { var: L, count: Count::Fixed(1), before: Count::Fixed(7), body: none }];
    let none = Stmt::Regions { columns: vec![I], rows: vec![], body: none };
    let mut pieces = Stage { shares: 20, ..stage("pieces", vec![pieces, none]) };
    pieces.vars.push("before".into());
    plan.run.push(pieces);
    plan.run.push(stage("nested", vec![rows]));
    plan
}

/// Some rows of a correlation whose taps shrink at the borders: a reduction that counts by a column. Rows 0 and 11 have
/// no tap at all, and rows 3 to 8 have all three.
pub fn borders(lanes: usize, fused: bool, rows: Range<i64>) -> Plan {
    let n = 2 * lanes;
    let mut plan = plan(lanes);
    let x = buffer(&mut plan, "x", Role::Input, &[8, n]);
    let w = buffer(&mut plan, "w", Role::Input, &[3]);
    let y = buffer(&mut plan, "y", Role::Output, &[rows.clone().count(), n]);
    let (out, first_tap, taps, block) = (I, J, K, L);
    let tap = Var(4);
    // Output row o sums x[o + tap − 3] over the taps for which there is such a row.
    let first_row = rows.start;
    let rows = rows.map(|o| {
        let taps: Vec<i64> = (0..3).filter(|tap| (0..8).contains(&(o + tap - 3))).collect();
        vec![o, taps.first().copied().unwrap_or(0), taps.len() as i64]
    });
    let row_index = Affine::var(out).plus_term(first_tap, 1).plus_term(tap, 1).plus_constant(-3);
    let column = Affine::term(block, lanes as i64);
    let sum = vec![
        load(1, elements(lanes, x, [row_index, column.clone()])),
        broadcast(2, at(w, [Affine::var(first_tap).plus_term(tap, 1)])),
        accumulate(0, 1, 2, fused),
    ];
    let body = vec![
        constant(0, 0.25),
        Step::Reduce { var: tap, count: Count::Column(taps), body: sum },
        store(0, elements(lanes, y, [Affine::var(out).plus_constant(-first_row), column])),
    ];
    let columns = vec![out, first_tap, taps];
    let body = vec![repeat(block, 2, vec![tile(&[lanes; 3], body)])];
    let mut stage = stage("borders", vec![Stmt::Regions { columns, rows: rows.collect(), body }]);
    stage.vars.push("tap".into());
    plan.run.push(stage);
    plan
}

/// Sums in as many registers, less two for what they add: more than a machine has, when its vectors are shorter than the
/// plan's. Products that are rounded by themselves need one more.
fn wide_sums(lanes: usize, sums: usize, fused: bool) -> Plan {
    let n = lanes as i64;
    let mut plan = plan(lanes);
    plan.target.registers = sums + 2;
    let x = buffer(&mut plan, "x", Role::Input, &[7, 2 * lanes]);
    let w = buffer(&mut plan, "w", Role::Input, &[7, sums]);
    let y = buffer(&mut plan, "y", Role::Output, &[sums, 2 * lanes]);
    let mut add = vec![load(sums, elements(lanes, x, [K.into(), Affine::term(J, n)]))];
    for sum in 0..sums {
        add.extend([
            broadcast(sums + 1, at(w, [K.into(), (sum as i64).into()])),
            accumulate(sum, sums, sums + 1, fused),
        ]);
    }
    let start = (0..sums).map(|sum| constant(sum, sum as f32));
    let store = (0..sums).map(|sum| store(sum, elements(lanes, y, [(sum as i64).into(), Affine::term(J, n)])));
    let body = start.chain([reduce(K, 7, add)]).chain(store).collect();
    plan.run.push(stage("sums", vec![repeat(J, 2, vec![tile(&vec![lanes; sums + 2], body)])]));
    plan
}

/// Two multiply-adds, each as `[to, left, right, addend]`, on registers 0 to 5.
fn pair(lanes: usize, fused: bool, pair: [[usize; 4]; 2]) -> Plan {
    let mut plan = plan(lanes);
    let x = buffer(&mut plan, "x", Role::Input, &[6, lanes]);
    let y = buffer(&mut plan, "y", Role::Output, &[6, lanes]);
    let register = |buffer, index: usize| elements(lanes, buffer, [(index as i64).into(), 0.into()]);
    let body = (0..6).map(|index| load(index, register(x, index)));
    let body = body.chain(pair.map(|[to, operands @ ..]| multiply_add(to, operands, fused, None)));
    let body = body.chain((0..6).map(|index| store(index, register(y, index)))).collect();
    plan.run.push(stage("pair", vec![tile(&[lanes; 6], body)]));
    plan
}

/// Two vectors of weights times six numbers for each of three taps: as many vectors as there are registers.
pub fn full_tile() -> Plan {
    let mut plan = plan(4);
    let x = buffer(&mut plan, "x", Role::Input, &[50, 8]);
    let w = buffer(&mut plan, "w", Role::Input, &[50, 3, 8]);
    let y = buffer(&mut plan, "y", Role::Output, &[12, 4]);
    let mut add = Vec::new();
    for tap in 0..3 {
        for vector in 0..2 {
            add.push(load(12 + vector, along(w, [K.into(), tap.into(), (4 * vector as i64).into()], 2, 1)));
        }
        for position in 0..6 {
            add.push(broadcast(14, at(x, [K.into(), (tap + position).into()])));
            add.extend([0, 6].map(|first| accumulate(first + position as usize, 14, 12 + first / 6, false)));
        }
    }
    let start = (0..12).map(|sum| constant(sum, sum as f32));
    let store = (0..12).map(|sum| store(sum, along(y, [(sum as i64).into(), 0.into()], 1, 1)));
    let body = start.chain([reduce(K, 50, add)]).chain(store).collect();
    plan.run.push(stage("tile", vec![tile(&[4; 15], body)]));
    plan
}

/// Loops that run no time and once, of every kind.
fn short_loops(count: i64) -> Plan {
    let mut plan = plan(4);
    let x = buffer(&mut plan, "x", Role::Input, &[count as usize, 4]);
    let y = buffer(&mut plan, "y", Role::Output, &[count as usize, count as usize, 4]);
    let z = buffer(&mut plan, "z", Role::Output, &[4]);
    let body =
        vec![load(0, elements(4, x, [J.into(), 0.into()])), store(0, elements(4, y, [I.into(), J.into(), 0.into()]))];
    let [count_of, before] = [count, 3].map(Count::Fixed);
    let par = Stmt::Par { var: J, count: count_of, before, body: vec![tile(&[4], body)] };
    plan.run.push(Stage { shares: count + 5, ..stage("copy", vec![repeat(I, count, vec![par])]) });
    let add = vec![load(1, elements(4, x, [I.into(), 0.into()])), binary(BinaryOp::Add, 0, 0, 1)];
    let body =
        vec![constant(0, 0.5), reduce(I, count, vec![reduce(J, count, add)]), store(0, elements(4, z, [0.into()]))];
    plan.run.push(stage("sum", vec![tile(&[4, 4], body)]));
    plan
}

/// Rows of many buffers, summed along three loops that count by columns or numbers: more pointers and counters than a
/// machine has registers, most of which move with all the loops.
fn many_buffers(lanes: usize, buffers: usize) -> Plan {
    let mut plan = plan(lanes);
    let names: Vec<_> = (0..buffers).map(|index| format!("x{index}")).collect();
    let inputs: Vec<_> =
        names.iter().map(|name| buffer(&mut plan, name, Role::Input, &[5, 4, 40, 3 * lanes])).collect();
    let y = buffer(&mut plan, "y", Role::Output, &[4, lanes]);
    let (row, count, outer, middle, inner) = (I, J, K, L, Var(4));
    let index = |plane: i64| [outer.into(), middle.into(), Affine::var(inner).plus_term(row, 1), plane.into()];
    let mut add = Vec::new();
    for (index_of_buffer, &x) in inputs.iter().enumerate() {
        let along_row = |plane| match lanes {
            1 => at(x, index(plane)),
            _ => along(x, index(plane), 3, [1, 2, -1][index_of_buffer % 3]),
        };
        // Reversed lanes start behind the others.
        let first = if index_of_buffer % 3 == 2 { lanes as i64 - 1 } else { 0 };
        add.extend([load(1, along_row(first)), binary(BinaryOp::Sub, 0, 1, 0)]);
    }
    let innermost = vec![
        Step::Reduce { var: inner, count: Count::Column(count), body: add },
        load(1, elements(lanes, inputs[0], [outer.into(), middle.into(), row.into(), 1.into()])),
        binary(BinaryOp::Mul, 0, 0, 1),
    ];
    let body = vec![
        constant(0, 1.0),
        reduce(outer, 5, vec![Step::Reduce { var: middle, count: Count::Fixed(4), body: innermost }]),
        store(0, elements(lanes, y, [row.into(), 0.into()])),
    ];
    let rows = [[0, 3], [2, 0], [1, 36], [3, 1]].map(|row| row.to_vec()).to_vec();
    let tiles = vec![tile(&[lanes; 2], body)];
    let mut stage = stage("many", vec![Stmt::Regions { columns: vec![row, count], rows, body: tiles }]);
    stage.vars.push("inner".into());
    plan.run.push(stage);
    plan
}

/// A loop around tiles that copy a buffer each, with two pointers a tile.
pub fn copies(lanes: usize, tiles: usize) -> Plan {
    let mut plan = plan(lanes);
    let mut copy = |index: usize| {
        let x = buffer(&mut plan, &format!("x{index}"), Role::Input, &[3, lanes]);
        let y = buffer(&mut plan, &format!("y{index}"), Role::Output, &[3, lanes]);
        let [x, y] = [x, y].map(|buffer| elements(lanes, buffer, [I.into(), 0.into()]));
        tile(&[lanes], vec![load(0, x), store(0, y)])
    };
    let body = (0..tiles).map(&mut copy).collect();
    plan.run.push(stage("copies", vec![repeat(I, 3, body)]));
    plan
}

/// Parameters that are packed, and scratch memory that two buffers share at different times.
pub fn matrix_products() -> Plan {
    let mut plan = plan(4);
    let x = buffer(&mut plan, "x", Role::Input, &[6, 5]);
    let first = buffer(&mut plan, "first", Role::Parameter, &[8, 5]);
    let second = buffer(&mut plan, "second", Role::Parameter, &[8, 8]);
    let first_packed = buffer(&mut plan, "first_packed", Role::Packed { offset: 0 }, &[5, 8]);
    let second_packed = buffer(&mut plan, "second_packed", Role::Packed { offset: 40 }, &[8, 8]);
    let [hidden, again] =
        [("hidden", 0), ("again", 48)].map(|(name, offset)| buffer(&mut plan, name, Role::Scratch { offset }, &[6, 8]));
    let third = buffer(&mut plan, "third", Role::Scratch { offset: 0 }, &[6, 8]);
    let y = buffer(&mut plan, "y", Role::Output, &[6, 8]);
    for (name, from, to, rows) in [("a", first, first_packed, 5), ("b", second, second_packed, 8)] {
        let body = vec![
            load(0, along(from, [Affine::term(J, 4), I.into()], 0, 1)),
            store(0, along(to, [I.into(), Affine::term(J, 4)], 1, 1)),
        ];
        plan.pack.push(stage(name, vec![repeat(I, rows, vec![repeat(J, 2, vec![tile(&[4], body)])])]));
    }
    let product = |name, from, by, to, sums| {
        let add = vec![
            broadcast(1, at(from, [I.into(), K.into()])),
            load(2, along(by, [K.into(), Affine::term(J, 4)], 1, 1)),
            accumulate(0, 1, 2, false),
        ];
        let store = store(0, along(to, [I.into(), Affine::term(J, 4)], 1, 1));
        let body = vec![constant(0, 0.0), reduce(K, sums, add), store];
        stage(name, vec![repeat(I, 6, vec![repeat(J, 2, vec![tile(&[4; 3], body)])])])
    };
    plan.run = vec![
        product("one", x, first_packed, hidden, 5),
        product("two", hidden, second_packed, again, 8),
        product("three", again, second_packed, third, 8),
        product("four", third, second_packed, y, 8),
    ];
    plan
}

#[test]
fn instructions_in_all_widths() {
    for lanes in WIDTHS {
        check(&format!("instructions on {lanes} lanes"), instructions(lanes));
    }
}

#[test]
fn strides_in_all_widths() {
    for lanes in &WIDTHS[1..] {
        check(&format!("strides on {lanes} lanes"), strided(*lanes));
    }
}

#[test]
fn regions_of_rows() {
    check("regions", regions());
}

#[test]
fn reductions_that_count_by_columns() {
    for (lanes, fused) in [(1, false), (4, false), (4, true), (8, false), (16, true)] {
        for rows in [0..12, 1..11, 3..9, 11..12] {
            check(&format!("borders of {rows:?} on {lanes} lanes, fused {fused}"), borders(lanes, fused, rows));
        }
    }
}

#[test]
fn more_sums_than_registers() {
    for lanes in WIDTHS {
        for (sums, fused) in [(12, false), (12, true), (14, false), (14, true), (30, false), (30, true)] {
            check(&format!("{sums} sums on {lanes} lanes, fused {fused}"), wide_sums(lanes, sums, fused));
        }
    }
}

#[test]
fn multiply_adds_that_depend_on_each_other() {
    let independent = [[0, 1, 2, 0], [3, 1, 2, 3]];
    let reads_the_sum = [[[0, 1, 2, 0], [3, 0, 2, 3]], [[0, 1, 2, 0], [3, 2, 0, 3]], [[0, 1, 2, 0], [3, 1, 2, 0]]];
    let writes_what_was_read = [[[0, 1, 2, 3], [3, 1, 2, 3]], [[0, 1, 2, 0], [1, 3, 4, 1]]];
    let writes_the_sum = [[[0, 1, 2, 0], [0, 3, 4, 0]], [[0, 1, 2, 0], [0, 3, 4, 5]]];
    let pairs = [&[independent][..], &reads_the_sum, &writes_what_was_read, &writes_the_sum].concat();
    for (lanes, fused) in [(1, false), (4, false), (4, true), (16, false)] {
        for &operands in &pairs {
            check(&format!("{operands:?} on {lanes} lanes, fused {fused}"), pair(lanes, fused, operands));
        }
    }
}

#[test]
fn as_many_vectors_as_registers() {
    check("full tile", full_tile());
}

#[test]
fn more_pointers_than_registers() {
    for lanes in WIDTHS {
        for buffers in [1, 3, 9, 20] {
            check(&format!("{buffers} buffers on {lanes} lanes"), many_buffers(lanes, buffers));
        }
    }
}

#[test]
fn more_tiles_than_one_function_has_registers_for() {
    for lanes in WIDTHS {
        for tiles in [1, 5, 6, 13] {
            check(&format!("{tiles} tiles on {lanes} lanes"), copies(lanes, tiles));
        }
    }
}

#[test]
fn loops_of_few_iterations() {
    for count in 0..=3 {
        check(&format!("loops of {count}"), short_loops(count));
    }
}

#[test]
fn packing_and_scratch() {
    check("matrix products", matrix_products());
}
