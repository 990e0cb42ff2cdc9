//! Runs between pages that nobody may touch, for tests: a read or write one number outside of a buffer ends the process.

pub use crate::machine::guard::{Buffers, Guarded, Side};

use crate::error::RunError;
use crate::kernel::Kernel;

/// Memory for runs of a kernel, with copies of parameters, which are packed at once, and of inputs.
///
/// # Errors
///
/// When the number of parameters or inputs or the length of one is not the plan's.
///
/// # Panics
///
/// The system has no memory, or does not protect it.
pub fn buffers<'a>(
    kernel: &'a Kernel,
    side: Side,
    parameters: &[&[f32]],
    inputs: &[&[f32]],
) -> Result<Buffers<'a>, RunError> {
    Buffers::new(&kernel.machine, side, parameters, inputs)
}
