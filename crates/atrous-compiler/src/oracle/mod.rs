//! The independent judge: layers and nets by their direct definition, in `f64`.
//!
//! It reads `layer` and `net` and nothing else of this crate, so that no mistake of a pass, a plan or a back end can be
//! repeated here. Tensors are in memory order of the layout, weights in PyTorch's order.
//!
//! A product is formed for each pair of an input position and a tap that are both real. Padding zeros and the zeros
//! between the inputs of a transposed layer are skipped, not multiplied: with an infinite or NaN weight the two differ.

mod activation;
mod pairs;

#[cfg(test)]
mod tests;

use crate::layer::{Layer, Layout};
use crate::net::{Net, Op};
pub use activation::apply;
use pairs::AxisPairs;

/// The output of one layer, in memory order.
///
/// `input`, `weight` and `bias` have as many elements as the layer's shapes say; a bias that the layer does not have is
/// not read.
pub fn layer(layer: &Layer, input: &[f64], weight: &[f64], bias: Option<&[f64]>) -> Vec<f64> {
    let axes = pairs::of_layer(layer);
    let planes = channels_first(layer.layout, &layer.input_shape(), input);
    let mut output = contract(layer, &axes, &planes, weight);
    let positions: usize = axes.iter().map(|axis| axis.output).product();
    for (index, value) in output.iter_mut().enumerate() {
        let channel = index / positions % layer.output_channels;
        let start = if layer.bias { bias.map_or(0.0, |bias| bias[channel]) } else { 0.0 };
        *value = apply(layer.activation, *value + start);
    }
    channels_last(layer.layout, &layer.output_shape(), output)
}

/// The outputs of a net, in the order of `Net::outputs`.
///
/// `inputs` are in the order of `Net::inputs`, `parameters` in that of `Net::parameters`.
pub fn net(net: &Net, inputs: &[&[f64]], parameters: &[&[f64]]) -> Vec<Vec<f64>> {
    let values = values(net, inputs, parameters);
    net.outputs.iter().map(|output| values[output.0].clone()).collect()
}

/// All values of a net, indexed by `ValueId`: its inputs, then what each step computes.
pub fn values(net: &Net, inputs: &[&[f64]], parameters: &[&[f64]]) -> Vec<Vec<f64>> {
    let mut parameters = parameters.iter().copied();
    let mut parameter = || parameters.next().expect("one tensor per parameter");
    let mut values: Vec<Vec<f64>> = inputs.iter().map(|input| input.to_vec()).collect();
    for step in &net.steps {
        let reads = || step.reads.iter().map(|read| values[read.0].as_slice());
        let value = match &step.op {
            Op::Conv(conv) => {
                let weight = parameter();
                let bias = conv.bias.then(&mut parameter);
                layer(conv, &values[step.reads[0].0], weight, bias)
            }
            Op::Add(activation) => elementwise(reads(), |a, b| a + b, |value| apply(*activation, value)),
            Op::Mul(activation) => elementwise(reads(), |a, b| a * b, |value| apply(*activation, value)),
        };
        values.push(value);
    }
    values
}

/// Multiplications of an input and a weight that a layer needs: pairs where both are real, so that neither padding zeros
/// nor the zeros between the inputs of a transposed layer count. Copies of inputs, as other padding modes make, do.
pub fn useful_macs(layer: &Layer) -> u64 {
    let pairs = |axis: &AxisPairs| axis.taps.iter().map(|tap| tap.len() as u64).sum::<u64>();
    let channels = layer.output_channels * (layer.input_channels / layer.groups);
    (layer.batch * channels) as u64 * pairs::of_layer(layer).iter().map(pairs).product::<u64>()
}

/// Folds tensors of one shape element by element, from the first to the last, and maps the results.
fn elementwise<'a>(
    mut reads: impl Iterator<Item = &'a [f64]>,
    combine: impl Fn(f64, f64) -> f64,
    finish: impl Fn(f64) -> f64,
) -> Vec<f64> {
    let mut result = reads.next().map_or_else(Vec::new, <[f64]>::to_vec);
    for read in reads {
        result.iter_mut().zip(read).for_each(|(left, &right)| *left = combine(*left, right));
    }
    result.into_iter().map(finish).collect()
}

/// The sum over taps and input channels, `[N, O, S…]` row by row, without bias and activation.
fn contract(layer: &Layer, axes: &[AxisPairs; 3], input: &[f64], weight: &[f64]) -> Vec<f64> {
    let inputs: usize = axes.iter().map(|axis| axis.input).product();
    let outputs: usize = axes.iter().map(|axis| axis.output).product();
    let taps: usize = axes.iter().map(|axis| axis.taps.len()).product();
    let (group_inputs, group_outputs) = (layer.input_channels / layer.groups, layer.output_channels / layer.groups);
    let mut output = vec![0.0; layer.batch * layer.output_channels * outputs];
    for (plane, to) in output.chunks_exact_mut(outputs).enumerate() {
        let (image, out_channel) = (plane / layer.output_channels, plane % layer.output_channels);
        let group = out_channel / group_outputs;
        for offset in 0..group_inputs {
            let in_channel = group * group_inputs + offset;
            let from = &input[(image * layer.input_channels + in_channel) * inputs..][..inputs];
            let row = if layer.transposed {
                in_channel * group_outputs + out_channel % group_outputs
            } else {
                out_channel * group_inputs + offset
            };
            add_plane(axes, from, &weight[row * taps..][..taps], to);
        }
    }
    output
}

/// Adds one input plane times one kernel to one output plane.
fn add_plane(axes: &[AxisPairs; 3], from: &[f64], kernel: &[f64], to: &mut [f64]) {
    let [planes, rows, columns] = axes;
    let mut kernel = kernel.iter();
    for plane_pairs in &planes.taps {
        for row_pairs in &rows.taps {
            for column_pairs in &columns.taps {
                let tap = kernel.next().expect("one weight per tap");
                for &(plane_in, plane_out) in plane_pairs {
                    for &(row_in, row_out) in row_pairs {
                        let from = &from[(plane_in * rows.input + row_in) * columns.input..][..columns.input];
                        let to = &mut to[(plane_out * rows.output + row_out) * columns.output..][..columns.output];
                        column_pairs.iter().for_each(|&(input, output)| to[output] += tap * from[input]);
                    }
                }
            }
        }
    }
}

/// A tensor of logical shape `[N, C, S…]` from memory order to `[N, C, S…]` row by row.
fn channels_first(layout: Layout, shape: &[usize], memory: &[f64]) -> Vec<f64> {
    let (channels, positions) = (shape[1], shape[2..].iter().product::<usize>());
    let image = |image: &[f64]| -> Vec<f64> {
        let element = |index| image[index % positions * channels + index / positions];
        (0..channels * positions).map(element).collect()
    };
    match layout {
        Layout::Nchw => memory.to_vec(),
        Layout::Nhwc => memory.chunks_exact(channels * positions).flat_map(image).collect(),
    }
}

/// The inverse of [`channels_first`].
fn channels_last(layout: Layout, shape: &[usize], planes: Vec<f64>) -> Vec<f64> {
    let (channels, positions) = (shape[1], shape[2..].iter().product::<usize>());
    let image = |image: &[f64]| -> Vec<f64> {
        let element = |index| image[index % channels * positions + index / channels];
        (0..channels * positions).map(element).collect()
    };
    match layout {
        Layout::Nchw => planes,
        Layout::Nhwc => planes.chunks_exact(channels * positions).flat_map(image).collect(),
    }
}
