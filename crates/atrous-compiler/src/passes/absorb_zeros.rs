//! The zero-insertion moves into the axes of the convolution that reads it.
//!
//! ```text
//! conv(zero_insert(x, u), w)        i' = s·o + d·k − p
//! →
//! conv(x, w)        u·i = s·o + d·k − p
//! ```
//!
//! AFTER THIS POINT: no zeros are inserted.

use crate::ir::{Axis, Conv, Graph, Op};

pub fn run(graph: &Graph) -> Graph {
    graph.rewrite(|graph, mut node| {
        if let Op::Conv(conv) = &mut node.op
            && let Op::ZeroInsert { factors } = &graph.node(node.reads[0]).op
        {
            let zeros = graph.node(node.reads[0]);
            let input = zeros.reads[0];
            absorb(conv, factors, graph.node(input).spatial());
            node.reads[0] = input;
        }
        graph.push(node)
    })
}

pub fn holds(op: &Op) -> bool {
    !matches!(op, Op::ZeroInsert { .. })
}

fn absorb(conv: &mut Conv, factors: &[i64], input: &[usize]) {
    for ((axis, &factor), &input) in conv.axes.iter_mut().zip(factors).zip(input) {
        *axis = Axis { input: input as i64, up: axis.up * factor, ..*axis };
    }
}
