//! Random legal layers, drawn from bytes: random ones of proptest's, or those that fuzzing finds.

use arbitrary::{Result, Unstructured};
use atrous_compiler::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use atrous_compiler::oracle;
use proptest::prelude::*;

/// More bytes than a layer is drawn from.
const BYTES: usize = 64;

/// Layers of one rank that are small enough for interpreters. They shrink towards the plain layer of one tap.
pub fn layers(rank: usize) -> impl Strategy<Value = Layer> {
    proptest::collection::vec(any::<u8>(), BYTES).prop_filter_map("too large for interpreters", move |bytes| {
        let layer = draw(rank, &mut Unstructured::new(&bytes)).expect("any bytes make a layer");
        is_small(&layer, 10_000, 100_000).then_some(layer)
    })
}

/// Whether a layer has at most so many outputs and useful multiply-adds.
pub fn is_small(layer: &Layer, outputs: usize, macs: u64) -> bool {
    layer.output_shape().iter().product::<usize>() <= outputs && oracle::useful_macs(layer) <= macs
}

/// Draws a layer of some rank: any stride, dilation, padding of either sign, output padding, groups, padding mode,
/// activation and layout. Every choice is a byte; where there are no more bytes, or they are zero, the layer is plain.
///
/// # Errors
///
/// None: any bytes make a layer.
pub fn draw(rank: usize, bytes: &mut Unstructured) -> Result<Layer> {
    let [batch, groups, inputs, outputs] = channels(bytes)?;
    let axes = (0..rank).map(|_| axis(rank, bytes)).collect::<Result<Vec<_>>>()?;
    let transposed = bytes.arbitrary()?;
    let mode = padding_mode(bytes)?;
    let padding_mode = if transposed { PaddingMode::Zeros } else { mode };
    Ok(Layer {
        name: "random".into(),
        batch,
        input_channels: groups * inputs,
        output_channels: groups * outputs,
        groups,
        axes: axes.into_iter().map(|axis| legal(axis, transposed, padding_mode)).collect(),
        transposed,
        padding_mode,
        bias: bytes.arbitrary()?,
        activation: activation(bytes)?,
        layout: layout(bytes)?,
    })
}

/// Batch, groups, and input and output channels per group: dense layers, few groups, those with a vector of outputs,
/// many narrow groups, depthwise with several outputs of each input and with few.
fn channels(bytes: &mut Unstructured) -> Result<[usize; 4]> {
    let [groups, inputs, outputs] = match bytes.int_in_range(0..=8)? {
        0..=2 => [1..=1, 1..=9, 1..=20],
        3 => [2..=3, 1..=3, 1..=9],
        4 => [2..=3, 1..=2, 14..=18],
        5 => [4..=9, 2..=3, 1..=3],
        6 => [4..=6, 1..=1, 3..=5],
        _ => [2..=18, 1..=1, 1..=2],
    };
    Ok([
        bytes.int_in_range(1..=2)?,
        bytes.int_in_range(groups)?,
        bytes.int_in_range(inputs)?,
        bytes.int_in_range(outputs)?,
    ])
}

/// An axis that need not be legal; fewer positions in higher ranks.
fn axis(rank: usize, bytes: &mut Unstructured) -> Result<LayerAxis> {
    let (input, kernel) = [(40, 7), (12, 4), (6, 3)][rank - 1];
    Ok(LayerAxis {
        input: bytes.int_in_range(1..=input)?,
        kernel: bytes.int_in_range(1..=kernel)?,
        stride: step(bytes)?,
        dilation: step(bytes)?,
        padding: [padding(bytes)?, padding(bytes)?],
        output_padding: bytes.int_in_range(0..=5)?,
    })
}

/// A stride or dilation of 1 to 6. Those of 1 are the commonest in real layers, so they are three of eight.
fn step(bytes: &mut Unstructured) -> Result<usize> {
    Ok(bytes.int_in_range::<usize>(1..=8)?.saturating_sub(2).max(1))
}

/// Padding of −3 to 5, with 0 first.
fn padding(bytes: &mut Unstructured) -> Result<i64> {
    Ok((bytes.int_in_range(0..=8i64)? + 3) % 9 - 3)
}

fn padding_mode(bytes: &mut Unstructured) -> Result<PaddingMode> {
    Ok(match bytes.int_in_range(0..=5)? {
        0..=2 => PaddingMode::Zeros,
        3 => PaddingMode::Reflect,
        4 => PaddingMode::Replicate,
        _ => PaddingMode::Circular,
    })
}

/// Four of five are exact on small integers.
fn activation(bytes: &mut Unstructured) -> Result<Activation> {
    let exact = [
        Activation::None,
        Activation::Relu,
        Activation::Relu6,
        Activation::LeakyRelu(Number::new(0.25)),
        Activation::Clamp(Number::new(-2.0), Number::new(3.0)),
    ];
    let rounded = [Activation::Sigmoid, Activation::Tanh, Activation::Silu, Activation::Gelu, Activation::Hardswish];
    let choices = if bytes.int_in_range(0..=4)? < 4 { exact } else { rounded };
    bytes.choose(&choices).copied()
}

/// Either memory order.
pub(crate) fn layout(bytes: &mut Unstructured) -> Result<Layout> {
    bytes.choose(&[Layout::Nchw, Layout::Nhwc]).copied()
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
