//! Printing and reading are inverse, and a net can be read exactly when it is valid.

use crate::front::{Model, Sizes, text};
use crate::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use crate::net::{Input, Net, Op, Step, ValueId};
use crate::random::Random;

/// Numbers whose decimal forms are short, long, negative, or all of it.
const NUMBERS: [f32; 9] = [0.0, -0.0, 0.1, -2.5, 1e-40, f32::MAX, f32::MIN_POSITIVE, 16_777_217.0, 1.0 / 3.0];

fn random_activation(random: &mut Random) -> Activation {
    let mut number = || NUMBERS[random.below(NUMBERS.len())];
    let (a, b) = (number(), number());
    let (low, high) = if a <= b { (a, b) } else { (b, a) };
    [
        Activation::None,
        Activation::Relu,
        Activation::Relu6,
        Activation::LeakyRelu(Number::new(a)),
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::Silu,
        Activation::Gelu,
        Activation::Hardswish,
        Activation::Clamp(Number::new(low), Number::new(high)),
    ][random.below(10)]
}

fn random_axis(random: &mut Random, input: usize, transposed: bool) -> LayerAxis {
    let padding = |random: &mut Random| random.below(9) as i64 - 3;
    let lo = padding(random);
    let hi = if random.below(2) == 0 { lo } else { padding(random) };
    LayerAxis {
        input,
        kernel: 1 + random.below(4),
        stride: 1 + random.below(3),
        dilation: 1 + random.below(3),
        padding: [lo, hi],
        output_padding: if transposed { random.below(3) } else { 0 },
    }
}

/// A layer that reads a value of some shape, valid or not.
fn random_layer(random: &mut Random, name: &str, shape: &[usize], layout: Layout) -> Layer {
    let transposed = random.below(3) == 0;
    let groups = if random.below(3) == 0 { 1 + random.below(3) } else { 1 };
    let shared = random.below(3) == 0;
    let mut axes: Vec<LayerAxis> = shape[2..].iter().map(|&input| random_axis(random, input, transposed)).collect();
    if shared {
        let first = axes[0];
        axes.iter_mut().for_each(|axis| *axis = LayerAxis { input: axis.input, ..first });
    }
    Layer {
        name: name.to_string(),
        batch: shape[0],
        input_channels: shape[1],
        output_channels: groups * (1 + random.below(2)),
        groups,
        axes,
        transposed,
        padding_mode: if transposed { PaddingMode::Zeros } else { PaddingMode::ALL[random.below(4)] },
        bias: random.below(2) == 0,
        activation: random_activation(random),
        layout,
    }
}

/// The rules of the language, written once more and without regard to messages.
fn is_valid(layer: &Layer) -> bool {
    let axis_is_valid = |axis: &LayerAxis| {
        let input = axis.input as i64;
        let widest = axis.padding.into_iter().max().unwrap_or_default();
        let cropped: i64 = axis.padding.iter().map(|&side| (-side).max(0)).sum();
        let mode_fits = match layer.padding_mode {
            PaddingMode::Zeros | PaddingMode::Replicate => true,
            PaddingMode::Reflect => widest < input,
            PaddingMode::Circular => widest <= input,
        };
        let sides_fit = layer.transposed || (mode_fits && cropped < input);
        let output_padding_fits = axis.output_padding == 0 || axis.output_padding < axis.stride.max(axis.dilation);
        sides_fit && output_padding_fits && axis.checked_output(layer.transposed) > Some(0)
    };
    let groups_fit =
        [layer.input_channels, layer.output_channels].iter().all(|channels| channels.is_multiple_of(layer.groups));
    groups_fit && layer.axes.iter().all(axis_is_valid)
}

fn random_layout(random: &mut Random) -> Layout {
    if random.below(3) == 0 { Layout::Nhwc } else { Layout::Nchw }
}

fn random_shape(random: &mut Random) -> Vec<usize> {
    let rank = 1 + random.below(3);
    [1 + random.below(2), 1 + random.below(6)].into_iter().chain((0..rank).map(|_| 1 + random.below(8))).collect()
}

/// Checks that a net reads as itself if it is valid, and not at all otherwise.
fn check(net: Net, is_valid: bool) {
    let printed = net.to_string();
    let front = text(&printed, &Sizes::new());
    if is_valid {
        assert_eq!(front.models, [Model::Net(net)], "{:?}\n{printed}", front.diagnostics);
    } else {
        assert!(front.has_errors() && front.models.is_empty(), "read without an error:\n{printed}");
    }
}

#[test]
fn layers() {
    let mut random = Random(1);
    let mut valid = 0;
    for _ in 0..4000 {
        let shape = random_shape(&mut random);
        let layout = random_layout(&mut random);
        let layer = random_layer(&mut random, "a", &shape, layout);
        let is_valid = is_valid(&layer);
        valid += usize::from(is_valid);
        check(Net::of_layer(layer), is_valid);
    }
    assert!((1000..3000).contains(&valid), "{valid} of 4000 layers are valid");
}

#[test]
fn nets() {
    let mut random = Random(2);
    for _ in 0..500 {
        check(random_net(&mut random), true);
    }
}

fn random_net(random: &mut Random) -> Net {
    let shape = random_shape(random);
    let layout = random_layout(random);
    let inputs = (0..1 + random.below(2)).map(|i| Input { name: format!("in{i}"), shape: shape.clone() }).collect();
    let mut net = Net { name: "n".into(), standalone: false, layout, inputs, steps: Vec::new(), outputs: Vec::new() };
    let steps = 1 + random.below(5);
    while net.steps.len() < steps {
        let name = format!("step{}", net.steps.len());
        let values = net.inputs.len() + net.steps.len();
        let read = ValueId(random.below(values));
        let shape = net.value_shape(read);
        let (op, reads) = match random.below(4) {
            0 | 1 => {
                let layer = random_layer(random, &name, &shape, layout);
                if !is_valid(&layer) {
                    continue;
                }
                (Op::Conv(layer), vec![read])
            }
            which => {
                let alike: Vec<ValueId> =
                    (0..values).map(ValueId).filter(|&other| net.value_shape(other) == shape).collect();
                let others = (0..1 + random.below(3)).map(|_| alike[random.below(alike.len())]);
                let reads = [read].into_iter().chain(others).collect();
                let activation = random_activation(random);
                (if which == 2 { Op::Add(activation) } else { Op::Mul(activation) }, reads)
            }
        };
        net.steps.push(Step { name, op, reads });
    }
    let is_output: Vec<bool> = (0..steps).map(|step| step + 1 == steps || random.below(3) == 0).collect();
    net.outputs = (0..steps).rev().filter(|&step| is_output[step]).map(|step| net.step_value(step)).collect();
    // A net without layers has no layout of its own to print.
    if net.layers().next().is_none() { net.with_layout(Layout::Nchw) } else { net }
}
