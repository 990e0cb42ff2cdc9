//! The graph and its operations.

use std::collections::BTreeMap;

use super::axis::{Axis, Piece, Progression};
use crate::layer::{Activation, Layout, PaddingMode};

/// Nodes in an order in which each reads only earlier ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// The name of the net.
    pub name: String,
    /// Memory order that the net asks for; no operation depends on it.
    pub layout: Layout,
    /// The operations.
    pub nodes: Vec<Node>,
    /// What the net returns, with the names it has there.
    pub outputs: Vec<(String, Value)>,
}

/// The result of a node: an index into [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Value(pub usize);

/// One operation with one result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The input, parameter or step that the node belongs to.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// What it reads.
    pub reads: Vec<Value>,
    /// Shape of the result: `[N, C, S…]`, or a weight's `[O, I/g, K…]`.
    pub shape: Vec<usize>,
}

/// What a node computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// A tensor from the caller.
    Input,
    /// A weight or bias as the framework stores it.
    Parameter,
    /// The input continued (or, where negative, cropped) by so many positions at the two sides of each spatial axis.
    Pad {
        /// How it is continued; zeros are part of a convolution's axes instead.
        mode: PaddingMode,
        /// Low and high side of each axis.
        sides: Vec<[i64; 2]>,
    },
    /// Reads input and weight `[I, O/g, K…]`: the adjoint of the convolution that the axes describe.
    TransposedConv(Conv),
    /// `factor − 1` zeros between neighbours along each spatial axis: `I` positions become `(I − 1)·factor + 1`.
    ZeroInsert {
        /// One factor per axis.
        factors: Vec<i64>,
    },
    /// A weight `[I, O/g, K…]` with the taps of each axis in reverse and the channels' roles exchanged: `[O, I/g, K…]`.
    FlipTaps {
        /// The groups of the layer.
        groups: usize,
    },
    /// Reads input and weight `[O, I/g, K…]`. Multiplies inserted zeros and padding as if they were there.
    Conv(Conv),
    /// The same without them: only what the pieces of each axis say is multiplied.
    Contraction(Contraction),
    /// Reads a tensor and, optionally, a bias per channel: `activation(x + bias)`.
    Epilogue {
        /// The function.
        activation: Activation,
    },
    /// The sum of tensors of one shape, left to right.
    Add,
    /// The product of tensors of one shape, left to right.
    Mul,
}

impl Op {
    /// The convolution of a graph as it was lowered, with the relation of each axis from its outputs to its inputs.
    pub fn convolution(&self) -> Option<(&Conv, Vec<Axis>)> {
        match self {
            Op::Conv(conv) => Some((conv, conv.axes.clone())),
            Op::TransposedConv(conv) => Some((conv, conv.axes.iter().map(|axis| axis.adjoint()).collect())),
            _ => None,
        }
    }
}

/// A convolution with whole axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Number of groups.
    pub groups: usize,
    /// Input channels of one group.
    pub group_inputs: usize,
    /// Output channels of one group.
    pub group_outputs: usize,
    /// One relation per spatial axis. Those of a transposed convolution relate its *output* (as `input`) to its input.
    pub axes: Vec<Axis>,
}

/// A convolution whose axes are cut into pieces; it consists of all combinations of one piece per axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contraction {
    /// Number of groups.
    pub groups: usize,
    /// Input channels of one group.
    pub group_inputs: usize,
    /// Output channels of one group.
    pub group_outputs: usize,
    /// One list of pieces per spatial axis.
    pub axes: Vec<PiecewiseAxis>,
}

/// An axis cut into pieces. Each output is in exactly one piece or one progression of `empty`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PiecewiseAxis {
    /// Input positions.
    pub input: i64,
    /// Output positions.
    pub output: i64,
    /// Taps of the weight.
    pub taps: i64,
    /// Outputs with their taps, each with `up = 1`.
    pub pieces: Vec<Piece>,
    /// Outputs to which no input contributes: they are zero.
    pub empty: Vec<Progression>,
}

/// The most positions of axes that are made one: the compiler looks at each position of the last axis.
const MOST_MERGED: i64 = 1 << 22;

impl Contraction {
    /// Weights of one group.
    pub fn group_weights(&self) -> usize {
        let taps: usize = self.axes.iter().map(|axis| axis.taps as usize).product();
        self.group_inputs * self.group_outputs * taps
    }

    /// The same with an axis of one position behind its last one, which is then walked as those above the last are.
    pub fn as_column(&self) -> Contraction {
        let axes = self.axes.iter().cloned().chain([PiecewiseAxis::of_own_position(1)]);
        Contraction { axes: axes.collect(), ..self.clone() }
    }

    /// The same with as many of the last axes as possible made one, if memory has their positions as neighbours: axes
    /// whose outputs read the input at their own position and nothing else, and of which no input is left out, with not too
    /// many positions together.
    pub fn merged(&self) -> Contraction {
        let mut positions = 1_i64;
        let is_merged = |axis: &&PiecewiseAxis| {
            positions = positions.saturating_mul(axis.output);
            axis.reads_own_position() && positions <= MOST_MERGED
        };
        let own = self.axes.iter().rev().take_while(is_merged).count();
        if own < 2 {
            return self.clone();
        }
        let (above, last) = self.axes.split_at(self.axes.len() - own);
        let merged = PiecewiseAxis::of_own_position(last.iter().map(|axis| axis.output).product());
        Contraction { axes: above.iter().cloned().chain([merged]).collect(), ..self.clone() }
    }
}

impl PiecewiseAxis {
    fn of_own_position(size: i64) -> PiecewiseAxis {
        let axis = Axis { input: size, output: size, taps: 1, up: 1, stride: 1, dilation: 1, pad: 0 };
        PiecewiseAxis { input: size, output: size, taps: 1, pieces: axis.phases(), empty: Vec::new() }
    }

    /// Distance between neighbouring outputs of a piece, the same for all of them: they come from one relation.
    pub fn output_step(&self) -> i64 {
        let outputs = self.pieces.iter().map(|piece| piece.outputs).chain(self.empty.iter().copied());
        outputs.map(|outputs| outputs.step).next().unwrap_or(1)
    }

    /// Most taps of an output.
    pub fn most_taps(&self) -> usize {
        self.pieces.iter().map(|piece| piece.taps.count as usize).max().unwrap_or(0)
    }

    /// Taps that some output has: those of the pieces of a phase are neighbours.
    pub fn taps_read(&self) -> usize {
        let mut ends: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for Progression { start, step, count } in self.pieces.iter().map(|piece| piece.taps) {
            let (first, end) = (start / step, start / step + count);
            let known = ends.entry(start % step).or_insert((first, end));
            *known = (known.0.min(first), known.1.max(end));
        }
        ends.values().map(|(first, end)| (end - first) as usize).sum()
    }

    /// Whether each output reads the input at its own position and nothing else, and each input is read.
    fn reads_own_position(&self) -> bool {
        let [piece] = &self.pieces[..] else { return false };
        let Axis { input, output, taps, stride, pad, .. } = piece.axis;
        let reads_all = self.input == self.output && (input, output) == (self.input, self.output);
        self.taps == 1 && (taps, stride, pad) == (1, 1, 0) && reads_all
    }
}

impl Node {
    /// The node's channels and spatial sizes without the batch.
    pub fn spatial(&self) -> &[usize] {
        &self.shape[2..]
    }
}

impl Graph {
    /// The node that computes a value.
    pub fn node(&self, value: Value) -> &Node {
        &self.nodes[value.0]
    }

    /// Appends a node.
    pub fn push(&mut self, node: Node) -> Value {
        self.nodes.push(node);
        Value(self.nodes.len() - 1)
    }

    /// A graph whose nodes are made by `rewrite` from the nodes of this one, in order.
    ///
    /// `rewrite` gets each node with its reads already translated, appends what replaces it to the new graph and
    /// returns the value that stands for the old one. What nothing needs in the end is left out.
    pub fn rewrite(&self, mut rewrite: impl FnMut(&mut Graph, Node) -> Value) -> Graph {
        let mut graph = Graph { nodes: Vec::new(), ..self.clone() };
        let mut translated: Vec<Value> = Vec::new();
        for node in &self.nodes {
            let reads = node.reads.iter().map(|read| translated[read.0]).collect();
            let value = rewrite(&mut graph, Node { reads, ..node.clone() });
            translated.push(value);
        }
        for (_, value) in &mut graph.outputs {
            *value = translated[value.0];
        }
        graph.without_unused()
    }

    /// The graph without nodes that no output needs. Inputs and parameters stay: they are the signature.
    fn without_unused(self) -> Graph {
        let mut used: Vec<bool> = self.nodes.iter().map(|node| matches!(node.op, Op::Input | Op::Parameter)).collect();
        for (_, value) in &self.outputs {
            used[value.0] = true;
        }
        for (index, node) in self.nodes.iter().enumerate().rev() {
            if used[index] {
                node.reads.iter().for_each(|read| used[read.0] = true);
            }
        }
        let number = |next: &mut usize, used: &bool| Some(std::mem::replace(next, *next + usize::from(*used)));
        let numbers: Vec<usize> = used.iter().scan(0, number).collect();
        let renumber = |value: Value| Value(numbers[value.0]);
        let kept = self.nodes.into_iter().zip(&used).filter(|(_, used)| **used);
        let renumbered = |node: Node| Node { reads: node.reads.iter().map(|&read| renumber(read)).collect(), ..node };
        Graph {
            nodes: kept.map(|(node, _)| renumbered(node)).collect(),
            outputs: self.outputs.into_iter().map(|(name, value)| (name, renumber(value))).collect(),
            ..self
        }
    }
}
