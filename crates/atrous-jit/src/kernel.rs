//! A compiled plan, ready to be called.

use std::fmt;
use std::sync::Arc;

use atrous_compiler::plan::{Checked, Plan};
use atrous_threads::{Serial, Threads};

use crate::error::{CompileError, RunError};
use crate::host;
use crate::machine::{Arena, Machine};

/// The machine code of a plan for this machine.
///
/// Clones share the code; it is freed with the last of them and of the [`Packed`] parameters made by them.
#[derive(Clone)]
pub struct Kernel {
    machine: Arc<Machine>,
}

/// The parameters of a net in the form in which one kernel reads them.
pub struct Packed {
    /// Only the machine that wrote the arena knows its layout.
    machine: Arc<Machine>,
    arena: Arena,
}

impl Kernel {
    /// Compiles a plan for this machine.
    ///
    /// # Errors
    ///
    /// When this machine lacks the instructions of the plan's target ([`supports`](crate::supports) tells), when Cranelift
    /// knows no machine like this one, when a stage is larger than it can take, or when the system
    /// gives no executable memory.
    pub fn compile(plan: &Checked<Plan>) -> Result<Kernel, CompileError> {
        if !host::supports(&plan.target) {
            return Err(CompileError::Target { target: plan.target.name });
        }
        Ok(Kernel::new(Machine::compile(plan, host::isa()?)?))
    }

    pub(crate) fn new(machine: Machine) -> Kernel {
        Kernel { machine: Arc::new(machine) }
    }

    /// The plan that was compiled. Its buffers say what `pack` and `run` take.
    pub fn plan(&self) -> &Plan {
        self.machine.plan()
    }

    /// Packs the parameters: one slice per parameter buffer, in the plan's order, which is that of `Net::parameters`.
    ///
    /// # Errors
    ///
    /// When the number of slices or the length of one is not the plan's, or memory is short.
    pub fn pack(&self, parameters: &[&[f32]]) -> Result<Packed, RunError> {
        let arena = self.machine.pack(parameters)?;
        Ok(Packed { machine: Arc::clone(&self.machine), arena })
    }

    /// Computes the outputs: one slice per input and per output buffer, in the plan's order, which is the net's; each
    /// dense in the net's layout. Every element of the outputs is written.
    ///
    /// # Errors
    ///
    /// When the number of slices or the length of one is not the plan's, when another kernel has packed the
    /// parameters (a clone is no other kernel), or when memory is short. The outputs are unchanged then.
    pub fn run(&self, packed: &Packed, inputs: &[&[f32]], outputs: &mut [&mut [f32]]) -> Result<(), RunError> {
        self.run_on(&Serial, packed, inputs, outputs)
    }

    /// Like [`run`](Kernel::run), with several threads. The outputs are the same for any number of them.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Kernel::run).
    pub fn run_on(
        &self,
        threads: &dyn Threads,
        packed: &Packed,
        inputs: &[&[f32]],
        outputs: &mut [&mut [f32]],
    ) -> Result<(), RunError> {
        self.run_observed(threads, packed, inputs, outputs, &mut |_, _| {})
    }

    /// Like [`run_on`](Kernel::run_on), and calls `observe` before each stage with the number of stages done and the name of
    /// the next one. There are `plan().run.len()` stages.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Kernel::run).
    pub fn run_observed(
        &self,
        threads: &dyn Threads,
        packed: &Packed,
        inputs: &[&[f32]],
        outputs: &mut [&mut [f32]],
        observe: &mut dyn FnMut(usize, &str),
    ) -> Result<(), RunError> {
        if !Arc::ptr_eq(&self.machine, &packed.machine) {
            return Err(RunError::OtherKernel);
        }
        self.machine.run(threads, &packed.arena, inputs, outputs, observe)
    }
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kernel").field("plan", &self.plan().name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = &self.machine.plan().name;
        f.debug_struct("Packed").field("plan", plan).field("len", &self.arena.len()).finish_non_exhaustive()
    }
}
