use super::{Options, source};
use crate::compile;
use crate::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use crate::net::{self, Input, Net, Op, ValueId};
use crate::plan::{
    Access, Affine, BinaryOp, Buffer, BufferId, Count, Instr, Lanes, Part, Plan, Reg, Register, Role, Stage, Step,
    Stmt, Target, Tile, Var,
};
use quote::quote;

fn layer(name: &str, axis: LayerAxis, channels: [usize; 2]) -> Layer {
    Layer {
        name: name.into(),
        batch: 1,
        input_channels: channels[0],
        output_channels: channels[1],
        groups: 1,
        axes: vec![axis],
        transposed: false,
        padding_mode: PaddingMode::Zeros,
        bias: true,
        activation: Activation::None,
        layout: Layout::Nchw,
    }
}

const SAME: LayerAxis = LayerAxis { input: 6, kernel: 3, stride: 1, dilation: 1, padding: [1, 1], output_padding: 0 };

fn emit(net: &Net) -> String {
    emit_for(net, &[Target::portable()])
}

fn emit_for(net: &Net, targets: &[Target]) -> String {
    let plans: Vec<_> = targets.iter().map(|target| compile(net, target).expect("the net has a plan")).collect();
    source(net, &plans, &Options::default()).expect("the default facade is a path")
}

fn step(name: &str, op: Op, reads: &[usize]) -> net::Step {
    net::Step { name: name.into(), op, reads: reads.iter().copied().map(ValueId).collect() }
}

#[test]
fn a_layer() {
    let activation = Activation::LeakyRelu(Number::new(0.1));
    insta::assert_snapshot!(emit(&Net::of_layer(Layer { activation, ..layer("conv_1", SAME, [2, 3]) })));
}

/// The wide ones need `unsafe` nowhere.
#[test]
fn a_layer_for_several_machines() {
    let axis = LayerAxis { input: 21, ..SAME };
    let layer = Layer { activation: Activation::Relu, ..layer("conv_1", axis, [2, 3]) };
    let text = emit_for(&Net::of_layer(layer), &Target::all());
    assert!(!text.contains("unsafe"));
    insta::assert_snapshot!(text);
}

/// Far weights, and far inputs, are asked for by all machines with vectors of more than 128 bits.
#[test]
fn memory_is_asked_for_before_it_is_read() {
    let asked = |input, channels| {
        let layer = layer("far", LayerAxis { input, ..SAME }, channels);
        let text = emit_for(&Net::of_layer(layer), &Target::all());
        ["F32x4", "F32x8", "F32x16"].map(|vector| text.matches(&format!("{vector}::prefetch(")).count() > 0)
    };
    assert_eq!(asked(4, [256, 256]), [false, false, false]);
    assert_eq!(asked(4, [512, 512]), [false, true, true]);
    assert_eq!(asked(100_000, [32, 8]), [false, true, true]);
}

/// Names that are taken already or not in snake case; several inputs and outputs; scratch memory.
fn net() -> Net {
    let input = |name: &str| Input { name: name.into(), shape: vec![1, 2, 6] };
    Net {
        name: "head_2d".into(),
        standalone: false,
        layout: Layout::Nchw,
        inputs: vec![input("x"), input("packed")],
        steps: vec![
            step("stem", Op::Conv(layer("stem", SAME, [2, 2])), &[0]),
            step("Mixed", Op::Conv(Layer { bias: false, ..layer("Mixed", SAME, [2, 2]) }), &[2]),
            step("again", Op::Conv(Layer { bias: false, ..layer("again", SAME, [2, 2]) }), &[3]),
            step("sum", Op::Add(Activation::Relu), &[4, 1]),
        ],
        outputs: vec![ValueId(5), ValueId(2)],
    }
}

#[test]
fn a_net() {
    insta::assert_snapshot!(emit(&net()));
}

#[test]
fn the_same_every_time() {
    assert_eq!(emit(&net()), emit(&net()));
}

#[test]
fn the_facade_is_a_path_of_the_users() {
    let net = Net::of_layer(layer("conv_1", SAME, [2, 3]));
    let plans = [compile(&net, &Target::portable()).expect("the net has a plan")];
    let options = |facade| Options { facade, ..Options::default() };
    let renamed = source(&net, &plans, &options(quote!(crate::convolution))).expect("a path");
    assert!(renamed.contains("use crate::convolution::rt;") && !renamed.contains("atrous"));
    assert!(source(&net, &plans, &options(quote!(not a path))).is_err());
}

/// Whatever a plan can say, in a stage that computes nothing sensible.
#[test]
fn a_stage() {
    let buffer = |name: &str, role, shape: &[usize]| Buffer { name: name.into(), role, shape: shape.into() };
    let plan = Plan {
        name: "all".into(),
        target: Target { name: "wide", lanes: 8, registers: 16, fused: true, pipes: 2 },
        buffers: vec![
            buffer("y", Role::Input, &[9, 20]),
            buffer("unread", Role::Input, &[4]),
            buffer("conv.1", Role::Output, &[9, 20]),
        ],
        packed_len: 0,
        scratch_len: 0,
        pack: vec![],
        run: vec![],
    };
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let [y, count, unused, x, k, never] = [0, 1, 2, 3, 4, 5].map(Var);
    let registers = [("sum", 8), ("y", 8), ("carried", 1), ("local", 1), ("late", 8), ("kept", 1)];
    let registers = registers.map(|(name, lanes)| Register { name: name.into(), lanes });
    let [sum, loaded, carried, local, late, kept] = [0, 1, 2, 3, 4, 5].map(Reg);
    let access = |buffer, index: [Affine; 2], lanes| Access { buffer: BufferId(buffer), index: index.into(), lanes };
    let lanes = |dim, step| Some(Lanes::all(dim, step));
    let row = |offset| Affine::var(y).plus_constant(offset);
    let number = |value| Number::new(value);
    let binary = |op, to, left, right| Step::Do(Instr::Binary { op, to, left, right });
    let inner = vec![
        Step::Do(Instr::Load {
            to: loaded,
            from: access(0, [row(1), Affine::term(k, -2).plus_constant(19)], lanes(1, -2)),
        }),
        Step::Do(Instr::MultiplyAdd { to: sum, left: loaded, right: loaded, addend: sum, fused: true, part: None }),
        Step::Do(Instr::MultiplyAdd { to: sum, left: loaded, right: loaded, addend: sum, fused: false, part: None }),
        Step::Do(Instr::Broadcast {
            to: loaded,
            from: access(0, [row(1), Affine::term(k, -2).plus_constant(3)], None),
        }),
        Step::Do(Instr::SelectLess { to: late, left: loaded, right: sum, yes: sum, no: loaded }),
        Step::Do(Instr::Load { to: local, from: access(0, [0.into(), k.into()], None) }),
        binary(BinaryOp::Sub, carried, local, carried),
    ];
    let unread = Access { buffer: BufferId(1), index: vec![never.into()], lanes: None };
    let nothing = [local, kept].map(|to| Step::Do(Instr::Load { to, from: unread.clone() })).to_vec();
    let body = vec![
        Step::Do(Instr::Constant { to: kept, value: number(1.0) }),
        Step::Do(Instr::Constant { to: sum, value: number(-std::f32::consts::LOG2_E) }),
        Step::Reduce { var: k, count: Count::Column(count), body: inner },
        Step::Reduce { var: never, count: Count::Fixed(0), body: nothing },
        Step::Do(Instr::ShiftLeft { to: sum, from: sum, bits: 23 }),
        binary(BinaryOp::Min, late, late, sum),
        Step::Do(Instr::Store { from: late, to: access(2, [row(0), x.into()], lanes(0, 1)) }),
        Step::Do(Instr::Store { from: sum, to: access(2, [row(0), Affine::var(x).plus_constant(1)], lanes(1, 1)) }),
        Step::Do(Instr::Store { from: carried, to: access(2, [8.into(), x.into()], None) }),
        Step::Do(Instr::Store { from: kept, to: access(2, [7.into(), x.into()], None) }),
    ];
    let tile = Stmt::Tile(Tile { registers: registers.into(), body });
    let rows = vec![vec![-1, 2, 0], vec![1, 0, 7]];
    let stage = Stage {
        name: "all".into(),
        vars: names(&["y", "count", "unused", "x", "k", "never"]),
        shares: 9,
        decision: None,
        body: vec![Stmt::Regions {
            columns: vec![y, count, unused],
            rows,
            body: vec![Stmt::Par {
                var: x,
                count: Count::Fixed(2),
                before: Count::Column(unused),
                body: vec![tile.clone(), tile],
            }],
        }],
    };
    insta::assert_snapshot!(function(&plan, &stage));
}

fn function(plan: &Plan, stage: &Stage) -> String {
    let facade = quote!(::atrous);
    let surroundings = super::program::Surroundings {
        plan,
        machine: None,
        cfg: None,
        callers: Default::default(),
        packed: quote!(packed),
        facade: &facade,
    };
    let function = super::stage::function(&surroundings, stage, &super::names::identifier("run_all"));
    let items = quote!(impl All { #function });
    prettyplease::unparse(&syn::parse2(items).expect("items"))
}

/// The windows hold the lanes that touch memory and no others: here the first element of a row is the first of the
/// buffer, and lane 0 would be before it.
#[test]
fn parts_and_shuffles() {
    let buffer = |name: &str, role| Buffer { name: name.into(), role, shape: vec![4, 10] };
    let plan = Plan {
        name: "all".into(),
        target: Target { name: "wide", lanes: 4, registers: 16, fused: true, pipes: 2 },
        buffers: vec![buffer("x", Role::Input), buffer("y", Role::Output)],
        packed_len: 0,
        scratch_len: 0,
        pack: vec![],
        run: vec![],
    };
    let access = |buffer, index: &[Affine], dim, step, part: Option<[usize; 2]>| {
        let part = part.map(|[from, to]| Part { from, to });
        Access { buffer: BufferId(buffer), index: index.into(), lanes: Some(Lanes { dim, step, part }) }
    };
    let row = Affine::var(Var(0));
    let merged = |start: i64| [Affine::term(Var(0), 10).plus_constant(start)];
    let [first, last, woven] = [0, 1, 2].map(Reg);
    let body = vec![
        Instr::Load { to: first, from: access(0, &[row.clone(), (-1).into()], 1, 1, Some([1, 4])) },
        Instr::Load { to: last, from: access(0, &merged(4), 0, 2, Some([0, 3])) },
        Instr::Shuffle { to: woven, left: first, right: last, lanes: vec![0, 4, 1, 5] },
        Instr::Store { from: woven, to: access(1, &merged(-2), 0, 1, Some([2, 4])) },
        Instr::Store { from: first, to: access(1, &merged(11), 0, -3, Some([1, 4])) },
        Instr::Store { from: last, to: access(1, &[row, 4.into()], 1, 1, None) },
    ];
    let registers = ["first", "last", "woven"].map(|name| Register { name: name.into(), lanes: 4 });
    let tile = Tile { registers: registers.into(), body: body.into_iter().map(Step::Do).collect() };
    let stage = Stage {
        name: "all".into(),
        vars: vec!["y".into()],
        shares: 1,
        decision: None,
        body: vec![Stmt::For { var: Var(0), count: Count::Fixed(4), body: vec![Stmt::Tile(tile)] }],
    };
    insta::assert_snapshot!(function(&plan, &stage), @r"
    impl All {
        /// Reads `x`; writes `y`.
        #[inline(never)]
        fn run_all(x: &[f32; 40], y_buffer: &[::core::cell::Cell<f32>; 40]) {
            use ::atrous::rt::{self, Lanes as _};
            for y in 0..4 {
                let x_window: &[f32; 9] = rt::window(x, 10 * y);
                let first = rt::F32x4::load_part::<1, 4>(x_window, 0);
                let last = rt::F32x4::load_part_strided::<0, 3>(x_window, 4, 2);
                let woven = first.shuffle(last, [0, 4, 1, 5]);
                let y_buffer_window: &[_; 9] = rt::window(y_buffer, 10 * y);
                woven.store_part::<2, 4>(y_buffer_window, 0);
                first.store_part_strided::<1, 4>(y_buffer_window, 8, -3);
                last.store(y_buffer_window, 4);
            }
        }
    }
    ");
}

/// What a loop reads is checked before it, and a multiply-add that is the only one to read a load does it itself; not so
/// where another reads it too, and not in a loop that may run no time.
#[test]
fn loops_and_loads() {
    let buffer = |name: &str, role| Buffer { name: name.into(), role, shape: vec![6, 20] };
    let plan = Plan {
        name: "all".into(),
        target: Target { name: "wide", lanes: 4, registers: 16, fused: true, pipes: 2 },
        buffers: vec![buffer("x", Role::Input), buffer("w", Role::Parameter), buffer("y", Role::Output)],
        packed_len: 0,
        scratch_len: 0,
        pack: vec![],
        run: vec![],
    };
    let [y, times, i, k, j] = [0, 1, 2, 3, 4].map(Var);
    let access = |buffer, row: Affine, column: Affine| {
        let lanes = Some(Lanes { dim: 1, step: 1, part: None });
        Access { buffer: BufferId(buffer), index: vec![row, column], lanes }
    };
    let [sum, once, twice] = [0, 1, 2].map(Reg);
    let load = |to, from| Step::Do(Instr::Load { to, from });
    let multiply_add =
        |left, right| Step::Do(Instr::MultiplyAdd { to: sum, left, right, addend: sum, fused: true, part: None });
    let innermost = vec![
        load(twice, access(1, k.into(), 8.into())),
        load(once, access(0, Affine::var(y).plus(&i.into()), Affine::term(k, -4).plus_constant(11))),
        multiply_add(once, twice),
        multiply_add(twice, sum),
    ];
    let inner = vec![
        load(twice, access(0, Affine::var(y).plus(&i.into()), 16.into())),
        multiply_add(twice, twice),
        Step::Reduce { var: k, count: Count::Fixed(3), body: innermost },
    ];
    let some = vec![load(twice, access(1, j.into(), 0.into())), multiply_add(twice, sum)];
    let body = vec![
        Step::Do(Instr::Constant { to: sum, value: Number::new(1.0) }),
        Step::Reduce { var: i, count: Count::Fixed(2), body: inner },
        Step::Reduce { var: j, count: Count::Column(times), body: some },
        Step::Do(Instr::Store { from: sum, to: access(2, y.into(), 0.into()) }),
    ];
    let registers = ["sum", "once", "twice"].map(|name| Register { name: name.into(), lanes: 4 });
    let tile = Stmt::Tile(Tile { registers: registers.into(), body });
    let stage = Stage {
        name: "all".into(),
        vars: ["y", "times", "i", "k", "j"].map(String::from).into(),
        shares: 1,
        decision: None,
        body: vec![Stmt::Regions { columns: vec![y, times], rows: vec![vec![0, 2], vec![4, 0]], body: vec![tile] }],
    };
    insta::assert_snapshot!(function(&plan, &stage));
}
