//! A transposed convolution is an ordinary one over the zero-inserted input.
//!
//! ```text
//! transposed_conv(x, w)        o = s·i + d·k − p
//! →
//! conv(zero_insert(x, s), flip_taps(w))        i' = o + d·k' − (d·(K−1) − p)   with i' = s·i, k' = K−1−k
//! ```
//!
//! AFTER THIS POINT: no transposed convolution.

use crate::ir::{Axis, Conv, Graph, Node, Op};

pub fn run(graph: &Graph) -> Graph {
    graph.rewrite(|graph, node| match &node.op {
        Op::TransposedConv(conv) => untranspose(graph, &node, conv),
        _ => graph.push(node),
    })
}

pub fn holds(op: &Op) -> bool {
    !matches!(op, Op::TransposedConv(_))
}

fn untranspose(graph: &mut Graph, node: &Node, conv: &Conv) -> crate::ir::Value {
    let [input, weight] = [node.reads[0], node.reads[1]];
    let factors: Vec<i64> = conv.axes.iter().map(|axis| axis.stride).collect();
    let inserted = |(&size, factor): (&usize, &i64)| (size as i64 - 1) * factor + 1;
    let sizes: Vec<i64> = graph.node(input).spatial().iter().zip(&factors).map(inserted).collect();

    let shape = with_spatial(&graph.node(input).shape, &sizes);
    let zeros = graph.push(Node { name: node.name.clone(), op: Op::ZeroInsert { factors }, reads: vec![input], shape });

    let groups = conv.groups;
    let outer = [groups * conv.group_outputs, conv.group_inputs];
    let shape = [&outer, graph.node(weight).spatial()].concat();
    let flipped = graph.push(Node { name: node.name.clone(), op: Op::FlipTaps { groups }, reads: vec![weight], shape });

    // The zeros are in the input now: the axis reads it densely.
    let dense = |(axis, &input): (&Axis, &i64)| Axis { input, up: 1, ..axis.adjoint() };
    let axes = conv.axes.iter().zip(&sizes).map(dense).collect();
    let op = Op::Conv(Conv { axes, ..conv.clone() });
    graph.push(Node { op, reads: vec![zeros, flipped], ..node.clone() })
}

fn with_spatial(shape: &[usize], spatial: &[i64]) -> Vec<usize> {
    shape[..2].iter().copied().chain(spatial.iter().map(|&size| size as usize)).collect()
}
