//! Random legal nets, drawn from bytes: what single layers cannot show is which value is live when, who reads whom, and in
//! which order.

use crate::layers::layout;
use arbitrary::{Result, Unstructured};
use atrous_compiler::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use atrous_compiler::net::{Input, Net, Op, Step, ValueId};
use proptest::prelude::*;

/// Shape of every value, so that any values can be combined.
const SHAPE: [usize; 3] = [1, 4, 11];

/// Products grow fastest, so each is cut to this much.
const BOUND: f32 = 4.0;

/// More bytes than a net is drawn from.
const BYTES: usize = 128;

/// One step, before it is known how many values it may read.
#[derive(Clone, Debug)]
enum Draft {
    Conv { kernel: usize, dilation: usize, groups: usize, transposed: bool, mode: PaddingMode, bias: bool, relu: bool },
    Add { relu: bool, operands: usize },
    Mul { operands: usize },
}

/// Nets of up to nine steps.
pub fn nets() -> impl Strategy<Value = Net> {
    proptest::collection::vec(any::<u8>(), BYTES)
        .prop_map(|bytes| draw(&mut Unstructured::new(&bytes)).expect("any bytes make a net"))
}

/// Draws a net whose values all have one shape: convolutions that keep it, sums and products, each of any earlier values,
/// with any steps as outputs.
///
/// # Errors
///
/// None: any bytes make a net.
pub fn draw(bytes: &mut Unstructured) -> Result<Net> {
    let inputs = bytes.int_in_range(1..=2)?;
    let order = layout(bytes)?;
    let (mut steps, mut outputs) = (Vec::new(), Vec::new());
    let count = bytes.int_in_range(1..=9)?;
    for index in 0..count {
        let draft = draft(bytes)?;
        let reads = (0..operands(&draft)).map(|_| Ok(ValueId(bytes.int_in_range(0..=inputs + index - 1)?)));
        steps.push(step_of(index, &draft, reads.collect::<Result<_>>()?, order));
        let is_output: bool = bytes.arbitrary()?;
        outputs.extend((is_output || index + 1 == count).then_some(ValueId(inputs + index)));
    }
    let net = Net {
        name: "random".into(),
        standalone: false,
        layout: order,
        inputs: (0..inputs).map(|index| Input { name: format!("x{index}"), shape: SHAPE.to_vec() }).collect(),
        steps,
        outputs,
    };
    // Only convolutions say in which order memory is.
    Ok(if net.layers().next().is_none() { net.with_layout(Layout::Nchw) } else { net })
}

fn draft(bytes: &mut Unstructured) -> Result<Draft> {
    Ok(match bytes.int_in_range(0..=4)? {
        0..=2 => Draft::Conv {
            kernel: *bytes.choose(&[1, 3])?,
            dilation: bytes.int_in_range(1..=3)?,
            groups: *bytes.choose(&[1, 2, 4])?,
            transposed: bytes.arbitrary()?,
            mode: if bytes.int_in_range(0..=4)? < 4 { PaddingMode::Zeros } else { PaddingMode::Reflect },
            bias: bytes.arbitrary()?,
            relu: bytes.arbitrary()?,
        },
        3 => Draft::Add { relu: bytes.arbitrary()?, operands: bytes.int_in_range(2..=3)? },
        _ => Draft::Mul { operands: bytes.int_in_range(2..=3)? },
    })
}

/// How many values a step reads.
fn operands(draft: &Draft) -> usize {
    match *draft {
        Draft::Conv { .. } => 1,
        Draft::Add { operands, .. } | Draft::Mul { operands } => operands,
    }
}

fn step_of(index: usize, draft: &Draft, reads: Vec<ValueId>, layout: Layout) -> Step {
    let name = format!("v{index}");
    let activation = |relu: bool| if relu { Activation::Relu } else { Activation::None };
    let op = match *draft {
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
            Op::Conv(layer)
        }
        Draft::Add { relu, .. } => Op::Add(activation(relu)),
        Draft::Mul { .. } => Op::Mul(Activation::Clamp(Number::new(-BOUND), Number::new(BOUND))),
    };
    Step { name, op, reads }
}
