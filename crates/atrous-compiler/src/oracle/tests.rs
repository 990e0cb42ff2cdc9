use super::activation::complementary_error_function;
use super::{apply, layer, net, useful_macs, values};
use crate::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use crate::net::{Input, Net, Op, Step, ValueId};

/// Deterministic numbers in a range, by a 64-bit linear congruence (Knuth's MMIX constants).
struct Random(u64);

impl Random {
    fn range(&mut self, low: i64, high: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        low + ((self.0 >> 33) % (high - low + 1) as u64) as i64
    }

    fn tensor(&mut self, shape: &[usize]) -> Vec<f64> {
        (0..shape.iter().product()).map(|_| self.range(-3, 3) as f64).collect()
    }
}

fn axis(input: usize, kernel: usize, stride: usize, dilation: usize, padding: [i64; 2]) -> LayerAxis {
    LayerAxis { input, kernel, stride, dilation, padding, output_padding: 0 }
}

fn one_channel(axes: &[LayerAxis]) -> Layer {
    Layer {
        name: "tested".into(),
        batch: 1,
        input_channels: 1,
        output_channels: 1,
        groups: 1,
        axes: axes.to_vec(),
        transposed: false,
        padding_mode: PaddingMode::Zeros,
        bias: false,
        activation: Activation::None,
        layout: Layout::Nchw,
    }
}

fn transposed(axes: &[LayerAxis]) -> Layer {
    Layer { transposed: true, ..one_channel(axes) }
}

#[track_caller]
fn check(tested: &Layer, input: &[f64], weight: &[f64], expected: &[f64]) {
    assert_eq!(layer(tested, input, weight, None), expected);
}

#[test]
fn one_dimension_by_hand() {
    let (signal, taps) = ([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 10.0, 100.0]);
    check(&one_channel(&[axis(5, 3, 1, 1, [0, 0])]), &signal, &taps, &[321.0, 432.0, 543.0]);
    check(&one_channel(&[axis(5, 3, 2, 1, [1, 1])]), &signal, &taps, &[210.0, 432.0, 54.0]);
    check(&one_channel(&[axis(5, 3, 1, 2, [0, 0])]), &signal, &taps, &[531.0]);
    check(&one_channel(&[axis(5, 3, 1, 1, [-1, 0])]), &signal, &taps, &[432.0, 543.0]);
    check(&one_channel(&[axis(5, 3, 1, 1, [2, -2])]), &signal, &taps, &[100.0, 210.0, 321.0]);
}

#[test]
fn padding_modes_by_hand() {
    let padded = |padding_mode, padding| Layer { padding_mode, ..one_channel(&[axis(3, 1, 1, 1, padding)]) };
    let signal = [1.0, 2.0, 3.0];
    check(&padded(PaddingMode::Zeros, [2, 2]), &signal, &[1.0], &[0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0]);
    check(&padded(PaddingMode::Reflect, [2, 2]), &signal, &[1.0], &[3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]);
    check(&padded(PaddingMode::Replicate, [2, 2]), &signal, &[1.0], &[1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0]);
    check(&padded(PaddingMode::Circular, [2, 2]), &signal, &[1.0], &[2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0]);
    check(&padded(PaddingMode::Reflect, [-1, 2]), &signal, &[1.0], &[2.0, 3.0, 2.0, 1.0]);
    check(&padded(PaddingMode::Circular, [1, -2]), &signal, &[1.0], &[3.0, 1.0]);
}

#[test]
fn transposed_by_hand() {
    let (signal, taps) = ([1.0, 2.0, 3.0], [1.0, 10.0, 100.0]);
    check(&transposed(&[axis(3, 3, 1, 1, [0, 0])]), &signal, &taps, &[1.0, 12.0, 123.0, 230.0, 300.0]);
    check(&transposed(&[axis(3, 3, 2, 1, [0, 0])]), &signal, &taps, &[1.0, 10.0, 102.0, 20.0, 203.0, 30.0, 300.0]);
    check(&transposed(&[axis(3, 3, 2, 1, [1, 1])]), &signal, &taps, &[10.0, 102.0, 20.0, 203.0, 30.0]);
    check(&transposed(&[axis(2, 2, 2, 4, [0, 0])]), &[1.0, 2.0], &[1.0, 10.0], &[1.0, 0.0, 2.0, 0.0, 10.0, 0.0, 20.0]);
    let mut longer = axis(2, 1, 3, 1, [0, 0]);
    longer.output_padding = 2;
    check(&transposed(&[longer]), &[1.0, 2.0], &[5.0], &[5.0, 0.0, 0.0, 10.0, 0.0, 0.0]);
}

#[test]
fn two_dimensions_with_groups_bias_and_layout_by_hand() {
    let grouped = Layer {
        input_channels: 2,
        output_channels: 2,
        groups: 2,
        bias: true,
        activation: Activation::Relu,
        layout: Layout::Nhwc,
        ..one_channel(&[axis(2, 1, 1, 1, [0, 0]), axis(2, 2, 1, 1, [0, 0])])
    };
    let input = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0, 4.0, 40.0];
    let output = layer(&grouped, &input, &[1.0, 2.0, 3.0, -4.0], Some(&[0.5, 60.0]));
    assert_eq!(output, [5.5, 10.0, 11.5, 0.0]);
}

#[test]
fn a_net_by_hand() {
    let conv = |name: &str, read| Step {
        name: name.into(),
        op: Op::Conv(Layer { bias: true, ..one_channel(&[axis(2, 1, 1, 1, [0, 0])]) }),
        reads: vec![ValueId(read)],
    };
    let both = |name: &str, op| Step { name: name.into(), op, reads: vec![ValueId(1), ValueId(2)] };
    let tested = Net {
        name: "tested".into(),
        standalone: false,
        layout: Layout::Nchw,
        inputs: vec![Input { name: "x".into(), shape: vec![1, 1, 2] }],
        steps: vec![
            conv("a", 0),
            conv("b", 1),
            both("sum", Op::Add(Activation::Relu)),
            both("product", Op::Mul(Activation::None)),
        ],
        outputs: vec![ValueId(4), ValueId(3)],
    };
    let parameters: [&[f64]; 4] = [&[2.0], &[1.0], &[-1.0], &[3.0]];
    let outputs = net(&tested, &[&[1.0, 5.0]], &parameters);
    assert_eq!(outputs, [vec![0.0, -88.0], vec![3.0, 3.0]]);
    assert_eq!(values(&tested, &[&[1.0, 5.0]], &parameters)[2], [0.0, -8.0]);
}

#[test]
fn skipped_zeros_never_meet_an_infinity() {
    let taps = [f64::INFINITY, 1.0];
    check(&one_channel(&[axis(1, 2, 1, 1, [1, 0])]), &[2.0], &taps, &[2.0]);
    check(&transposed(&[axis(2, 2, 2, 1, [1, 0])]), &[2.0, 3.0], &taps, &[2.0, f64::INFINITY, 3.0]);
}

/// A layer with random geometry that has an output, and its input sizes.
fn random_layer(random: &mut Random) -> Layer {
    loop {
        let groups = random.range(1, 3) as usize;
        let rank = random.range(1, 3);
        let one_axis = |random: &mut Random| LayerAxis {
            input: random.range(1, 9) as usize,
            kernel: random.range(1, 4) as usize,
            stride: random.range(1, 5) as usize,
            dilation: random.range(1, 4) as usize,
            padding: [random.range(-2, 4), random.range(-2, 4)],
            output_padding: 0,
        };
        let candidate = Layer {
            batch: random.range(1, 2) as usize,
            input_channels: groups * random.range(1, 2) as usize,
            output_channels: groups * random.range(1, 3) as usize,
            groups,
            layout: if random.range(0, 1) == 0 { Layout::Nchw } else { Layout::Nhwc },
            ..one_channel(&(0..rank).map(|_| one_axis(random)).collect::<Vec<_>>())
        };
        if candidate.axes.iter().all(|axis| axis.checked_output(false).is_some_and(|output| output > 0)) {
            return candidate;
        }
    }
}

/// The adjoint of an ordinary layer: its input has the shape of the layer's output, and the reverse.
fn adjoint(of: &Layer) -> Layer {
    let axis = |axis: &LayerAxis| {
        let reach = (axis.dilation * (axis.kernel - 1)) as i64;
        let unused = axis.input as i64 + axis.padding[0] + axis.padding[1] - reach - 1;
        let output_padding = unused.rem_euclid(axis.stride as i64) as usize;
        LayerAxis { input: axis.output(false), output_padding, ..*axis }
    };
    Layer {
        transposed: true,
        input_channels: of.output_channels,
        output_channels: of.input_channels,
        axes: of.axes.iter().map(axis).collect(),
        ..of.clone()
    }
}

#[test]
fn transposed_layers_are_adjoint_to_ordinary_ones() {
    let mut random = Random(1);
    let dot = |left: &[f64], right: &[f64]| left.iter().zip(right).map(|(a, b)| a * b).sum::<f64>();
    for _ in 0..500 {
        let forward = random_layer(&mut random);
        let backward = adjoint(&forward);
        assert_eq!(backward.output_shape(), forward.input_shape());
        assert_eq!(backward.weight_shape(), forward.weight_shape());
        let x = random.tensor(&forward.input_shape());
        let y = random.tensor(&backward.input_shape());
        let weight = random.tensor(&forward.weight_shape());
        let there = dot(&layer(&forward, &x, &weight, None), &y);
        let back = dot(&x, &layer(&backward, &y, &weight, None));
        assert_eq!(there, back, "{forward:?}");
    }
}

#[test]
fn useful_macs_by_hand() {
    let batch = |of: Layer| Layer { batch: 3, input_channels: 4, output_channels: 6, groups: 2, ..of };
    assert_eq!(useful_macs(&one_channel(&[axis(5, 3, 1, 1, [2, 2])])), 15);
    assert_eq!(useful_macs(&one_channel(&[axis(5, 3, 1, 1, [1, 1])])), 13);
    assert_eq!(useful_macs(&batch(one_channel(&[axis(5, 3, 1, 1, [1, 1])]))), 13 * 3 * 6 * 2);
    let circular = Layer { padding_mode: PaddingMode::Circular, ..one_channel(&[axis(5, 3, 1, 1, [1, 1])]) };
    assert_eq!(useful_macs(&circular), 15);
    assert_eq!(useful_macs(&transposed(&[axis(4, 3, 2, 1, [0, 0]), axis(4, 3, 2, 1, [1, 1])])), 12 * 10);
}

#[test]
fn activations_by_table() {
    let number = Number::new;
    #[rustfmt::skip]
    let table = [
        (Activation::None, -2.0, -2.0),
        (Activation::Relu, -2.0, 0.0), (Activation::Relu, 2.0, 2.0),
        (Activation::Relu6, 7.0, 6.0), (Activation::Relu6, -1.0, 0.0), (Activation::Relu6, 5.0, 5.0),
        (Activation::LeakyRelu(number(0.25)), -2.0, -0.5), (Activation::LeakyRelu(number(0.25)), 2.0, 2.0),
        (Activation::Sigmoid, 0.0, 0.5), (Activation::Sigmoid, 2.0, 0.8807970779778824),
        (Activation::Sigmoid, -1000.0, 0.0),
        (Activation::Tanh, 0.5, 0.46211715726000976),
        (Activation::Silu, 2.0, 1.7615941559557649),
        (Activation::Gelu, 1.0, 0.8413447460685429), (Activation::Gelu, -1.0, -0.15865525393145705),
        (Activation::Gelu, -5.0, -1.433257859395969e-6), (Activation::Gelu, 0.0, 0.0), (Activation::Gelu, 40.0, 40.0),
        (Activation::Hardswish, -3.0, 0.0), (Activation::Hardswish, 3.0, 3.0), (Activation::Hardswish, 1.5, 1.125),
        (Activation::Clamp(number(-1.0), number(2.0)), -5.0, -1.0),
        (Activation::Clamp(number(-1.0), number(2.0)), 5.0, 2.0),
        (Activation::Clamp(number(-1.0), number(2.0)), 1.0, 1.0),
    ];
    for (activation, x, expected) in table {
        assert!(apply(activation, f64::NAN).is_nan(), "{activation:?} of NaN");
        let value = apply(activation, x);
        assert!((value - expected).abs() <= 1e-14 * x.abs().max(1.0), "{activation:?} of {x}: {value}, not {expected}");
    }
}

#[test]
fn error_function_by_table_and_where_its_two_formulas_meet() {
    #[rustfmt::skip]
    let table = [
        (0.0, 1.0), (0.5, 0.4795001221869535), (1.0, 0.15729920705028513), (2.0, 0.004677734981047266),
        (-1.0, 1.842700792949715), (3.0, 2.209049699858544e-5), (-3.0, 1.9999779095030014),
        (4.0, 1.541725790028002e-8), (6.0, 2.151973671249891e-17), (-6.0, 2.0),
    ];
    for (x, expected) in table {
        let value = complementary_error_function(x);
        assert!((value - expected).abs() < 1e-14, "erfc({x}) is {value}, not {expected}");
    }
    let step = complementary_error_function(3.0 - 1e-9) - complementary_error_function(3.0 + 1e-9);
    let slope = 2.0 / std::f64::consts::PI.sqrt() * (-9.0f64).exp();
    assert!((step - 2e-9 * slope).abs() < 1e-14, "a jump of {step} at 3");
}
