//! What a net costs, and how it is computed: the numbers behind `atrous explain`, as data.
//!
//! All of it follows from a net and its plan. Numbers of multiply-adds saturate.

mod field;
mod layer;
mod ratio;
mod stage;
#[cfg(test)]
mod tests;

pub use field::{AxisField, ReceptiveField};
pub use layer::{AxisFacts, LayerFacts, MultiplyAdds, Phase, Phases};
pub use ratio::Ratio;
pub use stage::{Alternative, Busy, Choice, StageFacts, StageKind};

use crate::ir::Value;
use crate::layer::{Activation, Layout};
use crate::lower::lower;
use crate::net::{Net, Op};
use crate::passes;
use crate::plan::schedule::{Unit, peak};
use crate::plan::{Plan, Role, Target, origins};

/// All about a net.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Explanation {
    /// The net's name.
    pub net: String,
    /// Memory order of all values.
    pub layout: Layout,
    /// What the plan is for.
    pub target: Machine,
    /// What the caller provides.
    pub inputs: Vec<Tensor>,
    /// What the caller gets.
    pub outputs: Vec<Tensor>,
    /// One for each step, in order.
    pub steps: Vec<StepFacts>,
    /// All steps together.
    pub total: Total,
}

/// A machine, as plans see it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Machine {
    /// The target's name.
    pub name: &'static str,
    /// `f32` lanes of its widest vectors.
    pub lanes: usize,
    /// Its vector registers.
    pub registers: usize,
    /// Multiply-adds, of one lane each, that a core does in a cycle at most, as the cost model has it.
    pub multiply_adds_per_cycle: usize,
}

/// A tensor of the caller's.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// `[N, C, S…]`, whatever the layout.
    pub shape: Vec<usize>,
}

/// What a step computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Operation {
    /// A convolution.
    Conv,
    /// The adjoint of one.
    TransposedConv,
    /// A sum.
    Add,
    /// A product.
    Mul,
}

/// All about one step.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct StepFacts {
    /// The step's name.
    pub name: String,
    /// What it computes.
    pub operation: Operation,
    /// Applied to the results.
    pub activation: Activation,
    /// What it reads.
    pub reads: Vec<Tensor>,
    /// Shape of its value, `[N, C, S…]`.
    pub output: Vec<usize>,
    /// One for each input of the net that the step depends on.
    pub receptive_fields: Vec<ReceptiveField>,
    /// What only convolutions have.
    pub layer: Option<LayerFacts>,
    /// The stages of the plan that compute it, in order; none if no output needs it.
    pub stages: Vec<StageFacts>,
}

/// Sums over all steps.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Total {
    /// Elements of all weights and biases.
    pub parameters: u64,
    /// Their bytes.
    pub parameter_bytes: u64,
    /// Multiply-adds of all layers.
    pub multiply_adds: MultiplyAdds,
    /// Bytes of packed weights and biases.
    pub packed_bytes: u64,
    /// Bytes of the scratch arena, in which values that are not live together share memory.
    pub scratch_bytes: u64,
    /// Bytes of all tensors that exist while a run does: inputs, outputs, parameters, and both arenas.
    pub memory_bytes: u64,
    /// Bytes that the stages read and write, if each element is moved once by each stage.
    pub moved_bytes: u64,
    /// Operations, two for a useful multiply-add, for each byte moved.
    pub intensity: f64,
    /// Cycles of one core that all stages are expected to take.
    pub cycles: f64,
    /// Useful multiply-adds in these cycles, of those that the target's peak allows: 1 is all.
    pub share_of_peak: f64,
    /// Names of the stages that take the slow path.
    pub slow: Vec<String>,
}

/// Explains a net and a plan of it.
pub fn net(net: &Net, plan: &Plan) -> Explanation {
    let lowered = lower(net);
    let fields = field::of_nodes(&lowered);
    let graph = passes::run(lowered.clone(), &mut |_, _, _| {});
    let origins = origins(&graph, plan);
    let step = |(index, step): (usize, &crate::net::Step)| {
        let is_of_step = |name: &str, op: &crate::ir::Op| {
            name == step.name && !matches!(op, crate::ir::Op::Input | crate::ir::Op::Parameter)
        };
        let stages: Vec<StageFacts> = plan
            .run
            .iter()
            .zip(&origins)
            .filter(|(_, origin)| is_of_step(&graph.node(origin.node).name, &graph.node(origin.node).op))
            .map(|(stage, origin)| stage::facts(plan, stage, &graph, origin))
            .collect();
        let computed = lowered.nodes.iter().rposition(|node| is_of_step(&node.name, &node.op));
        let (operation, activation, layer) = match &step.op {
            Op::Conv(layer) => {
                let executed = stages.iter().map(|stage| stage.multiply_adds).fold(0, u64::saturating_add);
                let operation = if layer.transposed { Operation::TransposedConv } else { Operation::Conv };
                (operation, layer.activation, Some(layer::facts(layer, executed)))
            }
            Op::Add(activation) => (Operation::Add, *activation, None),
            Op::Mul(activation) => (Operation::Mul, *activation, None),
        };
        let tensor = |&id| Tensor { name: net.value_name(id).to_string(), shape: net.value_shape(id) };
        StepFacts {
            name: step.name.clone(),
            operation,
            activation,
            reads: step.reads.iter().map(tensor).collect(),
            output: net.value_shape(net.step_value(index)),
            receptive_fields: computed.map(|node| fields[Value(node).0].clone()).unwrap_or_default(),
            layer,
            stages,
        }
    };
    let steps: Vec<StepFacts> = net.steps.iter().enumerate().map(step).collect();
    let total = total(&steps, plan);
    let tensor = |name: &str, shape: Vec<usize>| Tensor { name: name.to_string(), shape };
    Explanation {
        net: net.name.clone(),
        layout: net.layout,
        target: machine(&plan.target),
        inputs: net.inputs.iter().map(|input| tensor(&input.name, input.shape.clone())).collect(),
        outputs: net.outputs.iter().map(|&id| tensor(net.value_name(id), net.value_shape(id))).collect(),
        steps,
        total,
    }
}

fn machine(target: &Target) -> Machine {
    let Target { name, lanes, registers, .. } = *target;
    Machine { name, lanes, registers, multiply_adds_per_cycle: peak(target) }
}

fn total(steps: &[StepFacts], plan: &Plan) -> Total {
    let layers = || steps.iter().filter_map(|step| step.layer.as_ref());
    let stages = || steps.iter().flat_map(|step| &step.stages);
    let sum = |number: fn(&LayerFacts) -> u64| layers().map(number).fold(0, u64::saturating_add);
    let multiply_adds = layers().map(|layer| layer.multiply_adds).fold(MultiplyAdds::default(), MultiplyAdds::plus);
    let moved_bytes = stages().map(|stage| stage.moved_bytes).fold(0, u64::saturating_add);
    let cycles = stages().map(|stage| stage.cycles).sum();
    let bytes = |elements: usize| 4 * elements as u64;
    let is_packed = |role: Role| matches!(role, Role::Packed { .. });
    let packed = plan.buffers.iter().filter(|buffer| is_packed(buffer.role)).map(|buffer| buffer.len()).sum();
    Total {
        parameters: sum(|layer| layer.parameters),
        parameter_bytes: sum(|layer| layer.parameter_bytes),
        multiply_adds,
        packed_bytes: bytes(packed),
        scratch_bytes: bytes(plan.scratch_len),
        memory_bytes: plan.bytes(),
        moved_bytes,
        intensity: intensity(multiply_adds.useful, moved_bytes),
        cycles,
        share_of_peak: share_of_peak(multiply_adds.useful, cycles, &plan.target),
        slow: plan.slow_stages().map(|(stage, _)| stage.name.clone()).collect(),
    }
}

/// Operations for each byte.
fn intensity(multiply_adds: u64, bytes: u64) -> f64 {
    2.0 * multiply_adds as f64 / bytes.max(1) as f64
}

fn share_of_peak(multiply_adds: u64, cycles: f64, target: &Target) -> f64 {
    if cycles > 0.0 { multiply_adds as f64 / (cycles * peak(target) as f64) } else { 0.0 }
}

/// The word for a unit of a machine.
pub fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::MultiplyAdds => "multiply-adds",
        Unit::Loads => "loads",
        Unit::Stores => "stores",
        Unit::Other => "other arithmetic",
    }
}
