//! The executors of plans.

use crate::data::Data;
use atrous_compiler::plan::{self, Checked, Plan};
use atrous_jit::Kernel;

/// The interpreter of plans, which defines what a plan means.
pub fn interpret(plan: &Checked<Plan>, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let packed = plan::eval::pack(plan, &data.parameters()).map_err(|error| format!("interpreter: {error}"))?;
    plan::eval::run(plan, &packed, &data.inputs()).map_err(|error| format!("interpreter: {error}"))
}

/// Machine code made at run time. Outputs start as NaN, so that an element that is not written shows.
pub fn jit(plan: &Checked<Plan>, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let kernel = Kernel::compile(plan).map_err(|error| format!("JIT: {error}"))?;
    let packed = kernel.pack(&data.parameters()).map_err(|error| format!("JIT: {error}"))?;
    let is_output = |buffer: &&plan::Buffer| buffer.role == plan::Role::Output;
    let mut outputs: Vec<Vec<f32>> =
        plan.buffers.iter().filter(is_output).map(|buffer| vec![f32::NAN; buffer.len()]).collect();
    let mut slices: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    kernel.run(&packed, &data.inputs(), &mut slices).map_err(|error| format!("JIT: {error}"))?;
    Ok(outputs)
}
