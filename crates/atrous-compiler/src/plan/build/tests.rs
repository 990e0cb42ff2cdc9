//! The decisions, before they become loops.

use super::memory::{Lifetime, sequential, share};
use super::{build, pack};
use crate::layer::Layout;
use crate::lower::lower;
use crate::passes;
use crate::plan::schedule::{Block, LaneAxis, Schedule, blocks, ranking, walked};
use crate::plan::{Affine, Stage, Step, Stmt, Target};
use crate::{front, ir};

/// The layers whose schedules are shown.
const LAYERS: &[(&str, &str)] = &[
    ("dense", "input: [1, 64, 56, 56], channels: 64, kernel: 3, padding: 1"),
    ("pointwise", "input: [1, 64, 56, 56], channels: 256, kernel: 1"),
    ("stem", "input: [1, 3, 224, 224], channels: 64, kernel: 7, stride: 2, padding: 3"),
    ("last", "input: [1, 64, 64, 64], channels: 3, kernel: 4, stride: 2, padding: 1, transposed"),
    ("depthwise", "input: [1, 144, 56, 56], channels: 144, kernel: 3, padding: 1, depthwise"),
    ("shuffled", "input: [1, 128, 56, 56], channels: 128, kernel: 3, padding: 1, groups: 32"),
    ("à trous", "input: [1, 256, 33, 33], channels: 256, kernel: 3, padding: 12, dilation: 12"),
    ("small map", "input: [1, 512, 7, 7], channels: 512, kernel: 3, padding: 1"),
    ("causal", "input: [1, 64, 4000], channels: 128, kernel: 2, dilation: 64, padding: causal"),
    ("volume", "input: [1, 16, 32, 32, 32], channels: 16, kernel: 3, padding: 1"),
    ("long", "input: [1, 1, 4000], channels: 1, kernel: 400, padding: same"),
    ("far row", "input: [1, 2048, 100], channels: 49, kernel: 1"),
    ("far rows", "input: [1, 1024, 14, 14], channels: 12, kernel: 3, stride: 2, padding: 1"),
    ("far planes", "input: [1, 640, 32, 32], channels: 640, kernel: 3, padding: 1"),
    ("far phases", "input: [1, 512, 8, 8], channels: 256, kernel: 4, stride: 2, padding: 1, transposed"),
    ("upwards", "input: [1, 128, 28, 28], channels: 64, kernel: 4, stride: 2, padding: 1, transposed"),
    ("small", "input: [1, 512, 2, 2], channels: 512, kernel: 1"),
    ("scalar", "input: [1, 1, 3], channels: 1, kernel: 2"),
];

fn contraction(fields: &str) -> ir::Contraction {
    let front = front::text(&format!("layer a {{ {fields} }}"), &Default::default());
    let [front::Model::Net(net)] = &front.models[..] else { panic!("{:?}", front.diagnostics) };
    let graph = passes::run(lower(net), &mut |_, _, _| {});
    let mut contractions = graph.nodes.into_iter().filter_map(|node| match node.op {
        ir::Op::Contraction(contraction) => Some(contraction),
        _ => None,
    });
    contractions.next_back().expect("a layer has a contraction")
}

#[test]
fn schedules() {
    let mut table = String::new();
    for (name, fields) in LAYERS {
        for (layout, order) in [(Layout::Nchw, "nchw"), (Layout::Nhwc, "nhwc")] {
            for target in Target::all() {
                let schedule = ranking(&contraction(fields), 0, layout, &target)[0].schedule;
                let along = format!("{:?}", schedule.along);
                let rows = schedule.rows.map_or("one row".into(), |rows| format!("{rows} rows"));
                let reordered = if schedule.reorders_input { ", input reordered" } else { "" };
                let apart = if schedule.phases_apart { ", phases apart" } else { "" };
                table += &format!(
                    "{name:10} {order} {:8} {along:14} {:2} lanes, {:2} × {:2}, {rows}, {:?} outermost{reordered}{apart}\n",
                    target.name, schedule.lanes, schedule.channels, schedule.positions, schedule.outermost
                );
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn columns() {
    let is_column =
        |fields: &str, layout, target: &Target| walked(&contraction(fields), layout, target).axes.len() == 2;
    let of = |fields: &str| {
        let found = Target::all().into_iter().filter(|target| is_column(fields, Layout::Nhwc, target));
        found.map(|target| target.name).collect::<Vec<_>>()
    };
    let all = Target::all().map(|target| target.name);
    assert_eq!(of("input: [1, 16, 64], channels: 16, kernel: 3, padding: 1"), Vec::<&str>::new());
    assert_eq!(of("input: [1, 16, 66], channels: 16, kernel: 3, padding: 1"), ["avx512-dual"]);
    assert_eq!(of("input: [1, 16, 120], channels: 16, kernel: 33, padding: 6"), all);
    assert_eq!(of("input: [1, 16, 120], channels: 16, kernel: 33, padding: 16"), Vec::<&str>::new());
    assert_eq!(of("input: [1, 16, 66], channels: 16, kernel: 1"), Vec::<&str>::new());
    assert_eq!(of("input: [1, 32, 66], channels: 32, kernel: 3, groups: 4"), Vec::<&str>::new());
    assert_eq!(of("input: [1, 16, 66], channels: 16, kernel: 4, stride: 2, transposed"), Vec::<&str>::new());
    assert!(!is_column("input: [1, 16, 66], channels: 16, kernel: 3", Layout::Nchw, &Target::avx512_dual()));
}

/// The packed weights of a row of a transposed layer are neighbours, if they are too many to be near.
#[test]
fn order_of_summands() {
    let packed = |fields: &str| {
        let contraction = contraction(fields);
        let schedule = ranking(&contraction, 0, Layout::Nchw, &Target::avx2())[0].schedule;
        let block = blocks(contraction.groups, contraction.group_outputs, &schedule)[0];
        let summands = pack::Summands { contraction: &contraction, layout: Layout::Nchw, phases_apart: false };
        let shape = pack::shape(&summands, schedule.along, block);
        shape[2..shape.len() - 1].to_vec()
    };
    let transposed = "kernel: 4, stride: 2, padding: 1, transposed";
    assert_eq!(packed(&format!("input: [1, 48, 9, 9], channels: 32, {transposed}")), [4, 48, 4]);
    assert_eq!(packed(&format!("input: [1, 48, 9, 9], channels: 8, {transposed}")), [48, 4, 4]);
    // Few outputs, for which inputs count more than weights.
    assert_eq!(packed(&format!("input: [1, 512, 9, 9], channels: 3, {transposed}")), [512, 4, 4]);
    // Few inputs, whose tiles may have several rows.
    assert_eq!(packed(&format!("input: [1, 8, 9, 9], channels: 512, {transposed}")), [8, 4, 4]);
    assert_eq!(packed("input: [1, 48, 9, 9], channels: 32, kernel: 4"), [48, 4, 4]);
    assert_eq!(packed("input: [1, 48, 9], channels: 96, kernel: 4, stride: 2, padding: 1, transposed"), [48, 4]);
}

/// Where phases are apart, each has its weights together, though one has more taps than the other.
#[test]
fn phases_apart_have_their_weights_together() {
    let contraction = contraction("input: [1, 4, 9], channels: 16, kernel: 5, stride: 2, padding: 2, transposed");
    let summands = pack::Summands { contraction: &contraction, layout: Layout::Nhwc, phases_apart: true };
    let places = |taps: std::ops::Range<i64>| {
        let of_channel = |channel: i64| taps.clone().map(move |tap| [channel, tap].map(Affine::constant));
        let pairs = (0..4).flat_map(of_channel);
        pairs.map(|[channel, tap]| summands.index(channel, [tap])[0].constant).collect::<Vec<_>>()
    };
    assert_eq!([places(0..3), places(3..5)], [(0..12).collect::<Vec<_>>(), (12..20).collect()]);
    let block = Block { first: 0, count: 1, channels: 1, lanes: 16, active: 16 };
    assert_eq!(pack::shape(&summands, LaneAxis::OutputChannels, block), [1, 1, 20, 16]);
}

/// What the stages of a layer ask for before they read or write it.
fn asked(fields: &str, layout: Layout, target: &Target) -> Vec<String> {
    instructions("prefetch ", fields, layout, target)
}

/// The instructions of one kind of the stages of a layer, without its name.
fn instructions(kind: &str, fields: &str, layout: Layout, target: &Target) -> Vec<String> {
    let front = front::text(&format!("layer a {{ {fields} }}"), &Default::default());
    let [front::Model::Net(net)] = &front.models[..] else { panic!("{:?}", front.diagnostics) };
    let net = net.clone().with_layout(layout);
    let plan = build(&passes::run(lower(&net), &mut |_, _, _| {}), target, &mut |_, _| 0);
    let text = plan.run.iter().map(Stage::to_string).collect::<String>();
    text.lines().filter_map(|line| line.trim().strip_prefix(kind)).map(str::to_string).collect()
}

/// The tiles of a block ask for the weights of the next one, each for its share, where that leaves time for them to come.
#[test]
fn shares_of_the_next_weights() {
    let asked = |fields: &str, target: Target| {
        let asked = asked(fields, Layout::Nchw, &target);
        asked.into_iter().filter(|place| place.contains("block + 1")).collect::<Vec<_>>()
    };
    let far = "input: [1, 512, 7, 7], channels: 512, kernel: 3, padding: 1";
    // 24 channels have 110 592 weights: 2 257 for each of 49 outputs, and so 5.9 of them in each of 1 536 steps for four.
    insta::assert_snapshot!(asked(far, Target::avx2()).join("\n"), @"
    buffer3[0, block + 1, 15799*y_first + 15799*y + 18*i + 6*ky]
    buffer3[0, block + 1, 15799*y_first + 15799*y + 15*i_2 + 5*ky_2 + 9028]
    ");
    for target in [Target::portable(), Target::avx512(), Target::avx512_dual()] {
        assert_eq!(asked(far, target), Vec::<String>::new());
    }
    for others in [
        "input: [1, 512, 5, 5], channels: 512, kernel: 3, padding: 1",
        "input: [1, 512, 4, 4], channels: 512, kernel: 4, stride: 2, padding: 1, transposed",
        "input: [1, 128, 7, 7], channels: 128, kernel: 3, padding: 1",
    ] {
        assert_eq!(asked(others, Target::avx2()), Vec::<String>::new());
    }
}

/// With vectors of positions and channels last, four channels of a position are stored at once.
#[test]
fn neighbouring_channels_are_stored_together() {
    let few = "input: [1, 20, 3, 45], channels: 8, kernel: 3, padding: 1, groups: 2";
    let stores = instructions("store ", few, Layout::Nhwc, &Target::avx2());
    let outputs: Vec<&String> = stores.iter().filter(|place| place.starts_with("buffer1[")).collect();
    let is_whole = |place: &&String| place.contains("..+8 only 0..4]") || place.contains("..+8 only 4..8]");
    assert!(!outputs.is_empty() && outputs.iter().all(is_whole), "{outputs:#?}");
}

/// Tiles of one tap ask for the inputs of the next tile, and ordinary ones for what they will store to, where that is far.
#[test]
fn inputs_of_the_next_tile_and_outputs() {
    let avx2 = |fields: &str, layout| asked(fields, layout, &Target::avx2()).join("\n");
    let inputs = "input: [1, 40, 96, 96], channels: 4, kernel: 1";
    insta::assert_snapshot!(avx2(inputs, Layout::Nchw), @"
    buffer0[0, i, 24*x + 24]
    buffer0[0, i, 24*x + 40]
    buffer0[0, i, 24*x + 47]
    ");
    insta::assert_snapshot!(avx2(inputs, Layout::Nhwc), @"
    buffer0[0, y, 14*x + 14, 14*i]
    buffer0[0, y, 13*x_2 + 83, 13*i_2]
    ");
    let outputs = "input: [1, 2, 96, 96], channels: 20, kernel: [3, 1], padding: [1, 0]";
    insta::assert_snapshot!(avx2(outputs, Layout::Nchw), @"
    buffer1[0, 4*block, y_first + y, 24*x]
    buffer1[0, 4*block, y_first + y, 24*x + 16]
    buffer1[0, 4*block, y_first + y, 24*x + 23]
    buffer1[0, 4*block + 1, y_first + y, 24*x]
    buffer1[0, 4*block + 1, y_first + y, 24*x + 16]
    buffer1[0, 4*block + 1, y_first + y, 24*x + 23]
    buffer1[0, 4*block + 2, y_first + y, 24*x]
    buffer1[0, 4*block + 2, y_first + y, 24*x + 16]
    buffer1[0, 4*block + 2, y_first + y, 24*x + 23]
    buffer1[0, 4*block + 3, y_first + y, 24*x]
    buffer1[0, 4*block + 3, y_first + y, 24*x + 16]
    buffer1[0, 4*block + 3, y_first + y, 24*x + 23]
    ");
    let of_two_positions: Vec<String> = asked(outputs, Layout::Nhwc, &Target::avx2()).into_iter().take(4).collect();
    insta::assert_snapshot!(of_two_positions.join("\n"), @"
    buffer1[0, y_first + y, 14*x, 8*block]
    buffer1[0, y_first + y, 14*x, 8*block + 7]
    buffer1[0, y_first + y, 14*x + 1, 8*block]
    buffer1[0, y_first + y, 14*x + 1, 8*block + 7]
    ");
    for (layout, nothing) in [
        (Layout::Nhwc, "input: [1, 40, 24, 24], channels: 4, kernel: 1"),
        (Layout::Nchw, "input: [1, 40, 24, 24], channels: 4, kernel: 1"),
        (Layout::Nhwc, "input: [1, 8, 96, 96], channels: 32, kernel: 2, stride: 2, transposed"),
        (Layout::Nchw, "input: [1, 8, 96, 96], channels: 32, kernel: 2, stride: 2, transposed"),
    ] {
        assert_eq!(avx2(nothing, layout), "");
    }
    for target in [Target::portable(), Target::avx512(), Target::avx512_dual()] {
        assert_eq!(asked(inputs, Layout::Nhwc, &target), Vec::<String>::new());
        assert_eq!(asked(outputs, Layout::Nchw, &target), Vec::<String>::new());
    }
}

#[test]
fn what_is_written_out_is_bounded() {
    let steps = |stage: &Stage| {
        fn of_steps(body: &[Step]) -> usize {
            body.iter().map(|step| if let Step::Reduce { body, .. } = step { of_steps(body) } else { 1 }).sum()
        }
        fn of_statements(body: &[Stmt]) -> usize {
            let of_statement = |statement: &Stmt| match statement {
                Stmt::For { body, .. } | Stmt::Par { body, .. } | Stmt::Regions { body, .. } => of_statements(body),
                Stmt::Tile(tile) => of_steps(&tile.body),
            };
            body.iter().map(of_statement).sum()
        }
        of_statements(&stage.body)
    };
    let layers = [
        "input: [1, 256, 256], channels: 128, kernel: 16, stride: 8, padding: 4, transposed",
        "input: [1, 1, 256, 256], channels: 1, kernel: 5, dilation: 16, padding: 32",
        "input: [1, 96, 56, 56], channels: 96, kernel: 7, padding: 3, depthwise",
        "input: [1, 8, 5000], channels: 8, kernel: 31, stride: 3, dilation: 7, padding: 90",
    ];
    for (fields, layout) in layers.iter().flat_map(|fields| [(fields, "nchw"), (fields, "nhwc")]) {
        let front = front::text(&format!("layer a {{ {fields}, layout: {layout} }}"), &Default::default());
        let [front::Model::Net(net)] = &front.models[..] else { panic!("{:?}", front.diagnostics) };
        for target in Target::all() {
            let plan = crate::compile(net, &target).expect("the plan is valid");
            let most = plan.run.iter().map(steps).max().unwrap_or(0);
            assert!(most < 12_000, "{most} steps of {fields} in {layout} for {}", target.name);
        }
    }
}

#[test]
fn buffers_that_are_live_together_do_not_overlap() {
    let buffer = |len, first, last| Lifetime { len, first, last };
    let chain = [buffer(100, 0, 1), buffer(50, 1, 2), buffer(80, 2, 3), buffer(10, 3, 3)];
    // 100 elements take 112. The third fits where the first was, the fourth behind it.
    assert_eq!(share(&chain), (vec![0, 112, 0, 80], 176));
    let kept = [buffer(16, 0, 3), buffer(16, 1, 2), buffer(16, 2, 3)];
    assert_eq!(share(&kept), (vec![0, 16, 32], 48));
    assert_eq!(share(&[]), (vec![], 0));
    assert_eq!(sequential([1, 16, 17].into_iter()), (vec![0, 16, 32], 64));
}

/// The loops that threads share, and into how many shares they make the stage.
#[test]
fn parallel_loops() {
    let more = [
        ("batch", "input: [8, 16, 7, 7], channels: 8, kernel: 3, padding: 1"),
        ("upscale", "input: [1, 16, 20, 20], channels: 8, kernel: 4, stride: 2, padding: 1, transposed"),
        ("one row", "input: [1, 64, 1000], channels: 64, kernel: 2, dilation: 512"),
        ("few rows", "input: [1, 64, 7, 100], channels: 64, kernel: 3, padding: 1"),
        ("odd", "input: [1, 2, 3, 3], channels: 3, kernel: 3, padding: 1, padding_mode: reflect"),
    ];
    let mut table = String::new();
    for (name, fields) in LAYERS.iter().chain(&more) {
        let front = front::text(&format!("layer a {{ {fields} }}"), &Default::default());
        let [front::Model::Net(net)] = &front.models[..] else { panic!("{:?}", front.diagnostics) };
        let plan = build(&passes::run(lower(net), &mut |_, _, _| {}), &Target::avx2(), &mut |_, _| 0);
        for stage in &plan.run {
            let text = stage.to_string();
            let loops = text.lines().map(str::trim).filter(|line| line.starts_with("par "));
            let loops: Vec<&str> = loops.map(|line| line.trim_start_matches("par ")).collect();
            let line = format!("{name:9} {:5} {:3} shares: {}", stage.name, stage.shares, loops.join("; "));
            table += &format!("{}\n", line.trim_end());
        }
    }
    insta::assert_snapshot!(table);
}

/// The copy that a schedule asks for stands right before the contraction that reads it.
#[test]
fn copies_are_scheduled_with_their_contraction() {
    let spec = "net two { input x: [1, 8, 12, 20]; a = conv(x) { channels: 8, kernel: 3 }; b = conv(a) { channels: 8, kernel: 3 }; output b; }";
    let front = front::text(spec, &Default::default());
    let [front::Model::Net(net)] = &front.models[..] else { panic!("{:?}", front.diagnostics) };
    let stages = |copies: &str| {
        let choose = &mut |name: &str, ranked: &[Schedule]| {
            let copies = copies.contains(name);
            ranked.iter().position(|schedule| schedule.reorders_input == copies).unwrap()
        };
        let plan = crate::compile_with(net, &Target::avx2(), choose).unwrap();
        let contractions = (0..plan.run.len()).filter(|&stage| plan.run[stage].decision.is_some());
        let names = |stage| plan.run[plan.scheduled(stage)].iter().map(|stage| stage.name.clone()).collect::<Vec<_>>();
        contractions.map(|stage| names(stage).join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(stages(""), ["a", "b"]);
    assert_eq!(stages("b"), ["a", "b_reorder b"]);
    assert_eq!(stages("a b"), ["a_reorder a", "b_reorder b"]);
}
