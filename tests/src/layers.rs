//! Random legal layers, for proptest.

use atrous_compiler::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use atrous_compiler::oracle;
use proptest::prelude::*;

/// Layers of one rank: any stride, dilation, padding of either sign, output padding, groups, padding mode, activation
/// and layout, small enough for interpreters. They shrink towards the plain layer of one tap.
pub fn layers(rank: usize) -> impl Strategy<Value = Layer> {
    let small = |layer: &Layer| {
        let outputs: usize = layer.output_shape().iter().product();
        outputs <= 10_000 && oracle::useful_macs(layer) <= 100_000
    };
    any_size(rank).prop_filter("too large for interpreters", small)
}

fn any_size(rank: usize) -> impl Strategy<Value = Layer> {
    let axes = proptest::collection::vec(axis(rank), rank);
    (channels(), axes, any::<bool>(), padding_mode(), any::<bool>(), activation(), layout()).prop_map(
        |((batch, groups, inputs, outputs), axes, transposed, padding_mode, bias, activation, layout)| {
            let padding_mode = if transposed { PaddingMode::Zeros } else { padding_mode };
            Layer {
                name: "random".into(),
                batch,
                input_channels: groups * inputs,
                output_channels: groups * outputs,
                groups,
                axes: axes.into_iter().map(|axis| legal(axis, transposed, padding_mode)).collect(),
                transposed,
                padding_mode,
                bias,
                activation,
                layout,
            }
        },
    )
}

/// Batch, groups, and input and output channels per group: dense layers, few wide groups, many narrow groups, depthwise.
fn channels() -> impl Strategy<Value = (usize, usize, usize, usize)> {
    prop_oneof![
        3 => (1..=2usize, Just(1), 1..=9usize, 1..=20usize),
        1 => (1..=2usize, 2..=3usize, 1..=3usize, 1..=9usize),
        1 => (1..=2usize, 4..=9usize, 2..=3usize, 1..=3usize),
        2 => (1..=2usize, 2..=18usize, Just(1), 1..=2usize),
    ]
}

/// An axis that need not be legal; fewer positions in higher ranks.
fn axis(rank: usize) -> impl Strategy<Value = LayerAxis> {
    let (input, kernel) = [(40usize, 7usize), (12, 4), (6, 3)][rank - 1];
    (1..=input, 1..=kernel, 1..=8usize, 1..=8usize, [-3..=5i64, -3..=5i64], 0..=5usize).prop_map(
        |(input, kernel, stride, dilation, padding, output_padding)| LayerAxis {
            input,
            kernel,
            // Strides and dilations of 1 are the commonest in real layers, so they are half of the cases.
            stride: stride.saturating_sub(2).max(1),
            dilation: dilation.saturating_sub(2).max(1),
            padding,
            output_padding,
        },
    )
}

fn padding_mode() -> impl Strategy<Value = PaddingMode> {
    prop_oneof![
        3 => Just(PaddingMode::Zeros),
        1 => Just(PaddingMode::Reflect),
        1 => Just(PaddingMode::Replicate),
        1 => Just(PaddingMode::Circular),
    ]
}

fn activation() -> impl Strategy<Value = Activation> {
    let exact = prop_oneof![
        Just(Activation::None),
        Just(Activation::Relu),
        Just(Activation::Relu6),
        Just(Activation::LeakyRelu(Number::new(0.25))),
        Just(Activation::Clamp(Number::new(-2.0), Number::new(3.0))),
    ];
    let rounded = prop_oneof![
        Just(Activation::Sigmoid),
        Just(Activation::Tanh),
        Just(Activation::Silu),
        Just(Activation::Gelu),
        Just(Activation::Hardswish),
    ];
    prop_oneof![4 => exact, 1 => rounded]
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![Just(Layout::Nchw), Just(Layout::Nhwc)]
}

/// The nearest legal axis: output padding is reduced to its range, borders to what their mode can fill, and where nothing
/// would be left of the output, the high side grows or, transposed, crops less.
fn legal(axis: LayerAxis, transposed: bool, mode: PaddingMode) -> LayerAxis {
    let mut axis = axis;
    axis.output_padding = if transposed { axis.output_padding % axis.stride.max(axis.dilation) } else { 0 };
    let widest = match mode {
        PaddingMode::Zeros | PaddingMode::Replicate => i64::MAX,
        PaddingMode::Reflect => axis.input as i64 - 1,
        PaddingMode::Circular => axis.input as i64,
    };
    // A crop leaves at least one position of the input.
    axis.padding[0] = axis.padding[0].clamp(1 - axis.input as i64, widest);
    axis.padding[1] = axis.padding[1].clamp(1 - axis.input as i64 - axis.padding[0].min(0), widest);
    let output = axis.checked_output(transposed).expect("small numbers do not overflow");
    if output < 1 && transposed {
        axis.padding[1] -= 1 - output;
    } else if output < 1 {
        // Fewer taps always fit: the input is never cropped to nothing.
        let room = axis.input as i64 + axis.padding[0] + axis.padding[1] - 1;
        axis.kernel = room as usize / axis.dilation + 1;
    }
    axis
}
