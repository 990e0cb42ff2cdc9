//! What holds of a layer whatever computes it.

use crate::ir::{self, Axis, Progression};
use crate::layer::{Layer, LayerAxis};
use crate::lower::lower;
use crate::net::Net;

/// How many phases of an axis are told one by one.
const SHOWN: usize = 8;

/// Multiply-adds of a layer, counted in several ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MultiplyAdds {
    /// As papers count them: taps × output positions (input positions, when transposed), padding included.
    pub nominal: u64,
    /// Pairs of a real input and a tap: what has to be done.
    pub useful: u64,
    /// What the plan does: the useful ones and those of idle lanes, which fill vectors up.
    pub executed: u64,
    /// What it would be with all zeros in memory and multiplied: those inserted between inputs of transposed layers, those
    /// between the taps of dilated ones, and padding.
    pub with_zeros: u64,
}

impl MultiplyAdds {
    /// The sums; they saturate.
    pub fn plus(self, other: MultiplyAdds) -> MultiplyAdds {
        MultiplyAdds {
            nominal: self.nominal.saturating_add(other.nominal),
            useful: self.useful.saturating_add(other.useful),
            executed: self.executed.saturating_add(other.executed),
            with_zeros: self.with_zeros.saturating_add(other.with_zeros),
        }
    }
}

/// What holds of a layer.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LayerFacts {
    /// The layer as a spec of its own.
    pub spec: String,
    /// Number of groups.
    pub groups: usize,
    /// Shape of the weights as PyTorch stores them.
    pub weight: Vec<usize>,
    /// Numbers of the bias; 0 without one.
    pub bias: usize,
    /// Elements of weights and bias.
    pub parameters: u64,
    /// Their bytes.
    pub parameter_bytes: u64,
    /// One for each spatial axis.
    pub axes: Vec<AxisFacts>,
    /// The work of all images.
    pub multiply_adds: MultiplyAdds,
}

/// One spatial axis of a layer.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AxisFacts {
    /// Input positions.
    pub input: usize,
    /// Output positions.
    pub output: usize,
    /// Kernel taps.
    pub kernel: usize,
    /// Distance between neighbouring outputs (inputs, when transposed).
    pub stride: usize,
    /// Distance between neighbouring taps.
    pub dilation: usize,
    /// Padding at the start and at the end.
    pub padding: [i64; 2],
    /// Extra outputs at the end of a transposed layer.
    pub output_padding: usize,
    /// The formula of the output size with the numbers, without its result.
    pub output_formula: String,
    /// Outputs by the taps that they use.
    pub phases: Phases,
}

/// The phases of an axis.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Phases {
    /// How many there are.
    pub count: usize,
    /// How many of them no tap reaches, so that their outputs are zero before bias and activation.
    pub without_taps: usize,
    /// Most taps of a phase.
    pub most_taps: i64,
    /// Parts of all phases whose outputs all read the same taps: one for each phase, and more where taps meet padding.
    pub parts: usize,
    /// The first eight.
    pub first: Vec<Phase>,
}

/// Output `outputs.start + outputs.step·q` reads input `stride·q + dilation·j + offset` with tap `taps.start + taps.step·j`,
/// where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Phase {
    /// Its outputs.
    pub outputs: Progression,
    /// Its taps. Of the kernel as the layer has it, not flipped.
    pub taps: Progression,
    /// Inputs from one output to the next.
    pub stride: i64,
    /// Inputs from one tap to the next; negative when transposed.
    pub dilation: i64,
    /// The input of output 0 and tap 0 of the phase.
    pub offset: i64,
}

/// The facts of a layer whose plan executes so many multiply-adds.
pub(super) fn facts(layer: &Layer, executed: u64) -> LayerFacts {
    let graph = lower(&Net::of_layer(layer.clone()));
    let macs = ir::macs::of_layers(&graph);
    let weight = layer.weight_shape();
    let bias = if layer.bias { layer.output_channels } else { 0 };
    let parameters = weight.iter().product::<usize>() as u64 + bias as u64;
    let relations = relations(&graph);
    let axes = layer.axes.iter().zip(relations).map(|(axis, relation)| axis_facts(axis, relation, layer.transposed));
    LayerFacts {
        spec: layer.to_string(),
        groups: layer.groups,
        weight,
        bias,
        parameters,
        parameter_bytes: 4 * parameters,
        axes: axes.collect(),
        multiply_adds: MultiplyAdds {
            nominal: saturated(macs.nominal),
            useful: saturated(macs.useful),
            executed,
            with_zeros: saturated(ir::macs::with_zeros(&graph)),
        },
    }
}

fn saturated(number: u128) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The relations of the one layer of a graph, from its input to its output.
fn relations(graph: &ir::Graph) -> Vec<Axis> {
    let relations = graph.nodes.iter().find_map(|node| node.op.convolution());
    relations.map(|(_, relations)| relations).unwrap_or_default()
}

fn axis_facts(axis: &LayerAxis, relation: Axis, transposed: bool) -> AxisFacts {
    let LayerAxis { input, kernel, stride, dilation, padding, output_padding } = *axis;
    AxisFacts {
        input,
        output: axis.output(transposed),
        kernel,
        stride,
        dilation,
        padding,
        output_padding,
        output_formula: axis.output_formula(transposed),
        phases: phases(relation, transposed),
    }
}

fn phases(relation: Axis, transposed: bool) -> Phases {
    let all = relation.phases();
    let phase = |piece: &ir::Piece| {
        let Axis { stride, dilation, taps, .. } = piece.axis;
        let offset = piece.axis.position(0, 0);
        let phase = Phase { outputs: piece.outputs, taps: piece.taps, stride, dilation, offset };
        if !transposed || taps == 0 {
            return phase;
        }
        // The taps of the relation are those of the layer in reverse.
        let last = piece.taps.at(taps - 1);
        Phase {
            taps: Progression { start: relation.taps - 1 - last, ..piece.taps },
            dilation: -dilation,
            offset: piece.axis.position(0, taps - 1),
            ..phase
        }
    };
    Phases {
        count: all.len(),
        without_taps: all.iter().filter(|piece| piece.taps.count == 0).count(),
        most_taps: all.iter().map(|piece| piece.taps.count).max().unwrap_or(0),
        parts: all.iter().map(|piece| piece.trim().len()).sum(),
        first: all.iter().take(SHOWN).map(phase).collect(),
    }
}
