//! Each number against another way to find it.

use std::collections::BTreeMap;

use super::{Explanation, Ratio, StageFacts, StepFacts};
use crate::front::{self, Model, Sizes};
use crate::layer::{Activation, Layer, Layout};
use crate::net::{Input, Net, Op, ValueId};
use crate::plan::schedule::{LaneAxis, Loops, SlowReason, counted};
use crate::plan::{Instr, Plan, Stmt, Tile, eval};
use crate::{Target, compile, compile_with, oracle};

fn net(text: &str) -> Net {
    let mut front = front::text(text, &Sizes::new());
    assert!(!front.has_errors(), "{text}: {:#?}", front.diagnostics);
    match front.models.pop() {
        Some(Model::Net(net)) => net,
        _ => panic!("{text}"),
    }
}

fn layer(fields: &str) -> Net {
    net(&format!("layer a {{ {fields} }}"))
}

fn explained(net: &Net, target: &Target) -> Explanation {
    super::net(net, &compile(net, target).unwrap())
}

fn step(net: &Net) -> StepFacts {
    explained(net, &Target::avx512()).steps.remove(0)
}

/// Layers of all kinds, by their fields.
const LAYERS: &[&str] = &[
    "input: [1, 3, 9], channels: 4, kernel: 3, padding: 1, bias",
    "input: [2, 4, 11], channels: 6, kernel: 3, stride: 2, dilation: 2, padding: [[3, 1]], groups: 2, relu",
    "input: [1, 2, 7], channels: 3, kernel: 4, stride: 2, padding: 1, transposed, bias",
    "input: [1, 2, 7], channels: 3, kernel: 2, stride: 3, transposed",
    "input: [1, 2, 7], channels: 3, kernel: 3, stride: 2, dilation: 3, output_padding: 1, padding: 2, transposed",
    "input: [1, 8, 6, 7], channels: 8, kernel: [3, 5], padding: [1, 2], depthwise, silu",
    "input: [1, 3, 5, 6], channels: 17, kernel: 3, padding: [[-1, 2], [1, -1]], stride: [1, 2]",
    "input: [1, 3, 6, 5], channels: 2, kernel: 3, padding: 2, padding_mode: reflect, bias",
    "input: [1, 2, 3, 4, 5], channels: 3, kernel: 2, padding: 1, layout: nhwc",
    "input: [1, 4, 3, 4, 5], channels: 4, kernel: [3, 2, 4], stride: [1, 2, 2], transposed, groups: 4, layout: nhwc",
    "input: [1, 2, 40], channels: 2, kernel: 37, padding: 18",
];

fn only(net: &Net) -> &Layer {
    net.layers().next().unwrap()
}

/// Pairs of an output and a tap that a definition of the layer counts when everything is in memory.
fn pairs_with_zeros(layer: &Layer) -> u64 {
    let taps: usize = layer.axes.iter().map(|axis| axis.dilation * (axis.kernel - 1) + 1).product();
    let outputs: usize = layer.output_shape().iter().product();
    (outputs * taps * layer.input_channels / layer.groups) as u64
}

#[test]
fn multiply_adds_are_those_of_other_counts() {
    for fields in LAYERS {
        let net = layer(fields);
        let layer = only(&net);
        for target in Target::all() {
            let plan = compile(&net, &target).unwrap();
            let facts = super::net(&net, &plan).steps.remove(0);
            let macs = facts.layer.unwrap().multiply_adds;
            assert_eq!(macs.useful, oracle::useful_macs(layer), "{fields}");
            // An activation has multiply-adds of its own.
            let without = compile(&without_activation(&net), &target).unwrap();
            assert_eq!(macs.useful, eval::count_macs(&without), "{fields}");
            assert_eq!(macs.executed, all_lanes(&without), "{fields}");
            assert_eq!(macs.with_zeros, pairs_with_zeros(layer), "{fields}");
            let positions = if layer.transposed { layer.input_shape() } else { layer.output_shape() };
            let channels = if layer.transposed { layer.output_channels } else { layer.input_channels };
            let taps: usize = layer.axes.iter().map(|axis| axis.kernel).product();
            let nominal = positions.iter().product::<usize>() * channels / layer.groups * taps;
            assert_eq!(macs.nominal, nominal as u64, "{fields}");
            assert!(macs.executed >= macs.useful && macs.executed <= 16 * macs.useful, "{fields}: {macs:?}");
            // On a machine without parts of vectors, no lane is idle.
            assert!(target.lanes != 1 || macs.executed == macs.useful);
        }
    }
}

fn without_activation(net: &Net) -> Net {
    let layer = Layer { activation: Activation::None, ..only(net).clone() };
    Net::of_layer(layer)
}

/// Lanes of all multiply-adds of a plan, by walking it.
fn all_lanes(plan: &Plan) -> u64 {
    let lanes = |tile: &Tile, instr: &Instr| match instr {
        Instr::MultiplyAdd { to, .. } => tile.registers[to.0].lanes as u64,
        _ => 0,
    };
    plan.run.iter().map(|stage| eval::count_weighted(stage, &lanes)).sum()
}

#[test]
fn executed_multiply_adds_are_those_of_the_instructions() {
    // Three outputs in a vector of four lanes, of which one is idle.
    let net = layer("input: [1, 2, 5], channels: 3, kernel: 3");
    let macs = step(&net).layer.unwrap().multiply_adds;
    let per_vector = macs.executed / (2 * 3);
    assert_eq!((macs.useful, macs.executed % (2 * 3)), (2 * 3 * 3 * 3, 0));
    assert!([4, 8, 16].map(|lanes| lanes * 3).contains(&per_vector), "{macs:?}");
}

#[test]
fn axes_are_the_layers() {
    for fields in LAYERS {
        let net = layer(fields);
        let layer = only(&net);
        let facts = step(&net);
        let of_layer = facts.layer.unwrap();
        assert_eq!(facts.output, layer.output_shape());
        assert_eq!(of_layer.weight, layer.weight_shape());
        let parameters: usize =
            net.parameters().iter().map(|parameter| parameter.shape.iter().product::<usize>()).sum();
        assert_eq!((of_layer.parameters, of_layer.parameter_bytes), (parameters as u64, 4 * parameters as u64));
        for (axis, output) in of_layer.axes.iter().zip(&layer.output_shape()[2..]) {
            assert_eq!(axis.output, *output);
            assert_eq!(value_of(&axis.output_formula), *output as i64, "{}", axis.output_formula);
        }
    }
}

/// The value of a formula of an output size.
fn value_of(formula: &str) -> i64 {
    let tokens: String =
        formula.replace('⌊', "(").replace('⌋', ")").replace('·', "*").replace('−', "-").replace(' ', "");
    let tokens: Vec<char> = tokens.chars().collect();
    let mut place = 0;
    let value = sum(&tokens, &mut place);
    assert_eq!(place, tokens.len(), "{formula}");
    value
}

fn sum(tokens: &[char], place: &mut usize) -> i64 {
    let mut value = product(tokens, place);
    while let Some(sign @ ('+' | '-')) = tokens.get(*place) {
        *place += 1;
        let next = product(tokens, place);
        value += if *sign == '+' { next } else { -next };
    }
    value
}

fn product(tokens: &[char], place: &mut usize) -> i64 {
    let mut value = factor(tokens, place);
    while let Some(sign @ ('*' | '/')) = tokens.get(*place) {
        *place += 1;
        let next = factor(tokens, place);
        value = if *sign == '*' { value * next } else { value.div_euclid(next) };
    }
    value
}

fn factor(tokens: &[char], place: &mut usize) -> i64 {
    if tokens[*place] == '(' {
        *place += 1;
        let value = sum(tokens, place);
        *place += 1;
        return value;
    }
    let digits: String = tokens[*place..].iter().take_while(|digit| digit.is_ascii_digit()).collect();
    *place += digits.len();
    digits.parse().unwrap()
}

#[test]
fn phases_have_the_taps_of_the_layer() {
    for fields in LAYERS {
        let net = layer(fields);
        let layer = only(&net);
        let facts = step(&net).layer.unwrap();
        for (axis, of_layer) in facts.axes.iter().zip(&layer.axes) {
            let [stride, dilation, low] = [of_layer.stride as i64, of_layer.dilation as i64, of_layer.padding[0]];
            let is_padded = layer.padding_mode != crate::layer::PaddingMode::Zeros;
            let low = if is_padded { 0 } else { low };
            let relates = |o: i64, i: i64, k: i64| match layer.transposed {
                true => o == stride * i + dilation * k - low,
                false => i == stride * o + dilation * k - low,
            };
            for phase in &axis.phases.first {
                for (q, j) in (0..phase.outputs.count).flat_map(|q| (0..phase.taps.count).map(move |j| (q, j))) {
                    let (o, k) = (phase.outputs.at(q), phase.taps.at(j));
                    let i = phase.stride * q + phase.dilation * j + phase.offset;
                    assert!(relates(o, i, k), "{fields}: output {o}, input {i}, tap {k}");
                }
            }
            let phases = &axis.phases;
            if phases.first.len() == phases.count {
                let outputs: i64 = phases.first.iter().map(|phase| phase.outputs.count).sum();
                assert_eq!(outputs, axis.output as i64);
                let without = phases.first.iter().filter(|phase| phase.taps.count == 0).count();
                assert_eq!(without, phases.without_taps, "{fields}");
            }
        }
    }
}

/// The most positions from the first to the last that an output at the middle depends on, and how they move: by changing one position after the other.
fn walked(net: &Net, value: ValueId, input: usize) -> (i64, Ratio) {
    let [inputs, outputs] = [net.inputs[input].shape[2], net.value_shape(value)[2]];
    let parameters: Vec<Vec<f64>> =
        net.parameters().iter().map(|parameter| vec![1.0; parameter.shape.iter().product()]).collect();
    let parameters: Vec<&[f64]> = parameters.iter().map(Vec::as_slice).collect();
    let values = |changed: Option<usize>| {
        let ones = |input: &Input| vec![1.0; input.shape.iter().product()];
        let mut tensors: Vec<Vec<f64>> = net.inputs.iter().map(ones).collect();
        changed.into_iter().for_each(|position| tensors[input][position] = 2.0);
        let tensors: Vec<&[f64]> = tensors.iter().map(Vec::as_slice).collect();
        oracle::values(net, &tensors, &parameters)[value.0].clone()
    };
    let before = values(None);
    let mut reads: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for position in 0..inputs {
        let after = values(Some(position));
        for output in (0..outputs).filter(|&output| after[output] != before[output]) {
            reads.entry(output).or_default().push(position);
        }
    }
    let extent = |positions: &Vec<usize>| positions[positions.len() - 1] - positions[0] + 1;
    let inside = reads.values().filter(|positions| positions[0] > 0 && positions[positions.len() - 1] + 1 < inputs);
    let most = inside.map(extent).max().unwrap();
    let (first, last) = (outputs / 4, 3 * outputs / 4);
    let period = (1..=last - first).find(|period| {
        // The jump of outputs that are a whole period apart is a whole number of positions.
        let moved = |output: usize| {
            let (a, b) = (reads.get(&output)?, reads.get(&(output + period))?);
            let by = b[0].checked_sub(a[0])?;
            (a.iter().map(|position| position + by).eq(b.iter().copied())).then_some(by)
        };
        let all: Vec<Option<usize>> = (first..last - period).map(moved).collect();
        all.iter().all(|by| by.is_some() && *by == all[0])
    });
    let period = period.unwrap();
    let by = reads[&(first + period)][0] - reads[&first][0];
    (most as i64, Ratio::new(by as i64, period as i64))
}

/// Fields of the layers of a net of one channel and two inputs, `x` and `z` of 48 positions.
const STEPS: &[&str] = &[
    "a = conv(x) { channels: 1, kernel: 3, padding: 1 };",
    "a = conv(x) { channels: 1, kernel: 5, stride: 3, dilation: 2 };",
    "a = conv(x) { channels: 1, kernel: 4, stride: 2, padding: 1, transposed };",
    "a = conv(x) { channels: 1, kernel: 5, stride: 3, transposed };",
    "a = conv(x) { channels: 1, kernel: 3, stride: 2, dilation: 2, transposed, padding: 2, output_padding: 1 }; b = conv(a) { channels: 1, kernel: 2 };",
    "a = conv(x) { channels: 1, kernel: 3, stride: 2, padding: 1 }; b = conv(a) { channels: 1, kernel: 3, padding: 2, dilation: 2 };",
    "a = conv(x) { channels: 1, kernel: 3, stride: 2, padding: 1 }; b = conv(a) { channels: 1, kernel: 4, stride: 2, padding: 1, transposed }; c = add(b, x);",
    "a = conv(x) { channels: 1, kernel: 4, stride: 2, padding: 1, transposed }; b = conv(a) { channels: 1, kernel: 3, padding: 1, dilation: 1 };",
    "a = conv(x) { channels: 1, kernel: 2, stride: 2, dilation: 3, transposed };",
    "a = conv(x) { channels: 1, kernel: 2, stride: 2, dilation: 3, transposed }; b = conv(a) { channels: 1, kernel: 4, dilation: 3 };",
    "a = conv(x) { channels: 1, kernel: 4, stride: 2, transposed }; b = conv(a) { channels: 1, kernel: 2, stride: 3 }; c = conv(b) { channels: 1, kernel: 5, stride: 3, transposed };",
    "a = conv(x) { channels: 1, kernel: 7, padding: 3, padding_mode: replicate }; b = conv(x) { channels: 1, kernel: 1 }; c = mul(a, b);",
    "a = conv(x) { channels: 1, kernel: 3, padding: causal }; b = conv(x) { channels: 1, kernel: 3, padding: [[0, 2]] }; c = add(a, b);",
    "a = conv(x) { channels: 1, kernel: 3, padding: 1 }; b = conv(z) { channels: 1, kernel: 5, padding: 2 }; c = add(a, b);",
];

#[test]
fn receptive_fields_are_what_changes_reach() {
    for steps in STEPS {
        let last = steps.trim_end_matches(';').rsplit(';').next().unwrap().trim().split(' ').next().unwrap();
        let net = net(&format!(
            "net n {{ input x: [1, 1, 48]; input z: [1, 1, 48]; w = add(z, z); {steps} output {last}, w; }}"
        ));
        let facts = explained(&net, &Target::portable());
        let index = net.steps.iter().position(|step| step.name == last).unwrap();
        for field in &facts.steps[index].receptive_fields {
            let input = net.inputs.iter().position(|input| input.name == field.input).unwrap();
            let axis = field.axes[0].unwrap();
            assert_eq!(
                (axis.positions, axis.jump),
                walked(&net, net.step_value(index), input),
                "{steps}: {}",
                field.input
            );
        }
        let depends = if steps.contains("(z)") { 2 } else { 1 };
        assert_eq!(facts.steps[index].receptive_fields.len(), depends, "{steps}");
    }
}

#[test]
fn paths_with_different_jumps_have_no_field() {
    let net = net("net n {
        input x: [1, 1, 8];
        a = conv(x) { channels: 1, kernel: 5 };
        b = conv(x) { channels: 1, kernel: 2, stride: 2 };
        c = add(a, b);
        d = conv(c) { channels: 1, kernel: 3 };
        output d;
    }");
    let fields: Vec<_> =
        explained(&net, &Target::avx2()).steps.iter().map(|step| step.receptive_fields[0].axes[0]).collect();
    assert_eq!(fields.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false, false]);
}

#[test]
fn numbers_that_are_too_large_are_unknown() {
    let layers = (0..6).map(|index| {
        let read = if index == 0 { "x".to_string() } else { format!("v{}", index - 1) };
        format!("v{index} = conv({read}) {{ channels: 1, kernel: 1, stride: 2000000011 }};\n")
    });
    let text = format!("net n {{ input x: [1, 1, 4]; {} output v5; }}", layers.collect::<String>());
    let facts = explained(&net(&text), &Target::portable());
    let known: Vec<bool> = facts.steps.iter().map(|step| step.receptive_fields[0].axes[0].is_some()).collect();
    assert_eq!(known, [true, true, false, false, false, false]);
}

/// Memory is counted from the buffers of the plan, each once.
#[test]
fn bytes_are_those_of_the_tensors() {
    for fields in LAYERS {
        let net = layer(fields);
        let layer = only(&net);
        let facts = explained(&net, &Target::avx2());
        let tensors = [layer.input_shape(), layer.output_shape()];
        let tensors = tensors.iter().map(|shape| 4 * shape.iter().product::<usize>() as u64).sum::<u64>();
        let stages = &facts.steps[0].stages;
        let copies: u64 = stages.iter().map(|stage| stage.scratch_bytes).sum();
        let moved: u64 = stages.iter().map(|stage| stage.moved_bytes).sum();
        // A copy is written and read.
        assert_eq!(moved, tensors + facts.total.packed_bytes + 2 * copies, "{fields}");
        assert!(facts.total.packed_bytes >= facts.total.parameter_bytes, "{fields}");
        assert!((copies..copies + 64).contains(&facts.total.scratch_bytes), "{fields}");
        assert_eq!(stages.len(), if fields.contains("reflect") { 2 } else { 1 });
    }
}

fn contraction(step: &StepFacts) -> &StageFacts {
    step.stages.iter().find(|stage| stage.choice.is_some()).unwrap()
}

#[test]
fn choices_are_those_of_the_plan() {
    let net = layer("input: [1, 16, 12, 20], channels: 32, kernel: 3, padding: 1, bias, relu");
    let mut ranked = Vec::new();
    let plan = compile_with(&net, &Target::avx512(), &mut |_, all| {
        ranked = all.to_vec();
        3
    })
    .unwrap();
    let facts = super::net(&net, &plan);
    let stage = contraction(&facts.steps[0]);
    let choice = stage.choice.as_ref().unwrap();
    assert_eq!((choice.rank, choice.schedules, choice.schedule), (3, ranked.len(), ranked[3]));
    let best = ranked.iter().find(|schedule| schedule.along != choice.schedule.along).unwrap();
    assert_eq!(choice.alternatives.iter().map(|other| other.schedule).collect::<Vec<_>>(), [*best]);
    let first = explained(&net, &Target::avx512());
    let cheapest = contraction(&first.steps[0]);
    assert!(cheapest.cycles <= stage.cycles && cheapest.choice.as_ref().unwrap().alternatives[0].times >= 1.0);
    assert!((0.0..=1.0).contains(&cheapest.choice.as_ref().unwrap().share_of_peak), "{cheapest:?}");
    assert!(stage.registers <= 32 && stage.tiles > 0);
    assert_eq!(first.total.cycles, cheapest.cycles);
}

/// What units are busy with is counted instruction by instruction: here one tile of a known plan.
#[test]
fn units_are_busy_with_the_instructions_of_the_plan() {
    let net = layer("input: [1, 1, 4], channels: 1, kernel: 1");
    let plan = compile(&net, &Target::portable()).unwrap();
    let facts = super::net(&net, &plan);
    let stage = &facts.steps[0].stages[0];
    let Some(Stmt::Tile(tile)) = innermost(&plan.run[0].body) else { panic!("{}", plan.run[0]) };
    assert_eq!(stage.instructions, eval::count_instructions(&plan.run[0]));
    assert!(tile.body.len() > 2);
    // One multiply-add of four lanes, one weight and one vector of inputs, and one store.
    let busy = &stage.busy;
    assert_eq!([busy.multiply_adds, busy.loads, busy.stores], [0.5, 1.0, 1.0], "{}", plan.run[0]);
    assert_eq!(stage.multiply_adds, 4);
}

fn innermost(body: &[Stmt]) -> Option<&Stmt> {
    match body.first()? {
        Stmt::For { body, .. } | Stmt::Par { body, .. } | Stmt::Regions { body, .. } => innermost(body),
        tile => Some(tile),
    }
}

fn slow_reason(fields: &str, layout: Layout, target: &Target) -> Option<SlowReason> {
    let plan = compile(&layer(fields).with_layout(layout), target).unwrap();
    plan.slow_stages().next().map(|(_, slow)| {
        assert!(2 * slow.cycles > 7 * slow.least && slow.cycles > 20_000);
        slow.reason
    })
}

#[test]
fn slow_layers_have_a_reason() {
    let wide = &Target::avx512();
    let check = |fields: &str, expected: Option<SlowReason>| {
        assert_eq!(slow_reason(fields, Layout::Nchw, wide), expected, "{fields}");
    };
    // Taps in loops alone are not slow: most tiles are full.
    check("input: [1, 16, 4096], channels: 16, kernel: 63, padding: 31", None);
    let long = SlowReason::Loops(Loops::LongKernel { taps: 63, most: 32 });
    check("input: [1, 3, 64], channels: 3, kernel: 63, padding: 31", Some(long));
    check("input: [1, 512, 4, 4], channels: 1, kernel: 4", Some(SlowReason::ShortVectors { lanes: 1, most: 16 }));
    let few = SlowReason::FewSums { sums: 1, along: LaneAxis::OutputChannels };
    check("input: [1, 16, 4096, 1], channels: 16, kernel: [63, 1], padding: [31, 0]", Some(few));
    // One vector of sums for each of two phases.
    let phases = "input: [1, 9, 300, 4], channels: 1, kernel: [65, 4], stride: [1, 2], padding: [32, 0], transposed";
    let few = SlowReason::FewSums { sums: 2, along: LaneAxis::Width };
    assert_eq!(slow_reason(phases, Layout::Nchw, &Target::avx2()), Some(few));
    let reason =
        slow_reason("input: [1, 64, 100], channels: 1, kernel: 400, stride: 160, transposed", Layout::Nhwc, wide);
    assert!(matches!(reason, Some(SlowReason::Loops(Loops::LongCode { phases: 160, most: 3200, .. }))), "{reason:?}");
    // Nothing is slow that is over at once.
    check("input: [1, 1, 1], channels: 1, kernel: 1", None);
}

/// The decision is taken before the shares of a stage are numbered; what is counted is all of it all the same.
#[test]
fn all_shares_are_counted() {
    let net = layer("input: [1, 16, 4096], channels: 16, kernel: 63, padding: 31");
    let plan = compile(&net, &Target::avx512()).unwrap();
    let decision = plan.run[0].decision.unwrap();
    assert!(plan.run[0].shares > 100);
    assert_eq!(decision.half_cycles, counted(&plan.run[0], &plan.buffers, &plan.target));
    // Its multiply-adds take most of the time.
    let least = 2 * oracle::useful_macs(only(&net)) / 16;
    assert!((least..least + least / 4).contains(&decision.half_cycles), "{decision:?}");
}

#[test]
fn loops_have_a_reason() {
    let loops = |fields: &str| {
        let facts = step(&layer(fields));
        let choice = contraction(&facts).choice.clone().unwrap();
        assert_eq!((choice.loops.is_none(), choice.schedules > 1), (choice.is_modelled, choice.is_modelled));
        choice.loops
    };
    assert_eq!(loops("input: [1, 4, 64], channels: 4, kernel: 32"), None);
    assert_eq!(loops("input: [1, 4, 64], channels: 4, kernel: 33"), Some(Loops::LongKernel { taps: 33, most: 32 }));
    let borders = loops("input: [1, 16, 4096], channels: 16, kernel: 31, padding: 15");
    assert!(matches!(borders, Some(Loops::LongCode { phases: 1, shortest, most }) if shortest > most), "{borders:?}");
}

/// Ops that the front end makes but this module has no word for would not compile; those of a net are all explained.
#[test]
fn every_step_has_its_stages() {
    let net = net("net n {
        input x: [1, 4, 9, 9];
        a = conv(x) { channels: 4, kernel: 3, padding: 1, padding_mode: circular, gelu };
        b = conv(a) { channels: 4, kernel: 3, padding: 1, depthwise };
        s = add(x, a, b) { relu };
        m = mul(s, a);
        output m, b;
    }");
    for layout in [Layout::Nchw, Layout::Nhwc] {
        let facts = explained(&net.clone().with_layout(layout), &Target::avx2());
        let stages: Vec<Vec<&str>> =
            facts.steps.iter().map(|step| step.stages.iter().map(|stage| stage.name.as_str()).collect()).collect();
        assert_eq!(stages, [vec!["a_pad", "a"], vec!["b"], vec!["s"], vec!["m"]]);
        let layers = net.steps.iter().map(|step| matches!(step.op, Op::Conv(_)));
        assert!(layers.eq(facts.steps.iter().map(|step| step.layer.is_some())));
        assert!(facts.steps.iter().flat_map(|step| &step.stages).all(|stage| stage.cycles > 0.0));
    }
}
