//! Kernels for machines with wider vectors than this one, for tests.

use atrous_compiler::plan::{Checked, Plan};

use crate::error::CompileError;
use crate::host;
use crate::kernel::Kernel;
use crate::machine::{Machine, emulator};

/// Compiles a plan whose wide tiles run instruction by instruction, slowly, on any x86-64 machine. The emulator keeps a
/// copy of each tile for ever.
///
/// # Errors
///
/// Those of [`Kernel::compile`], but that this machine lacks instructions.
pub fn compile(plan: &Checked<Plan>) -> Result<Kernel, CompileError> {
    Ok(Kernel::new(Machine::emulated(plan, host::isa()?)?))
}

/// How many tiles have run on the emulator on this thread since this was last asked.
///
/// # Errors
///
/// The first thing that a tile did wrong: an access outside all buffers, a register of its caller that it has changed,
/// an instruction that is unknown.
pub fn result() -> Result<usize, String> {
    emulator::result()
}
