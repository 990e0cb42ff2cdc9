//! Runs between pages that nobody may touch, for tests: a read or write one number outside of a buffer ends the process.

pub use crate::machine::guard::{Guarded, Side};

use atrous_threads::Threads;

use crate::error::RunError;
use crate::kernel::Kernel;

/// Packs the parameters and computes the outputs, with every buffer of the plan in [`Guarded`] memory of its own: copies
/// of parameters and inputs, outputs, and each buffer of packed parameters and of scratch memory, which other runs have in
/// one piece. Outputs, packed and scratch memory start as NaN.
///
/// # Errors
///
/// When the number of parameters or inputs or the length of one is not the plan's.
///
/// # Panics
///
/// The system has no memory, or does not protect it.
pub fn run(
    kernel: &Kernel,
    side: Side,
    threads: &dyn Threads,
    parameters: &[&[f32]],
    inputs: &[&[f32]],
) -> Result<Vec<Vec<f32>>, RunError> {
    kernel.machine.run_guarded(side, threads, parameters, inputs)
}
