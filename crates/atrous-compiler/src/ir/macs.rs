//! Counting multiply-adds.

use super::axis::Axis;
use super::graph::{Contraction, Conv, Graph, Node, Op};

/// Multiply-adds of a graph as a paper counts them and as they matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Macs {
    /// Taps × output positions (input positions, when transposed), padding included.
    pub nominal: u128,
    /// Pairs where both factors are real: the input is neither padding nor an inserted zero.
    pub useful: u128,
}

/// Nominal and useful multiply-adds of a graph as it was lowered, before any pass.
pub fn of_layers(graph: &Graph) -> Macs {
    let of_node = |(index, op): (usize, &Op)| match op.convolution() {
        Some((conv, relations)) => of_conv(batch(graph, index), conv, &relations),
        None => Macs::default(),
    };
    let sum = |a: Macs, b: Macs| Macs { nominal: a.nominal + b.nominal, useful: a.useful + b.useful };
    graph.nodes.iter().map(|node| &node.op).enumerate().map(of_node).fold(Macs::default(), sum)
}

fn of_conv(batch: usize, conv: &Conv, relations: &[Axis]) -> Macs {
    // The axes of a transposed convolution have its input as their output: taps × positions is nominal for both.
    let nominal: u128 = conv.axes.iter().map(|axis| axis.pairs()).product();
    let useful: u128 = relations.iter().map(|axis| axis.useful_pairs()).product();
    let channels = channel_pairs(batch, conv.groups, conv.group_inputs, conv.group_outputs);
    Macs { nominal: channels * nominal, useful: channels * useful }
}

/// What the layers of a graph as it was lowered would take as dense convolutions, with inserted zeros, the gaps of dilated
/// kernels and padding in memory and multiplied like everything else. It saturates.
pub fn with_zeros(graph: &Graph) -> u128 {
    let of_node = |(index, op): (usize, &Op)| {
        let Some((conv, relations)) = op.convolution() else { return 0 };
        let channels = channel_pairs(batch(graph, index), conv.groups, conv.group_inputs, conv.group_outputs);
        relations.iter().map(|axis| axis.with_zeros().pairs()).fold(channels, u128::saturating_mul)
    };
    graph.nodes.iter().map(|node| &node.op).enumerate().map(of_node).fold(0, u128::saturating_add)
}

/// The multiply-adds that a graph executes as it stands, inserted zeros and padding included where they are left.
pub fn executed(graph: &Graph) -> u128 {
    let of_node = |(index, op): (usize, &Op)| match op {
        Op::Conv(conv) | Op::TransposedConv(conv) => {
            let pairs: u128 = conv.axes.iter().map(|axis| axis.pairs()).product();
            channel_pairs(batch(graph, index), conv.groups, conv.group_inputs, conv.group_outputs) * pairs
        }
        Op::Contraction(_) => of_contraction(&graph.nodes[index]),
        _ => 0,
    };
    graph.nodes.iter().map(|node| &node.op).enumerate().map(of_node).sum()
}

/// The multiply-adds of a contraction; 0 for other nodes.
pub fn of_contraction(node: &Node) -> u128 {
    let Op::Contraction(Contraction { groups, group_inputs, group_outputs, axes }) = &node.op else { return 0 };
    let of_axis = |pieces: &[super::Piece]| pieces.iter().map(|piece| piece.axis.pairs()).sum::<u128>();
    let pairs: u128 = axes.iter().map(|axis| of_axis(&axis.pieces)).product();
    channel_pairs(node.shape[0], *groups, *group_inputs, *group_outputs) * pairs
}

fn batch(graph: &Graph, index: usize) -> usize {
    graph.nodes[index].shape[0]
}

fn channel_pairs(batch: usize, groups: usize, group_inputs: usize, group_outputs: usize) -> u128 {
    [batch, groups, group_inputs, group_outputs].into_iter().map(|count| count as u128).product()
}
