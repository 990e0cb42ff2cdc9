//! The errors of the activations that are expanded into plan arithmetic, against the oracle's functions.

use atrous_compiler::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use atrous_compiler::net::Net;
use atrous_compiler::{Target, compile, oracle};
use atrous_tests::data::{Data, Random};
use atrous_tests::executors;

/// The largest error of each activation at `x`, in units of `max(1, |x|)`.
const ERRORS: &[(Activation, f64)] = &[
    (Activation::None, 0.0),
    (Activation::Relu, 0.0),
    (Activation::Relu6, 0.0),
    (Activation::Sigmoid, 2e-7),
    (Activation::Tanh, 3e-7),
    (Activation::Silu, 4e-7),
    (Activation::Gelu, 4e-7),
    (Activation::Hardswish, 3e-7),
];

/// Numbers of every magnitude, most of them where the functions bend.
fn numbers() -> Vec<f32> {
    let mut random = Random(1);
    let mut numbers: Vec<f32> = (0..60_000).map(|_| 12.0 * random.real()).collect();
    numbers.extend((0..20_000).map(|_| 200.0 * random.real()));
    numbers.extend((-126..127).flat_map(|exponent| [1.0, -1.0, 1.5, -1.75].map(|value| value * 2f32.powi(exponent))));
    numbers.extend([0.0, -0.0, f32::MIN_POSITIVE / 4.0, f32::MAX, f32::MIN]);
    numbers
}

/// A layer of one weight, so that `activation` sees the input itself when the weight is 1.
fn pass_through(activation: Activation, positions: usize) -> Net {
    Net::of_layer(Layer {
        name: "pass_through".into(),
        batch: 1,
        input_channels: 1,
        output_channels: 1,
        groups: 1,
        axes: vec![LayerAxis {
            input: positions,
            kernel: 1,
            stride: 1,
            dilation: 1,
            padding: [0, 0],
            output_padding: 0,
        }],
        transposed: false,
        padding_mode: PaddingMode::Zeros,
        bias: false,
        activation,
        layout: Layout::Nchw,
    })
}

fn activate(activation: Activation, inputs: Vec<f32>) -> Vec<f32> {
    let plan = compile(&pass_through(activation, inputs.len()), &Target::portable()).expect("a plan");
    let data = Data { inputs: vec![inputs], parameters: vec![vec![1.0]] };
    executors::interpret(&plan, &data).expect("tensors of the plan's shapes").swap_remove(0)
}

#[test]
fn activations_have_their_stated_errors() {
    for &(activation, error) in ERRORS {
        for (x, y) in numbers().into_iter().zip(activate(activation, numbers())) {
            let expected = oracle::apply(activation, f64::from(x));
            let allowed = error * f64::from(x).abs().max(1.0);
            // `hardswish` multiplies by 6 before it divides by 6, as its definition does.
            let overflows = activation == Activation::Hardswish && 6.0 * expected > f64::from(f32::MAX);
            let close = (f64::from(y) - expected).abs() <= allowed || (overflows && y.is_infinite());
            assert!(close, "{activation:?} of {x:e}: {y:e}, not {expected:e}");
        }
    }
}

#[test]
fn leaky_relu_and_clamp_round_once() {
    let slope = Number::new(0.1);
    for (x, y) in numbers().into_iter().zip(activate(Activation::LeakyRelu(slope), numbers())) {
        assert_eq!(y, if x > 0.0 { x } else { x * 0.1 }, "leaky_relu of {x:e}");
    }
    let (low, high) = (Number::new(-0.3), Number::new(7.7));
    for (x, y) in numbers().into_iter().zip(activate(Activation::Clamp(low, high), numbers())) {
        assert_eq!(y, x.clamp(-0.3, 7.7), "clamp of {x:e}");
    }
}

#[test]
fn nan_passes_through_every_activation() {
    let with_numbers = [Activation::LeakyRelu(Number::new(0.1)), Activation::Clamp(Number::new(0.0), Number::new(1.0))];
    let all = ERRORS.iter().map(|(activation, _)| *activation).chain(with_numbers);
    for activation in all {
        let outputs = activate(activation, vec![f32::NAN; 5]);
        assert!(outputs.iter().all(|output| output.is_nan()), "{activation:?} of NaN: {outputs:?}");
    }
}
