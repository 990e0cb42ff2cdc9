//! From a net to a graph that says the same, one operation per idea.

use crate::ir::{Axis, Conv, Graph, Node, Op, Value};
use crate::layer::{Activation, Layer, LayerAxis, PaddingMode};
use crate::net::{self, Net};

/// The graph of a net: a transposed layer is still one, borders other than zeros are pads of their own, and bias and
/// activation are an epilogue.
pub fn lower(net: &Net) -> Graph {
    let mut graph = Graph { name: net.name.clone(), layout: net.layout, nodes: Vec::new(), outputs: Vec::new() };
    let mut leaf = |name: &str, op, shape| graph.push(Node { name: name.to_string(), op, reads: Vec::new(), shape });
    let mut values: Vec<Value> =
        net.inputs.iter().map(|input| leaf(&input.name, Op::Input, input.shape.clone())).collect();
    let parameters: Vec<Value> =
        net.parameters().into_iter().map(|parameter| leaf(&parameter.name, Op::Parameter, parameter.shape)).collect();
    let mut parameters = parameters.into_iter();
    for step in &net.steps {
        let reads: Vec<Value> = step.reads.iter().map(|read| values[read.0]).collect();
        let value = match &step.op {
            net::Op::Conv(layer) => lower_layer(&mut graph, layer, reads[0], &mut parameters),
            net::Op::Add(activation) => lower_pointwise(&mut graph, &step.name, Op::Add, reads, *activation),
            net::Op::Mul(activation) => lower_pointwise(&mut graph, &step.name, Op::Mul, reads, *activation),
        };
        values.push(value);
    }
    graph.outputs = net.outputs.iter().map(|&id| (net.value_name(id).to_string(), values[id.0])).collect();
    graph
}

fn lower_pointwise(graph: &mut Graph, name: &str, op: Op, reads: Vec<Value>, activation: Activation) -> Value {
    let shape = graph.node(reads[0]).shape.clone();
    let value = graph.push(Node { name: name.to_string(), op, reads, shape });
    lower_epilogue(graph, name, value, None, activation)
}

fn lower_layer(graph: &mut Graph, layer: &Layer, input: Value, parameters: &mut impl Iterator<Item = Value>) -> Value {
    let mut parameter = || parameters.next().expect("a net has the parameters of its layers");
    let weight = parameter();
    let bias = layer.bias.then(parameter);
    let input = lower_padding(graph, layer, input);
    let conv = Conv {
        groups: layer.groups,
        group_inputs: layer.input_channels / layer.groups,
        group_outputs: layer.output_channels / layer.groups,
        axes: axes(layer),
    };
    let op = if layer.transposed { Op::TransposedConv(conv) } else { Op::Conv(conv) };
    let reads = vec![input, weight];
    let sum = graph.push(Node { name: layer.name.clone(), op, reads, shape: layer.output_shape() });
    lower_epilogue(graph, &layer.name, sum, bias, layer.activation)
}

/// `activation(value + bias)`, or the value itself when that is the same.
fn lower_epilogue(graph: &mut Graph, name: &str, value: Value, bias: Option<Value>, activation: Activation) -> Value {
    if bias.is_none() && activation == Activation::None {
        return value;
    }
    let reads = [value].into_iter().chain(bias).collect();
    let shape = graph.node(value).shape.clone();
    graph.push(Node { name: name.to_string(), op: Op::Epilogue { activation }, reads, shape })
}

/// Borders other than zeros become a pad in front of a convolution without padding.
fn lower_padding(graph: &mut Graph, layer: &Layer, input: Value) -> Value {
    let sides: Vec<[i64; 2]> = layer.axes.iter().map(|axis| axis.padding).collect();
    if layer.padding_mode == PaddingMode::Zeros || sides.iter().all(|&sides| sides == [0, 0]) {
        return input;
    }
    let padded = layer.axes.iter().map(|axis| axis.padded() as usize);
    let shape = [layer.batch, layer.input_channels].into_iter().chain(padded).collect();
    let op = Op::Pad { mode: layer.padding_mode, sides };
    graph.push(Node { name: layer.name.clone(), op, reads: vec![input], shape })
}

/// The relation of each axis; for a transposed layer that of the convolution whose adjoint it is. Borders other than zeros
/// are inputs of their own.
pub fn axes(layer: &Layer) -> Vec<Axis> {
    let of_axis = |axis: &LayerAxis| {
        let (input, pad) = match layer.padding_mode {
            PaddingMode::Zeros => (axis.input as i64, axis.padding[0]),
            _ => (axis.padded(), 0),
        };
        let output = axis.output(layer.transposed) as i64;
        let (input, output) = if layer.transposed { (output, input) } else { (input, output) };
        Axis {
            input,
            output,
            taps: axis.kernel as i64,
            up: 1,
            stride: axis.stride as i64,
            dilation: axis.dilation as i64,
            pad,
        }
    };
    layer.axes.iter().map(of_axis).collect()
}
