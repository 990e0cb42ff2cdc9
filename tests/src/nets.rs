//! Random legal nets, for proptest: what single layers cannot show is which value is live when, who reads whom, and in
//! which order.

use atrous_compiler::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use atrous_compiler::net::{Input, Net, Op, Step, ValueId};
use proptest::prelude::*;

/// Shape of every value, so that any values can be combined.
const SHAPE: [usize; 3] = [1, 4, 11];

/// Products grow fastest, so each is cut to this much.
const BOUND: f32 = 4.0;

/// One step, before it is known how many values it may read.
#[derive(Clone, Debug)]
enum Draft {
    Conv { kernel: usize, dilation: usize, groups: usize, transposed: bool, mode: PaddingMode, bias: bool, relu: bool },
    Add { relu: bool, operands: usize },
    Mul { operands: usize },
}

/// Nets of up to nine steps whose values all have one shape: convolutions that keep it, sums and products, each of any
/// earlier values, with any steps as outputs.
pub fn nets() -> impl Strategy<Value = Net> {
    let step = (draft(), proptest::collection::vec(any::<prop::sample::Index>(), 3), any::<bool>());
    (1..=2usize, proptest::collection::vec(step, 1..=9), layout()).prop_map(|(inputs, drafts, layout)| {
        // Only convolutions say in which order memory is.
        let has_order = drafts.iter().any(|(draft, _, _)| matches!(draft, Draft::Conv { .. }));
        let layout = if has_order { layout } else { Layout::Nchw };
        let value = |step: usize| ValueId(inputs + step);
        let chosen = drafts.iter().enumerate().filter(|(_, (_, _, output))| *output).map(|(step, _)| value(step));
        let last = value(drafts.len() - 1);
        let outputs: Vec<ValueId> = chosen.filter(|output| *output != last).chain([last]).collect();
        let steps = drafts.iter().enumerate().map(|(index, (draft, reads, _))| {
            let reads = reads.iter().map(|read| ValueId(read.index(inputs + index)));
            step_of(index, draft, reads.collect(), layout)
        });
        Net {
            name: "random".into(),
            standalone: false,
            layout,
            inputs: (0..inputs).map(|index| Input { name: format!("x{index}"), shape: SHAPE.to_vec() }).collect(),
            steps: steps.collect(),
            outputs,
        }
    })
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![Just(Layout::Nchw), Just(Layout::Nhwc)]
}

fn draft() -> impl Strategy<Value = Draft> {
    let mode = prop_oneof![4 => Just(PaddingMode::Zeros), 1 => Just(PaddingMode::Reflect)];
    let groups = prop_oneof![Just(1usize), Just(2), Just(4)];
    let conv =
        (prop_oneof![Just(1usize), Just(3)], 1..=3usize, groups, any::<bool>(), mode, any::<bool>(), any::<bool>());
    prop_oneof![
        3 => conv.prop_map(|(kernel, dilation, groups, transposed, mode, bias, relu)| Draft::Conv {
            kernel,
            dilation,
            groups,
            transposed,
            mode,
            bias,
            relu,
        }),
        1 => (any::<bool>(), 2..=3usize).prop_map(|(relu, operands)| Draft::Add { relu, operands }),
        1 => (2..=3usize).prop_map(|operands| Draft::Mul { operands }),
    ]
}

fn step_of(index: usize, draft: &Draft, reads: Vec<ValueId>, layout: Layout) -> Step {
    let name = format!("v{index}");
    let activation = |relu: bool| if relu { Activation::Relu } else { Activation::None };
    let (op, operands) = match *draft {
        Draft::Conv { kernel, dilation, groups, transposed, mode, bias, relu } => {
            let reach = (dilation * (kernel - 1) / 2) as i64;
            let [batch, channels, input] = SHAPE;
            let layer = Layer {
                name: name.clone(),
                batch,
                input_channels: channels,
                output_channels: channels,
                groups,
                axes: vec![LayerAxis {
                    input,
                    kernel,
                    stride: 1,
                    dilation,
                    padding: [reach, reach],
                    output_padding: 0,
                }],
                transposed,
                padding_mode: if transposed { PaddingMode::Zeros } else { mode },
                bias,
                activation: activation(relu),
                layout,
            };
            (Op::Conv(layer), 1)
        }
        Draft::Add { relu, operands } => (Op::Add(activation(relu)), operands),
        Draft::Mul { operands } => (Op::Mul(Activation::Clamp(Number::new(-BOUND), Number::new(BOUND))), operands),
    };
    Step { name, op, reads: reads.into_iter().take(operands).collect() }
}
