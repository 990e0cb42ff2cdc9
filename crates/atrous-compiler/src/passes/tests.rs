//! Each pass as a picture: the graph before and after it.

use insta::assert_snapshot;

use super::{PASSES, run, verify};
use crate::ir::{Graph, macs};
use crate::layer::{Activation, Layer, LayerAxis, Layout, PaddingMode};
use crate::lower::lower;
use crate::net::Net;

/// A layer with one input and one output channel.
fn layer(axes: &[LayerAxis], transposed: bool) -> Layer {
    Layer {
        name: "up".into(),
        batch: 1,
        input_channels: 1,
        output_channels: 1,
        groups: 1,
        axes: axes.to_vec(),
        transposed,
        padding_mode: PaddingMode::Zeros,
        bias: false,
        activation: Activation::None,
        layout: Layout::Nchw,
    }
}

const AXIS: LayerAxis = LayerAxis { input: 4, kernel: 3, stride: 1, dilation: 1, padding: [1, 1], output_padding: 0 };

/// The graph of a layer after the pass with this name; the passes before it have run.
fn after(name: &str, layer: Layer) -> Graph {
    let end = PASSES.iter().position(|pass| pass.name == name).expect("the pass exists") + 1;
    let lowered = lower(&Net::of_layer(layer));
    let graph = PASSES[..end].iter().fold(lowered, |graph, pass| (pass.run)(&graph));
    verify(&graph, &PASSES[..end]).expect("the passes keep their word");
    graph
}

#[test]
fn lowering_keeps_a_transposed_convolution() {
    let layer = layer(&[LayerAxis { stride: 2, ..AXIS }], true);
    assert_snapshot!(lower(&Net::of_layer(layer)), @r"
    graph up
      %0 = input input -> [1, 1, 4]
      %1 = parameter up.weight -> [1, 1, 3]
      %2 = transposed_conv %0, %1 channels 1 to 1 -> [1, 1, 7]
           axis 0: o = 2i + k - 1 for i < 4, o < 7, k < 3
      output up = %2
    ");
}

#[test]
fn untranspose_inserts_zeros_and_flips_taps() {
    assert_snapshot!(after("untranspose", layer(&[LayerAxis { stride: 2, ..AXIS }], true)), @r"
    graph up
      %0 = input input -> [1, 1, 4]
      %1 = parameter up.weight -> [1, 1, 3]
      %2 = zero_insert %0 factors [2] -> [1, 1, 7]
      %3 = flip_taps %1 groups 1 -> [1, 1, 3]
      %4 = conv %2, %3 channels 1 to 1 -> [1, 1, 7]
           axis 0: i = o + k - 1 for i < 7, o < 7, k < 3
      output up = %4
    ");
}

#[test]
fn absorb_zeros_moves_them_into_the_axis() {
    assert_snapshot!(after("absorb_zeros", layer(&[LayerAxis { stride: 2, ..AXIS }], true)), @r"
    graph up
      %0 = input input -> [1, 1, 4]
      %1 = parameter up.weight -> [1, 1, 3]
      %2 = flip_taps %1 groups 1 -> [1, 1, 3]
      %3 = conv %0, %2 channels 1 to 1 -> [1, 1, 7]
           axis 0: 2i = o + k - 1 for i < 4, o < 7, k < 3
      output up = %3
    ");
}

#[test]
fn polyphase_splits_outputs_by_the_taps_they_read() {
    assert_snapshot!(after("polyphase", layer(&[LayerAxis { stride: 2, ..AXIS }], true)), @r"
    graph up
      %0 = input input -> [1, 1, 4]
      %1 = parameter up.weight -> [1, 1, 3]
      %2 = flip_taps %1 groups 1 -> [1, 1, 3]
      %3 = contraction %0, %2 channels 1 to 1 -> [1, 1, 7]
           axis 0: i < 4, o < 7, k < 3
             o = 2q, q < 4; k = 1; i = q
             o = 2q + 1, q < 3; k = 2j, j < 2; i = q + j
      output up = %3
    ");
}

#[test]
fn polyphase_leaves_an_ordinary_axis_whole() {
    assert_snapshot!(after("polyphase", layer(&[LayerAxis { stride: 2, dilation: 3, input: 9, ..AXIS }], false)), @r"
    graph up
      %0 = input input -> [1, 1, 9]
      %1 = parameter up.weight -> [1, 1, 3]
      %2 = contraction %0, %1 channels 1 to 1 -> [1, 1, 3]
           axis 0: i < 9, o < 3, k < 3
             o = q, q < 3; k = j, j < 3; i = 2q + 3j - 1
      output up = %2
    ");
}

#[test]
fn trim_taps_cuts_at_the_borders() {
    assert_snapshot!(after("trim_taps", layer(&[AXIS], false)), @r"
    graph up
      %0 = input input -> [1, 1, 4]
      %1 = parameter up.weight -> [1, 1, 3]
      %2 = contraction %0, %1 channels 1 to 1 -> [1, 1, 4]
           axis 0: i < 4, o < 4, k < 3
             o = 0; k = j + 1, j < 2; i = j
             o = q + 1, q < 2; k = j, j < 3; i = q + j
             o = 3; k = j, j < 2; i = j + 2
      output up = %2
    ");
}

#[test]
fn drop_empty_leaves_outputs_without_taps() {
    let stride_and_dilation = LayerAxis { stride: 4, dilation: 2, padding: [0, 0], ..AXIS };
    assert_snapshot!(after("drop_empty", layer(&[stride_and_dilation], true)), @r"
    graph up
      %0 = input input -> [1, 1, 4]
      %1 = parameter up.weight -> [1, 1, 3]
      %2 = flip_taps %1 groups 1 -> [1, 1, 3]
      %3 = contraction %0, %2 channels 1 to 1 -> [1, 1, 17]
           axis 0: i < 4, o < 17, k < 3
             o = 0; k = 2; i = 0
             o = 4q + 4, q < 3; k = 2j, j < 2; i = q + j
             o = 16; k = 0; i = 3
             o = 4q + 2, q < 4; k = 1; i = q
             o = 4q + 1, q < 4; no tap
             o = 4q + 3, q < 4; no tap
      output up = %3
    ");
}

#[test]
fn borders_other_than_zeros_are_pads() {
    let layer =
        Layer { padding_mode: PaddingMode::Reflect, bias: true, activation: Activation::Relu, ..layer(&[AXIS], false) };
    assert_snapshot!(after("drop_empty", layer), @r"
    graph up
      %0 = input input -> [1, 1, 4]
      %1 = parameter up.weight -> [1, 1, 3]
      %2 = parameter up.bias -> [1]
      %3 = pad %0 reflect [[1, 1]] -> [1, 1, 6]
      %4 = contraction %3, %1 channels 1 to 1 -> [1, 1, 4]
           axis 0: i < 6, o < 4, k < 3
             o = q, q < 4; k = j, j < 3; i = q + j
      %5 = epilogue %4, %2 Relu -> [1, 1, 4]
      output up = %5
    ");
}

#[test]
fn what_is_executed_in_the_end_is_useful() {
    for stride in 1..=4 {
        for dilation in 1..=4 {
            for transposed in [false, true] {
                let axis = LayerAxis { input: 5, stride, dilation, padding: [2, 1], ..AXIS };
                let lowered = lower(&Net::of_layer(layer(&[axis, AXIS], transposed)));
                let useful = macs::of_layers(&lowered).useful;
                let executed = macs::executed(&run(lowered, &mut |_, _, _| {}));
                assert_eq!(executed, useful, "stride {stride}, dilation {dilation}, transposed {transposed}");
            }
        }
    }
}
