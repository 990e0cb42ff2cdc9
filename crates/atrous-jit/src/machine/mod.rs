//! The only module with `unsafe` code: executable memory, the arenas, and the calls.

mod arena;
mod code;
#[cfg(all(any(test, feature = "emulator"), target_arch = "x86_64"))]
pub(crate) mod emulator;

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

/// What a call hands to the code.
struct Memory<'a> {
    parameters: &'a [&'a [f32]],
    inputs: &'a [&'a [f32]],
    outputs: Vec<*mut f32>,
    packed: &'a Arena,
    scratch: &'a Arena,
}

impl Machine {
    /// Compiles a plan.
    pub(crate) fn compile(plan: &Checked<Plan>, isa: OwnedTargetIsa) -> Result<Machine, CompileError> {
        Machine::compile_with(plan, isa, |tile| tile.bytes.clone())
    }

    /// The same with other code than that assembled for the tiles.
    pub(crate) fn compile_with(
        plan: &Checked<Plan>,
        isa: OwnedTargetIsa,
        bytes: fn(&Assembled) -> Vec<u8>,
    ) -> Result<Machine, CompileError> {
        let work =
            |stage: &Stage| Work { shares: stage.shares as isize, instructions: eval::count_instructions(stage) };
        let [pack, run] = [&plan.pack, &plan.run].map(|stages| stages.iter().map(work).collect());
        Ok(Machine { plan: plan.clone(), code: code::Code::compile(plan, isa, bytes)?, pack, run })
    }

    /// The plan.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs the packing program.
    pub(crate) fn pack(&self, parameters: &[&[f32]]) -> Result<Arena, RunError> {
        let lengths = parameters.iter().map(|slice| slice.len());
        check("parameters", self.buffers(Role::Parameter), lengths)?;
        let packed = Arena::new(self.plan.packed_len)?;
        let scratch = Arena::new(0)?;
        let memory = Memory { parameters, inputs: &[], outputs: Vec::new(), packed: &packed, scratch: &scratch };
        // SAFETY:
        // * `parameters` has been checked, and `packed` is the whole packed arena, which is not shared yet.
        // * Packing stages read parameters and write packed buffers only, as verified.
        unsafe { self.call(Program::Pack, memory, &Serial, &mut |_, _| {}) };
        Ok(packed)
    }

    /// Runs the program on these threads. `observe` hears the number of stages done and the name of the next, before each stage.
    pub(crate) fn run(
        &self,
        threads: &dyn Threads,
        packed: &Arena,
        inputs: &[&[f32]],
        outputs: &mut [&mut [f32]],
        observe: &mut dyn FnMut(usize, &str),
    ) -> Result<(), RunError> {
        if packed.len() != self.plan.packed_len {
            return Err(RunError::OtherKernel);
        }
        check("inputs", self.buffers(Role::Input), inputs.iter().map(|slice| slice.len()))?;
        check("outputs", self.buffers(Role::Output), outputs.iter().map(|slice| slice.len()))?;
        let scratch = Arena::new(self.plan.scratch_len)?;
        let outputs = outputs.iter_mut().map(|slice| slice.as_mut_ptr()).collect();
        let memory = Memory { parameters: &[], inputs, outputs, packed, scratch: &scratch };
        // SAFETY:
        // * `inputs`, `outputs` and the length of `packed` have been checked, and `scratch` is the whole scratch arena,
        //   which is this call's alone.
        // * Stages read inputs, packed and scratch buffers and write scratch and output buffers only, as verified.
        unsafe { self.call(Program::Run, memory, threads, observe) };
        Ok(())
    }

    /// The buffers with one of the caller's roles, in the order in which the caller gives them.
    fn buffers(&self, role: Role) -> Vec<&Buffer> {
        self.plan.with_role(role).collect()
    }

    /// Calls the stages of a program one after the other.
    ///
    /// # Safety
    ///
    /// * Each slice of `memory` that the program uses has the length of its buffer, in the plan's order.
    /// * The arenas that the program uses have the lengths that the plan says.
    /// * The program writes no slice but the outputs, which nobody else uses meanwhile, and of the arenas only those that nobody else uses meanwhile.
    ///
    /// `verify` has proved of the plan that
    /// * every access of every iteration is inside its buffer,
    /// * every packed and scratch buffer is inside its arena,
    /// * counts are not negative, and regions have a number per column in each row,
    /// * different shares of a stage write different elements, and no stage reads a buffer that it writes.
    unsafe fn call(
        &self,
        program: Program,
        memory: Memory<'_>,
        threads: &dyn Threads,
        observe: &mut dyn FnMut(usize, &str),
    ) {
        let (mut parameters, mut inputs) = (memory.parameters.iter(), memory.inputs.iter());
        let mut outputs = memory.outputs.iter();
        let base = |buffer: &Buffer| match buffer.role {
            Role::Parameter => parameters.next().map_or(ptr::null_mut(), |slice| slice.as_ptr().cast_mut()),
            Role::Input => inputs.next().map_or(ptr::null_mut(), |slice| slice.as_ptr().cast_mut()),
            Role::Output => outputs.next().copied().unwrap_or(ptr::null_mut()),
            Role::Packed { offset } => memory.packed.start().wrapping_add(offset),
            Role::Scratch { offset } => memory.scratch.start().wrapping_add(offset),
        };
        let bases = Bases(self.plan.buffers.iter().map(base).collect());
        #[cfg(all(any(test, feature = "emulator"), target_arch = "x86_64"))]
        emulator::allow(bases.0.iter().copied().zip(self.plan.buffers.iter().map(Buffer::len)));
        let work = match program {
            Program::Pack => &self.pack,
            Program::Run => &self.run,
        };
        let stages = program.stages(&self.plan).iter().zip(self.code.stages(program)).zip(work);
        for (done, ((stage, function), work)) in stages.enumerate() {
            observe(done, &stage.name);
            // SAFETY:
            // * `self.code` is alive.
            // * `bases` has one address per buffer; those of the buffers that the program uses are the addresses of as
            //   many elements as the buffer has, by this function's contract.
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

/// Whether there is one slice per buffer, of the buffer's length.
fn check(
    what: &'static str,
    buffers: Vec<&Buffer>,
    lengths: impl ExactSizeIterator<Item = usize>,
) -> Result<(), RunError> {
    if buffers.len() != lengths.len() {
        return Err(RunError::Count { what, expected: buffers.len(), found: lengths.len() });
    }
    match buffers.into_iter().zip(lengths).find(|(buffer, found)| buffer.len() != *found) {
        None => Ok(()),
        Some((buffer, found)) => {
            Err(RunError::Length { buffer: buffer.name.clone(), shape: buffer.shape.clone(), found })
        }
    }
}
