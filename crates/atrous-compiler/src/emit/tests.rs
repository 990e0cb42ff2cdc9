use super::{Options, source};
use crate::compile;
use crate::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use crate::net::{Input, Net, Op, Step, ValueId};
use crate::plan::Target;

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
    source(net, &compile(net, &Target::portable()).expect("the net has a plan"), &Options::default())
        .expect("the default facade is a path")
}

fn step(name: &str, op: Op, reads: &[usize]) -> Step {
    Step { name: name.into(), op, reads: reads.iter().copied().map(ValueId).collect() }
}

#[test]
fn a_layer() {
    let activation = Activation::LeakyRelu(Number::new(0.1));
    insta::assert_snapshot!(emit(&Net::of_layer(Layer { activation, ..layer("conv_1", SAME, [2, 3]) })));
}

/// Names that are keywords, twice the same type, or not in snake case; several inputs and outputs; shared scratch memory.
#[test]
fn a_net() {
    let input = |name: &str| Input { name: name.into(), shape: vec![1, 2, 6] };
    let net = Net {
        name: "self".into(),
        standalone: false,
        layout: Layout::Nchw,
        inputs: vec![input("x"), input("packed")],
        steps: vec![
            step("type", Op::Conv(layer("type", SAME, [2, 2])), &[0]),
            step("Mixed", Op::Conv(Layer { bias: false, ..layer("Mixed", SAME, [2, 2]) }), &[2]),
            step("sum", Op::Add(Activation::Relu), &[3, 1]),
        ],
        outputs: vec![ValueId(4), ValueId(2)],
    };
    insta::assert_snapshot!(emit(&net));
}
