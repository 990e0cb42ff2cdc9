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
    pub(crate) machine: Arc<Machine>,
}

/// The parameters of a net in the form in which one kernel reads them.
pub struct Packed {
    /// Only the machine that wrote the arena knows its layout.
    machine: Arc<Machine>,
    arena: Arena,
}

/// Memory that a run writes and reads besides its tensors, aligned to 64 bytes. It holds nothing between runs, and
/// serves every kernel whose [`scratch_len`](Kernel::scratch_len) is no larger.
pub struct Scratch {
    arena: Arena,
}

impl Scratch {
    /// Memory for `len` numbers.
    ///
    /// # Errors
    ///
    /// The system has not that much.
    pub fn new(len: usize) -> Result<Scratch, RunError> {
        Ok(Scratch { arena: Arena::new(len)? })
    }

    /// Number of elements (`f32`).
    pub fn len(&self) -> usize {
        self.arena.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements, for [`run_raw`](Kernel::run_raw); they may not be initialised. Valid while the scratch memory lives.
    pub fn memory(&mut self) -> *mut [f32] {
        self.arena.memory()
    }
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

    /// Elements (`f32`) of packed parameters.
    pub fn packed_len(&self) -> usize {
        self.plan().packed_len
    }

    /// Elements (`f32`) of scratch memory that a run needs.
    pub fn scratch_len(&self) -> usize {
        self.plan().scratch_len
    }

    /// As much scratch memory as a run needs, for [`run_with`](Kernel::run_with).
    ///
    /// # Errors
    ///
    /// The system has not that much.
    pub fn scratch(&self) -> Result<Scratch, RunError> {
        Scratch::new(self.scratch_len())
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
        self.run_with(threads, packed, &mut self.scratch()?, inputs, outputs)
    }

    /// Like [`run_on`](Kernel::run_on), in scratch memory of the caller's, who may use it for one run after the other.
    ///
    /// # Errors
    ///
    /// Those of [`run`](Kernel::run), or the scratch memory is too short.
    pub fn run_with(
        &self,
        threads: &dyn Threads,
        packed: &Packed,
        scratch: &mut Scratch,
        inputs: &[&[f32]],
        outputs: &mut [&mut [f32]],
    ) -> Result<(), RunError> {
        self.run_observed(threads, packed, scratch, inputs, outputs, &mut |_, _| {})
    }

    /// Like [`run_with`](Kernel::run_with), and calls `observe` before each stage with the number of stages done and the
    /// name of the next one. There are `plan().run.len()` stages.
    ///
    /// # Errors
    ///
    /// Those of [`run_with`](Kernel::run_with).
    pub fn run_observed(
        &self,
        threads: &dyn Threads,
        packed: &Packed,
        scratch: &mut Scratch,
        inputs: &[&[f32]],
        outputs: &mut [&mut [f32]],
        observe: &mut dyn FnMut(usize, &str),
    ) -> Result<(), RunError> {
        self.machine.run(threads, self.arena(packed)?, &mut scratch.arena, inputs, outputs, observe)
    }

    /// The packed arena, when it is this kernel's.
    pub(crate) fn arena<'a>(&self, packed: &'a Packed) -> Result<&'a Arena, RunError> {
        if Arc::ptr_eq(&self.machine, &packed.machine) { Ok(&packed.arena) } else { Err(RunError::OtherKernel) }
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

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").field("len", &self.len()).finish_non_exhaustive()
    }
}
