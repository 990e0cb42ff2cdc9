//! The interpreter of plans: the definition of what a plan means.

use super::types::Plan;
use super::verify::Checked;

/// Runs the packing program: from the parameters, in the plan's order, to the packed arena.
///
/// The lengths are those of the parameter buffers.
pub fn pack(plan: &Checked<Plan>, parameters: &[&[f32]]) -> Vec<f32> {
    let _ = (plan, parameters);
    todo!()
}

/// Runs the plan: from inputs and the packed arena to the outputs, all in the plan's order and memory layout.
pub fn run(plan: &Checked<Plan>, packed: &[f32], inputs: &[&[f32]]) -> Vec<Vec<f32>> {
    let _ = (plan, packed, inputs);
    todo!()
}
