//! Every message of `verify`. The comments in the snapshots say what was changed in a valid plan.

use super::{parse, plans};
use crate::plan::{
    Access, Affine, Buffer, BufferId, Count, Instr, Lanes, Plan, Reg, Role, Step, Stmt, Tile, Var, verify,
};

fn message(plan: Plan) -> String {
    match verify(plan) {
        Ok(plan) => panic!("valid:\n{}", *plan),
        Err(violation) => violation.to_string(),
    }
}

/// The messages after each replacement in a text.
fn check(text: &str, replacements: &[(&str, &str)]) -> String {
    let of_replacement = |&(from, to): &(&str, &str)| {
        assert!(text.contains(from), "{from}");
        format!("// {} → {}\n{}", from.trim(), to.trim(), message(parse::plan(&text.replace(from, to))))
    };
    replacements.iter().map(of_replacement).collect::<Vec<_>>().join("\n")
}

/// What an edit does, and the edit.
type Edit = (&'static str, fn(&mut Plan));

/// The messages after each edit of a plan that the notation cannot write.
fn check_edits(text: &str, edits: &[Edit]) -> String {
    let of_edit = |(what, edit): &Edit| {
        let mut plan = parse::plan(text);
        edit(&mut plan);
        format!("// {what}\n{}", message(plan))
    };
    edits.iter().map(of_edit).collect::<Vec<_>>().join("\n")
}

/// The first tile of a stage.
fn tile(body: &mut [Stmt]) -> &mut Tile {
    match &mut body[0] {
        Stmt::For { body, .. } | Stmt::Par { body, .. } | Stmt::Regions { body, .. } => tile(body),
        Stmt::Tile(tile) => tile,
    }
}

/// The load that the first packing stage begins with.
fn load(plan: &mut Plan) -> (&mut Reg, &mut Access) {
    match &mut tile(&mut plan.pack[0].body).body[0] {
        Step::Do(Instr::Load { to, from }) => (to, from),
        other => panic!("{other:?}"),
    }
}

#[test]
fn memory() {
    let replacements = [
        ("plan conv", "plan my-conv"),
        ("registers of 4 lanes", "registers of 3 lanes"),
        ("run conv", "run fn"),
        ("pack biases", "pack taps"),
        ("image   [1, 2, 11]", "image   [4611686018427387904, 2, 11]"),
        ("packed 28", "packed 27"),
        ("at 0", "at 18446744073709551615"),
        ("scratch 0", "scratch 2305843009213693951"),
        ("at 0", "at 2"),
    ];
    let rename = |plan: &mut Plan| plan.buffers[0].name = "bias".into();
    let text = [check(plans::CONV, &replacements), check_edits(plans::CONV, &[("rename `image` to `bias`", rename)])];
    insta::assert_snapshot!(text.join("\n"), @r"
    // plan conv → plan my-conv
    the plan's name `my-conv` is not an identifier
    // registers of 4 lanes → registers of 3 lanes
    portable has vectors of 3 lanes, not of a power of two up to 64
    // run conv → run fn
    the name `fn` of a stage of run is not an identifier
    // pack biases → pack taps
    two stages of pack are named `taps`
    // image   [1, 2, 11] → image   [4611686018427387904, 2, 11]
    `image` of shape [4611686018427387904, 2, 11] is larger than memory
    // packed 28 → packed 27
    `taps` has 24 elements at 4 of the packed arena, which has 27 elements
    // at 0 → at 18446744073709551615
    `biases` has 4 elements at 18446744073709551615 of the packed arena, which has 28 elements
    // scratch 0 → scratch 2305843009213693951
    the buffers together are larger than memory
    // at 0 → at 2
    `biases` at 2..6 and `taps` at 4..28 overlap in the packed arena
    // rename `image` to `bias`
    two buffers are named `bias`
    ");
}

#[test]
fn scope() {
    let replacements = [
        ("n_taps", "self"),
        ("(1, 2, 9, 1, 0, 3)", "(1, 2, 9, 1, 0)"),
        ("acc", "mut"),
        ("tile of 4 lanes", "tile of 3 lanes"),
        ("tile of 4 lanes", "tile of 8 lanes"),
        ("for t in", "for oc in"),
        ("out[0, oc, tail + t]", "out[0, oc, tail + v]"),
        ("reduce ic in 0..2", "reduce ic in 0..-2"),
        ("0..tails", "0..oc"),
        ("(1, 2, 9, 1, 0, 3)", "(1, -2, 9, 1, 0, 3)"),
        ("load biases[oc]", "load biases[oc, 0]"),
        ("out[0, oc, x + 4*v ..+4]", "out[0, oc, x + 4*v]"),
        ("broadcast biases[oc]", "broadcast biases[oc ..+4]"),
    ];
    let of_instructions = [("quarter = 0.25", "quarter = inf"), ("<< 1", "<< 32"), ("0.25", "pair / pair")];
    let text = [check(plans::CONV, &replacements), check(plans::CHAIN, &of_instructions)];
    insta::assert_snapshot!(text.join("\n"), @r"
    // n_taps → self
    run conv: the name `self` of a variable is not an identifier
    // (1, 2, 9, 1, 0, 3) → (1, 2, 9, 1, 0)
    run conv: the row [1, 2, 9, 1, 0] is in a table of 6 columns
    // acc → mut
    run conv: the name `mut` of a register is not an identifier
    // tile of 4 lanes → tile of 3 lanes
    pack biases: the register `b` has 3 lanes, not a power of two up to 4
    // tile of 4 lanes → tile of 8 lanes
    pack biases: the register `b` has 8 lanes, not a power of two up to 4
    // for t in → for oc in
    run conv: `oc` is bound inside its own scope
    // out[0, oc, tail + t] → out[0, oc, tail + v]
    run conv: `v` is used outside its scope
    // reduce ic in 0..2 → reduce ic in 0..-2
    run conv: a loop runs -2 times
    // 0..tails → 0..oc
    run conv: `oc` counts a loop but is not a column
    // (1, 2, 9, 1, 0, 3) → (1, -2, 9, 1, 0, 3)
    run conv: a loop runs `vectors` times, which is -2 in the row [1, -2, 9, 1, 0, 3]
    // load biases[oc] → load biases[oc, 0]
    run conv: `biases` has 1 dimensions but an access has 2 indices
    // out[0, oc, x + 4*v ..+4] → out[0, oc, x + 4*v]
    run conv: an access to `out` does not say where its lanes are
    // broadcast biases[oc] → broadcast biases[oc ..+4]
    run conv: an access to one element of `biases` has lanes
    // quarter = 0.25 → quarter = inf
    run scalar: the constant inf is not finite
    // << 1 → << 32
    run powers: a shift moves all bits out of a lane
    // 0.25 → pair / pair
    run scalar: an instruction mixes `quarter` of 1 lanes with `pair` of 2 lanes
    ");
}

#[test]
fn scope_beyond_the_notation() {
    let deep = |plan: &mut Plan| {
        for _ in 0..64 {
            let body = std::mem::take(&mut plan.run[0].body);
            plan.run[0].body = vec![Stmt::Regions { columns: vec![], rows: vec![vec![]], body }];
        }
    };
    let edits: [Edit; 9] = [
        ("nest more", deep),
        ("rename a variable to `oc`", |plan| plan.run[0].vars[1] = "oc".into()),
        ("rename a register to `ic`", |plan| tile(&mut plan.pack[0].body).registers[0].name = "ic".into()),
        ("use a variable that is none", |plan| load(plan).1.index[0] = Affine::var(Var(7))),
        ("bind a variable that is none", |plan| {
            plan.run[0].shares = 1;
            plan.run[0].body = vec![Stmt::For { var: Var(77), count: Count::Fixed(1), body: Vec::new() }];
        }),
        ("use a register that is none", |plan| *load(plan).0 = Reg(7)),
        ("use a buffer that is none", |plan| load(plan).1.buffer = BufferId(7)),
        ("put lanes along a dimension that is none", |plan| {
            tile(&mut plan.pack[0].body).registers[0].lanes = 4;
            load(plan).1.lanes = Some(Lanes::all(3, 1));
        }),
        ("add a second term for `oc`", |plan| {
            let index = &mut load(plan).1.index[0];
            index.terms.push(index.terms[0]);
        }),
    ];
    insta::assert_snapshot!(check_edits(plans::CONV, &edits), @r"
    // nest more
    run conv: statements are nested more than 64 deep
    // rename a variable to `oc`
    run conv: two variables are named `oc`
    // rename a register to `ic`
    pack taps: the name of the register `ic` is taken
    // use a variable that is none
    pack taps: there is no variable 7
    // bind a variable that is none
    run conv: there is no variable 77
    // use a register that is none
    pack taps: there is no register 7
    // use a buffer that is none
    pack taps: there is no buffer 7
    // put lanes along a dimension that is none
    pack taps: lanes run along dimension 3 of `weight`, which has 3
    // add a second term for `oc`
    pack taps: an index has a zero coefficient or two terms for `oc`
    ");
}

#[test]
fn shares() {
    let of_conv = [
        ("run conv in 4 shares", "run conv in 0 shares"),
        ("run conv in 4 shares", "run conv in 3 shares"),
        ("par oc in 0..4", "for oc in 0..4"),
        ("for v in 0..vectors", "par v in 0..vectors"),
        ("par oc in 0..4", "par oc in 0..4 after 1"),
    ];
    let of_up = [
        ("(1, 3)]\n", "(1, 4)]\n"),
        ("(1, 3)]\n", "(1, -3)]\n"),
        ("par y in 0..3 after before", "par y in 0..before after before"),
        ("par y in 0..3 after before", "par y in 0..3 after n"),
    ];
    let outside = |plan: &mut Plan| {
        let Stmt::Par { body, .. } = plan.run[0].body[0].clone() else { panic!("the stage is not parallel") };
        plan.run[0].body.push(Stmt::For { var: Var(0), count: Count::Fixed(1), body });
    };
    let text = [
        check(plans::CONV, &of_conv),
        check_edits(plans::CONV, &[("repeat the body outside", outside)]),
        check(plans::UP, &of_up),
    ];
    insta::assert_snapshot!(text.join("\n"), @r"
    // run conv in 4 shares → run conv in 0 shares
    run conv: the stage has 0 shares
    // run conv in 4 shares → run conv in 3 shares
    run conv: a parallel loop reaches share 3, but the stage has 3
    // par oc in 0..4 → for oc in 0..4
    run conv: the stage has 4 shares but no parallel loop
    // for v in 0..vectors → par v in 0..vectors
    run conv: a parallel loop stands inside another
    // par oc in 0..4 → par oc in 0..4 after 1
    run conv: a parallel loop reaches share 4, but the stage has 4
    // repeat the body outside
    run conv: a store stands outside the parallel loops of its stage
    // (1, 3)] → (1, 4)]
    run up: a parallel loop reaches share 6, but the stage has 6
    // (1, 3)] → (1, -3)]
    run up: a parallel loop begins at share `before`, which is -3 in the row [1, -3]
    // par y in 0..3 after before → par y in 0..before after before
    run up: the element [0, 0, 0] of `out` is never written
    // par y in 0..3 after before → par y in 0..3 after n
    run up: `n` counts a loop but is not a column
    ");
}

#[test]
fn registers() {
    let of_conv = [("acc = broadcast biases[oc]", "w = 0.0"), ("..+4] = acc", "..+4] = w")];
    let of_chain = [("(6 registers", "(3 registers")];
    let text = [check(plans::CONV, &of_conv), check(plans::CHAIN, &of_chain)];
    insta::assert_snapshot!(text.join("\n"), @r"
    // acc = broadcast biases[oc] → w = 0.0
    run conv: the register `acc` is read but may not have been written
    // ..+4] = acc → ..+4] = w
    run conv: the register `w` is read but may not have been written
    // (6 registers → (3 registers
    run sum: a tile keeps 4 registers alive at once, but portable has 3
    ");
}

#[test]
fn bounds() {
    let replacements = [
        ("x + 4*v + tap", "x + 4611686018427387904*v + tap"),
        ("(10, 0, 10, 1, 0, 2)", "(10, 0, 10, 1, 0, 3)"),
        ("(0, 0, 0, 1, 1, 2)", "(0, 0, 0, 1, 0, 2)"),
        ("(1, 2, 9, 1, 0, 3)", "(3, 2, 9, 1, 0, 3)"),
        ("load weight[oc, ic, 2 - k]", "load weight[oc, ic, 3 - k]"),
    ];
    insta::assert_snapshot!(check(plans::CONV, &replacements), @r"
    // x + 4*v + tap → x + 4611686018427387904*v + tap
    run conv: the index of an access to `image` overflows
    // (10, 0, 10, 1, 0, 2) → (10, 0, 10, 1, 0, 3)
    run conv: dimension 2 of `image` has 11 positions, but the index `tail + t + tap + k - 1` reaches from 0 to 11
    // (0, 0, 0, 1, 1, 2) → (0, 0, 0, 1, 0, 2)
    run conv: dimension 2 of `image` has 11 positions, but the index `tail + t + tap + k - 1` reaches from -1 to 10
    // (1, 2, 9, 1, 0, 3) → (3, 2, 9, 1, 0, 3)
    run conv: dimension 2 of `image` has 11 positions, but the index `x + 4*v + tap + k - 1` reaches from 2 to 11
    // load weight[oc, ic, 2 - k] → load weight[oc, ic, 3 - k]
    pack taps: dimension 2 of `weight` has 3 positions, but the index `3 - k` reaches from 1 to 3
    ");
}

#[test]
fn cover() {
    let of_up = [
        ("store taps[0, 0 ..+2]", "store taps[1, 0 ..+2]"),
        ("store out[n, 2*y + phase_y", "store out[n, 2*y"),
        ("[(0, 0), (1, 3)]", "[(0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (1, 3)]"),
        ("[(0, 0), (1, 0)]", "[(0, 0), (0, 0)]"),
        ("[(0, 0), (1, 0)]", "[(0, 0)]"),
        ("..+4 by 2", "..+4"),
        ("2*y + phase_y", "y + phase_y"),
        ("out     [1, 6, 8]", "out     [1, 6, 134217728]"),
    ];
    let of_conv = [("store taps[ic, k, oc]", "store taps[ic, 0, oc]")];
    let of_chain = [("store out[c, x]", "store out[c, c]")];
    let boxes = |plan: &mut Plan| {
        // Two tables that move a store of two dimensions along both make a box for each pair of rows.
        for name in ["a", "b"] {
            let column = plan.run[0].vars.iter().position(|var| var == name).unwrap();
            let body = std::mem::take(&mut plan.run[0].body);
            plan.run[0].body = vec![Stmt::Regions { columns: vec![Var(column)], rows: vec![vec![0]; 600], body }];
        }
    };
    let wide = plans::UP.replace("out[n, 2*y + phase_y", "out[n + a + b, 2*y + phase_y + a + b");
    let text = [
        check(plans::UP, &of_up),
        check(plans::CONV, &of_conv),
        check(plans::CHAIN, &of_chain),
        check_edits(&wide, &[("add two tables of 600 rows that move the store along two dimensions", boxes)]),
    ];
    insta::assert_snapshot!(text.join("\n"), @r"
    // store taps[0, 0 ..+2] → store taps[1, 0 ..+2]
    pack taps: the element [1, 0] of `taps` is written more than once
    // store out[n, 2*y + phase_y → store out[n, 2*y
    run up: a store to `out` writes the same elements for every row of (phase_y, before)
    // [(0, 0), (1, 3)] → [(0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (1, 3)]
    run up: a store to `out` writes some elements more than once
    // [(0, 0), (1, 0)] → [(0, 0), (0, 0)]
    run up: the element [0, 0, 0] of `out` is written more than once
    // [(0, 0), (1, 0)] → [(0, 0)]
    run up: the element [0, 0, 1] of `out` is never written
    // ..+4 by 2 → ..+4
    run up: the element [0, 0, 1] of `out` is written more than once
    // 2*y + phase_y → y + phase_y
    run up: the element [0, 1, 0] of `out` is written more than once
    // out     [1, 6, 8] → out     [1, 6, 134217728]
    run up: the element [0, 0, 8] of `out` is never written
    // store taps[ic, k, oc] → store taps[ic, 0, oc]
    pack taps: a store to `taps` writes the same elements in every iteration of `k`
    // store out[c, x] → store out[c, c]
    run out: a store to `out` moves along the dimensions [0, 1] at once with `c`, for which there is no proof
    // add two tables of 600 rows that move the store along two dimensions
    run up: a store to `out` is made of too many boxes
    ");
}

#[test]
fn flow() {
    let of_conv = [
        ("load biases[oc]", "load bias[oc]"),
        ("load image[0, ic, tail + t + tap + k - 1]", "load out[0, ic, tail]"),
        ("store biases[0 ..+4]", "store out[0, 0, 0 ..+4]"),
        ("load bias[0", "load image[0, 0, 0"),
    ];
    let of_chain = [
        ("load powers[c, x]", "load out[c, x]"),
        ("store out[c, x]", "store a[c, x]"),
        ("load sum[c", "load powers[c"),
        ("run powers", "run extra\n  tile of 1 lane\n    s = 1.0\n    store scalar[] = s\nrun powers"),
        ("powers  [2, 8]  at 0", "powers  [2, 8]  at 8"),
        ("leaky   [8, 2]  at 16", "leaky   [8, 2]  at 15"),
    ];
    let unused = |plan: &mut Plan| {
        plan.buffers.push(Buffer { name: "more".into(), role: Role::Output, shape: vec![1] });
    };
    let text = [
        check(plans::CONV, &of_conv),
        check(plans::CHAIN, &of_chain),
        check_edits(plans::CHAIN, &[("add the output `more`", unused)]),
    ];
    insta::assert_snapshot!(text.join("\n"), @r"
    // load biases[oc] → load bias[oc]
    run conv: reads the parameter `bias`, which run must not
    // load image[0, ic, tail + t + tap + k - 1] → load out[0, ic, tail]
    run conv: both reads and writes `out`
    // store biases[0 ..+4] → store out[0, 0, 0 ..+4]
    pack biases: writes the output `out`, which pack must not
    // load bias[0 → load image[0, 0, 0
    pack biases: reads the input `image`, which pack must not
    // load powers[c, x] → load out[c, x]
    run out: both reads and writes `out`
    // store out[c, x] → store a[c, x]
    run out: writes the input `a`, which run must not
    // load sum[c → load powers[c
    run leaky: reads `powers`, which no earlier stage writes
    // run powers → run extra
      tile of 1 lane
        s = 1.0
        store scalar[] = s
    run powers
    run scalar: writes `scalar`, which `extra` writes too
    // powers  [2, 8]  at 0 → powers  [2, 8]  at 8
    run powers: `leaky` at 16..32 and `powers` at 8..24 overlap in the scratch arena
    // leaky   [8, 2]  at 16 → leaky   [8, 2]  at 15
    run leaky: `sum` at 0..16 and `leaky` at 15..31 overlap in the scratch arena
    // add the output `more`
    no stage writes `more`
    ");
}
