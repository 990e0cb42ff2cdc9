//! The only module with `unsafe` code: executable memory, the arenas, and the calls.

mod arena;
mod code;
#[cfg(all(any(test, feature = "emulator"), target_arch = "x86_64"))]
pub(crate) mod emulator;
#[cfg(any(test, feature = "guard"))]
pub(crate) mod guard;
mod raw;

use std::ops::Range;
use std::ptr;

use atrous_compiler::plan::{Buffer, Checked, Plan, Role, Stage, eval};
use atrous_threads::{Serial, Threads, Work, split};
use cranelift_codegen::isa::OwnedTargetIsa;

pub(crate) use self::arena::Arena;
pub(crate) use self::code::codegen_reason;
use crate::assemble::Assembled;
use crate::error::{CompileError, RunError};
use crate::translate::Program;

/// A verified plan and its code.
pub(crate) struct Machine {
    plan: Checked<Plan>,
    code: code::Code,
    /// The work of each stage of [`Program::Pack`].
    pack: Vec<Work>,
    /// The work of each stage of [`Program::Run`].
    run: Vec<Work>,
    /// Whether the emulator runs the tiles.
    #[cfg(all(any(test, feature = "emulator"), target_arch = "x86_64"))]
    is_emulated: bool,
}

/// One address per buffer of a plan.
struct Bases(Vec<*mut f32>);

// SAFETY:
// * Shared, it hands out addresses only; whoever uses them in several threads answers for that.
unsafe impl Sync for Bases {}

impl Bases {
    fn start(&self) -> *const *mut f32 {
        self.0.as_ptr()
    }
}

impl Machine {
    /// Compiles a plan.
    pub(crate) fn compile(plan: &Checked<Plan>, isa: OwnedTargetIsa) -> Result<Machine, CompileError> {
        Machine::compile_with(plan, isa, |tile| tile.bytes.clone())
    }

    /// The same with tiles that the emulator runs.
    #[cfg(all(any(test, feature = "emulator"), target_arch = "x86_64"))]
    pub(crate) fn emulated(plan: &Checked<Plan>, isa: OwnedTargetIsa) -> Result<Machine, CompileError> {
        let machine = Machine::compile_with(plan, isa, emulator::trampoline)?;
        Ok(Machine { is_emulated: true, ..machine })
    }

    fn compile_with(
        plan: &Checked<Plan>,
        isa: OwnedTargetIsa,
        bytes: fn(&Assembled) -> Vec<u8>,
    ) -> Result<Machine, CompileError> {
        let work =
            |stage: &Stage| Work { shares: stage.shares as isize, instructions: eval::count_instructions(stage) };
        let [pack, run] = [&plan.pack, &plan.run].map(|stages| stages.iter().map(work).collect());
        Ok(Machine {
            plan: plan.clone(),
            code: code::Code::compile(plan, isa, bytes)?,
            pack,
            run,
            #[cfg(all(any(test, feature = "emulator"), target_arch = "x86_64"))]
            is_emulated: false,
        })
    }

    /// The plan.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs the packing program.
    pub(crate) fn pack(&self, parameters: &[&[f32]]) -> Result<Arena, RunError> {
        self.check_count(Role::Parameter, "parameters", parameters.len())?;
        let mut parameters = parameters.iter().map(|slice| ptr::from_ref(*slice));
        let packed = Arena::new(self.plan.packed_len)?;
        let bases = self.bases(packed.memory(), Arena::new(0)?.memory(), |buffer| match buffer.role {
            Role::Parameter => address(buffer, parameters.next()),
            _ => Ok(ptr::null_mut()),
        })?;
        // SAFETY:
        // * `packed` is a whole arena, which is not shared yet.
        unsafe { arena::poison(packed.memory()) };
        // SAFETY:
        // * `parameters` are borrowed slices whose lengths `bases` has checked, and `packed` is the whole packed arena.
        // * Packing stages read parameters and write packed buffers only, as verified.
        unsafe { self.call(Program::Pack, &bases, &Serial, &mut |_, _| {}) };
        Ok(packed)
    }

    /// Runs the program on these threads. `observe` hears the number of stages done and the name of the next, before each stage.
    pub(crate) fn run(
        &self,
        threads: &dyn Threads,
        packed: &Arena,
        scratch: &mut Arena,
        inputs: &[&[f32]],
        outputs: &mut [&mut [f32]],
        observe: &mut dyn FnMut(usize, &str),
    ) -> Result<(), RunError> {
        let inputs = inputs.iter().map(|slice| ptr::from_ref(*slice));
        let outputs = outputs.iter_mut().map(|slice| ptr::from_mut(*slice));
        // SAFETY:
        // * The slices are borrowed, the outputs and the arena of the scratch mutably.
        unsafe { self.run_raw(threads, packed, scratch.memory(), inputs, outputs, observe) }
    }

    /// Runs the program on memory that is not borrowed.
    ///
    /// # Safety
    ///
    /// What follows need only hold when all lengths are right: otherwise no memory is used.
    ///
    /// * Inputs are valid for reads, outputs and scratch for reads and writes of all their elements, aligned as `f32`;
    ///   what is in outputs and scratch is never read before it is written.
    /// * Until this returns nobody writes inputs, and nobody else uses outputs or scratch.
    /// * Outputs and scratch overlap neither each other nor inputs.
    pub(crate) unsafe fn run_raw(
        &self,
        threads: &dyn Threads,
        packed: &Arena,
        scratch: *mut [f32],
        mut inputs: impl ExactSizeIterator<Item = *const [f32]>,
        mut outputs: impl ExactSizeIterator<Item = *mut [f32]>,
        observe: &mut dyn FnMut(usize, &str),
    ) -> Result<(), RunError> {
        if packed.len() != self.plan.packed_len {
            return Err(RunError::OtherKernel);
        }
        if scratch.len() < self.plan.scratch_len {
            return Err(RunError::Scratch { expected: self.plan.scratch_len, found: scratch.len() });
        }
        self.check_count(Role::Input, "inputs", inputs.len())?;
        self.check_count(Role::Output, "outputs", outputs.len())?;
        let bases = self.bases(packed.memory(), scratch, |buffer| match buffer.role {
            Role::Input => address(buffer, inputs.next()),
            Role::Output => address(buffer, outputs.next().map(<*mut [f32]>::cast_const)),
            _ => Ok(ptr::null_mut()),
        })?;
        let scratch = ptr::slice_from_raw_parts_mut(scratch.cast(), self.plan.scratch_len);
        // SAFETY:
        // * `scratch` is as long at least, and this call's alone by this function's contract.
        unsafe { arena::poison(scratch) };
        // SAFETY:
        // * The lengths of inputs and outputs have been checked by `bases`, those of the arenas above; the rest is this
        //   function's contract.
        // * Stages read inputs, packed and scratch buffers and write scratch and output buffers only, as verified.
        unsafe { self.call(Program::Run, &bases, threads, observe) };
        Ok(())
    }

    /// Whether the caller gives a slice per buffer with one of his roles.
    fn check_count(&self, role: Role, what: &'static str, found: usize) -> Result<(), RunError> {
        let expected = self.plan.with_role(role).count();
        if expected == found { Ok(()) } else { Err(RunError::Count { what, expected, found }) }
    }

    /// The addresses of all buffers: those in the arenas, and what `given` says of the caller's.
    fn bases(
        &self,
        packed: *mut [f32],
        scratch: *mut [f32],
        mut given: impl FnMut(&Buffer) -> Result<*mut f32, RunError>,
    ) -> Result<Bases, RunError> {
        // The only allocation of a run on one thread; where there are more, each stage that is split has a job and its
        // queues besides. Collecting results would not know how many there will be.
        let mut bases = Vec::with_capacity(self.plan.buffers.len());
        for buffer in &self.plan.buffers {
            bases.push(match buffer.role {
                Role::Parameter | Role::Input | Role::Output => given(buffer)?,
                Role::Packed { offset } => packed.cast::<f32>().wrapping_add(offset),
                Role::Scratch { offset } => scratch.cast::<f32>().wrapping_add(offset),
            });
        }
        Ok(Bases(bases))
    }

    /// Calls the stages of a program one after the other.
    ///
    /// # Safety
    ///
    /// * `bases` has an address per buffer of the plan; that of a buffer that the program uses is of as many elements as
    ///   the buffer has, aligned as `f32`, which stay valid until this returns.
    /// * Nobody writes meanwhile what the program reads, and nobody else uses what it writes.
    ///
    /// `verify` has proved of the plan that
    /// * every access of every iteration is inside its buffer,
    /// * every packed and scratch buffer is inside its arena,
    /// * counts are not negative, and regions have a number per column in each row,
    /// * different shares of a stage write different elements, and no stage reads a buffer that it writes.
    unsafe fn call(
        &self,
        program: Program,
        bases: &Bases,
        threads: &dyn Threads,
        observe: &mut dyn FnMut(usize, &str),
    ) {
        #[cfg(all(any(test, feature = "emulator"), target_arch = "x86_64"))]
        if self.is_emulated {
            emulator::allow(bases.0.iter().copied().zip(self.plan.buffers.iter().map(Buffer::len)));
        }
        let work = match program {
            Program::Pack => &self.pack,
            Program::Run => &self.run,
        };
        let stages = program.stages(&self.plan).iter().zip(self.code.stages(program)).zip(work);
        for (done, ((stage, function), work)) in stages.enumerate() {
            observe(done, &stage.name);
            // SAFETY:
            // * `self.code` is alive.
            // * `bases` has the address of as many elements as the buffer has for each buffer that the program uses, by
            //   this function's contract.
            // * No stage accesses anything outside its buffers, as verified.
            // * Nobody else writes what the stage reads or uses what it writes, by this function's contract. Calls of the
            //   stage at the same time have different shares, as `split` promises; these write different elements, and
            //   none reads what the stage writes, as verified.
            let call = |shares: Range<isize>| unsafe {
                function(bases.start(), shares.start as i64, shares.end as i64);
            };
            split(threads, *work, &call);
        }
    }
}

/// The address of the slice that is given for a buffer.
fn address(buffer: &Buffer, slice: Option<*const [f32]>) -> Result<*mut f32, RunError> {
    match slice {
        Some(slice) if slice.len() == buffer.len() => Ok(slice.cast::<f32>().cast_mut()),
        slice => {
            let found = slice.map_or(0, <*const [f32]>::len);
            Err(RunError::Length { buffer: buffer.name.clone(), shape: buffer.shape.clone(), found })
        }
    }
}
