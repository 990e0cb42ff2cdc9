//! Each axis is split into its phases: outputs that read the same taps, and no inserted zero.
//!
//! ```text
//! u·i = s·o + d·k − p
//! →
//! for each phase r < P = u/gcd(u, s):   o = r + P·q,   k = k₀ + T·j,   i = (s/gcd(u, s))·q + (d/gcd(u, d))·j − p_r
//! ```
//!
//! A convolution of several axes is every combination of one phase per axis. With `u = 1` there is one phase.
//!
//! AFTER THIS POINT: no multiply by an inserted zero.

use crate::ir::{Axis, Contraction, Conv, Graph, Op, PiecewiseAxis};

pub fn run(graph: &Graph) -> Graph {
    graph.rewrite(|graph, mut node| {
        if let Op::Conv(conv) = &node.op {
            node.op = Op::Contraction(split(conv));
        }
        graph.push(node)
    })
}

pub fn holds(op: &Op) -> bool {
    !matches!(op, Op::Conv(_))
}

fn split(conv: &Conv) -> Contraction {
    let phases = |&axis: &Axis| PiecewiseAxis {
        input: axis.input,
        output: axis.output,
        taps: axis.taps,
        pieces: axis.phases(),
        empty: Vec::new(),
    };
    Contraction {
        groups: conv.groups,
        group_inputs: conv.group_inputs,
        group_outputs: conv.group_outputs,
        axes: conv.axes.iter().map(phases).collect(),
    }
}
