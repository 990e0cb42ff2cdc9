//! The plans of layers: all are valid, and all keep so little to chance that changing a number is noticed.

use super::brute::{self, Outcome};
use super::{mutations, parse};
use crate::ir;
use crate::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use crate::lower::lower;
use crate::net::{Net, Op, Step, ValueId};
use crate::passes;
use crate::plan::{Buffer, Plan, Role, Target, build, eval, verify};

const AXIS: LayerAxis = LayerAxis { input: 9, kernel: 3, stride: 1, dilation: 1, padding: [1, 1], output_padding: 0 };

fn layer(channels: [usize; 2], axes: &[LayerAxis]) -> Layer {
    Layer {
        name: "layer1".into(),
        batch: 1,
        input_channels: channels[0],
        output_channels: channels[1],
        groups: 1,
        axes: axes.to_vec(),
        transposed: false,
        padding_mode: PaddingMode::Zeros,
        bias: true,
        activation: Activation::LeakyRelu(Number::new(0.1)),
        layout: Layout::Nchw,
    }
}

fn plan_of(net: &Net, target: &Target) -> Plan {
    build(&passes::run(lower(net), &mut |_, _, _| {}), target, &mut |_, _| 0)
}

/// Layers of all kinds, small enough to watch.
fn layers() -> Vec<Layer> {
    let long = LayerAxis { input: 21, ..AXIS };
    let up = LayerAxis { kernel: 4, stride: 2, output_padding: 1, ..AXIS };
    let sparse = LayerAxis { kernel: 2, stride: 4, dilation: 2, padding: [0, -1], output_padding: 3, ..AXIS };
    let few = LayerAxis { input: 3, kernel: 2, ..AXIS };
    vec![
        layer([2, 5], &[long]),
        layer([2, 9], &[AXIS, AXIS]),
        layer([1, 2], &[few, few, AXIS]),
        Layer { layout: Layout::Nhwc, ..layer([2, 9], &[AXIS, AXIS]) },
        Layer { batch: 2, ..layer([2, 3], &[LayerAxis { stride: 2, dilation: 2, padding: [3, 2], ..long }]) },
        Layer { transposed: true, ..layer([2, 3], &[up, up]) },
        Layer { transposed: true, layout: Layout::Nhwc, ..layer([3, 6], &[up]) },
        Layer { transposed: true, bias: false, activation: Activation::None, ..layer([1, 1], &[sparse, up]) },
        Layer { groups: 5, ..layer([5, 10], &[long]) },
        Layer { groups: 6, layout: Layout::Nhwc, ..layer([6, 6], &[AXIS]) },
        Layer { padding_mode: PaddingMode::Reflect, activation: Activation::Gelu, ..layer([1, 1], &[long, few]) },
        Layer { padding_mode: PaddingMode::Circular, ..layer([2, 2], &[AXIS, long]) },
    ]
}

fn targets() -> [Target; 2] {
    [Target::portable(), Target::avx2()]
}

/// Two convolutions of the input, added and multiplied: scratch memory with several values alive.
fn residual() -> Net {
    let conv = |name: &str| Layer { name: name.into(), activation: Activation::Relu, ..layer([2, 2], &[AXIS]) };
    let step = |name: &str, op, reads: &[usize]| {
        let reads = reads.iter().map(|&read| ValueId(read)).collect();
        Step { name: name.into(), op, reads }
    };
    let mut net = Net::of_layer(conv("first"));
    net.name = "residual".into();
    net.standalone = false;
    net.steps.push(step("second", Op::Conv(conv("second")), &[1]));
    net.steps.push(step("sum", Op::Add(Activation::Tanh), &[0, 1, 2]));
    net.steps.push(step("third", Op::Conv(conv("third")), &[3]));
    net.steps.push(step("product", Op::Mul(Activation::None), &[4, 3]));
    net.outputs = vec![ValueId(5), ValueId(2)];
    net
}

fn nets() -> Vec<Net> {
    layers().into_iter().map(Net::of_layer).chain([residual()]).collect()
}

#[test]
fn plans_of_layers_are_valid() {
    for (net, target) in nets().iter().flat_map(|net| targets().map(|target| (net, target))) {
        let plan = plan_of(net, &target);
        assert_eq!(brute::outcome(&plan), Outcome::Fine, "{plan}");
        assert_eq!(parse::plan(&plan.to_string()).to_string(), plan.to_string());
        if let Err(violation) = verify(plan.clone()) {
            panic!("{violation}\n{plan}");
        }
    }
}

/// Tensors `[N, C, S…]` in a memory order.
fn in_memory(layout: Layout, shape: &[usize], values: &[f32]) -> Vec<f32> {
    let (channels, positions) = (shape[1], shape[2..].iter().product::<usize>());
    let image = |image: &[f32]| -> Vec<f32> {
        let element = |index: usize| match layout {
            Layout::Nchw => image[index],
            Layout::Nhwc => image[index % channels * positions + index / channels],
        };
        (0..image.len()).map(element).collect()
    };
    values.chunks(channels * positions).flat_map(image).collect()
}

/// Small integers, which differ from buffer to buffer.
fn numbers(buffers: &[&Buffer], seed: usize) -> Vec<Vec<f32>> {
    let number = |seed: usize, index: usize| ((index * index + 5 * index + seed) * 7 % 13) as f32 - 6.0;
    let of_buffer = |(number_of, buffer): (usize, &&Buffer)| {
        (0..buffer.len()).map(|index| number(seed + 3 * number_of, index)).collect()
    };
    buffers.iter().enumerate().map(of_buffer).collect()
}

fn slices<T>(buffers: &[Vec<T>]) -> Vec<&[T]> {
    buffers.iter().map(Vec::as_slice).collect()
}

#[test]
fn plans_compute_what_graphs_do() {
    for (net, target) in nets().iter().flat_map(|net| targets().map(|target| (net, target))) {
        computes_what_its_graph_does(net, plan_of(net, &target));
    }
}

/// Not only the schedules that are expected to cost least.
#[test]
fn plans_of_all_schedules_compute_what_graphs_do() {
    let some = |count: usize| (0..count).step_by(count / 40 + 1).chain([count.saturating_sub(1)]);
    for (net, target) in nets().iter().flat_map(|net| Target::all().map(|target| (net, target))) {
        let graph = passes::run(lower(net), &mut |_, _, _| {});
        let mut count = 0;
        build(&graph, &target, &mut |_, schedules| {
            count = count.max(schedules.len());
            0
        });
        for number in some(count) {
            computes_what_its_graph_does(net, build(&graph, &target, &mut |_, _| number));
        }
    }
}

#[track_caller]
fn computes_what_its_graph_does(net: &Net, plan: Plan) {
    let graph = lower(net);
    let plan = verify(plan).unwrap_or_else(|violation| panic!("{violation} in {}", net.name));
    let of_role = |role| plan.with_role(role).collect::<Vec<_>>();
    let inputs = numbers(&of_role(Role::Input), 1);
    let parameters = numbers(&of_role(Role::Parameter), 2);
    let wide = |buffers: &[Vec<f32>]| -> Vec<Vec<f64>> {
        buffers.iter().map(|buffer| buffer.iter().map(|&value| f64::from(value)).collect()).collect()
    };
    let expected = ir::eval::run(&graph, &slices(&wide(&inputs)), &slices(&wide(&parameters)));
    let shapes = net.inputs.iter().map(|input| &input.shape);
    let inputs: Vec<_> = shapes.zip(&inputs).map(|(shape, values)| in_memory(net.layout, shape, values)).collect();
    let packed = eval::pack(&plan, &slices(&parameters)).unwrap();
    let found = eval::run(&plan, &packed, &slices(&inputs)).unwrap();
    for parts in [2, 3, i64::MAX] {
        assert_eq!(eval::run_in_parts(&plan, &packed, &slices(&inputs), parts).unwrap(), found, "{}", *plan);
    }
    assert_eq!(found.len(), expected.len());
    for ((&output, found), expected) in net.outputs.iter().zip(&found).zip(&expected) {
        let expected: Vec<f32> = expected.iter().map(|&value| value as f32).collect();
        let expected = in_memory(net.layout, &net.value_shape(output), &expected);
        assert_eq!(found.len(), expected.len());
        let is_near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * b.abs().max(1.0);
        assert!(found.iter().zip(&expected).all(is_near), "{found:?}\n{expected:?}\n{}", *plan);
    }
}

#[test]
fn changes_of_plans_of_layers_are_noticed() {
    let mut tally = mutations::Tally::default();
    for net in nets() {
        mutations::two_numbers(&plan_of(&net, &Target::portable()), 200, &mut tally);
    }
    assert!(tally.rejected_by_both > 1000 && tally.accepted_by_both > 30, "{}", tally.text());
}

/// Many phases and borders in three dimensions, whose combinations are thousands.
#[test]
fn large_plans_are_valid() {
    let up = LayerAxis { input: 64, kernel: 15, stride: 4, dilation: 3, padding: [20, 20], output_padding: 2 };
    let wide = LayerAxis { input: 64, kernel: 15, dilation: 5, padding: [35, 35], ..AXIS };
    for layer in [Layer { transposed: true, ..layer([16, 32], &[up; 3]) }, layer([16, 32], &[wide; 3])] {
        let plan = plan_of(&Net::of_layer(layer), &Target::portable());
        assert_eq!(verify(plan).map(|_| ()), Ok(()));
    }
}
