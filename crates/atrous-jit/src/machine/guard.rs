//! Memory between pages that nobody may touch, and what runs in it, for tests.

use std::ops::{Deref, DerefMut};
use std::ptr;

use atrous_compiler::plan::{Buffer, Role};
use atrous_threads::{Serial, Threads};
use region::{Allocation, Protection};

use super::{Bases, Machine, address};
use crate::error::RunError;
use crate::translate::Program;

/// Where in its pages a buffer is. Only one of its ends can be at a forbidden page, unless it fills whole pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Directly behind a forbidden page.
    Start,
    /// Directly before a forbidden page, aligned to 4 bytes and to nothing more.
    End,
}

impl Side {
    /// One after the other, they see an access outside of a buffer at either end.
    pub const BOTH: [Side; 2] = [Side::Start, Side::End];
}

/// Numbers in pages of their own, between two pages whose use ends the process.
pub struct Guarded {
    pages: Allocation,
    /// Bytes from the start of the pages to the first number.
    first: usize,
    len: usize,
    side: Side,
}

// SAFETY: the pages belong to the numbers alone, like the memory of a `Box<[f32]>`.
unsafe impl Send for Guarded {}
// SAFETY: as for `Send`; a shared reference only reads, or hands out the address.
unsafe impl Sync for Guarded {}

impl Guarded {
    /// A copy of numbers, of which there may be none.
    ///
    /// # Panics
    ///
    /// The system has no memory, or does not protect it.
    pub fn new(numbers: &[f32], side: Side) -> Guarded {
        let page = region::page::size();
        let used = size_of_val(numbers);
        let size = used.next_multiple_of(page);
        let mut pages = region::alloc(size + 2 * page, Protection::NONE).expect("there is memory");
        if used > 0 {
            let middle = pages.as_mut_ptr::<u8>().wrapping_add(page);
            // SAFETY:
            // * The range is all of the allocation but its first and its last page, and nobody else knows it yet.
            unsafe { region::protect(middle, size, Protection::READ_WRITE) }.expect("pages can be protected");
        }
        let first = match side {
            Side::Start => page,
            Side::End => page + size - used,
        };
        let mut guarded = Guarded { pages, first, len: numbers.len(), side };
        guarded.copy_from_slice(numbers);
        guarded
    }

    /// The address of the first number, valid for reads and writes of all of them while this lives.
    fn start(&self) -> *mut f32 {
        self.pages.as_ptr::<u8>().cast_mut().wrapping_add(self.first).cast()
    }
}

impl Deref for Guarded {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY:
        // * `first` and `len` are inside of the pages that may be touched, which are zero at first.
        // * Sizes of pages are multiples of that of a number, so that the address is aligned; it is not null.
        // * `self` is borrowed for as long as the slice.
        unsafe { std::slice::from_raw_parts(self.start(), self.len) }
    }
}

impl DerefMut for Guarded {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as for `deref`; `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.len) }
    }
}

impl AsRef<[f32]> for Guarded {
    fn as_ref(&self) -> &[f32] {
        self
    }
}

impl Clone for Guarded {
    fn clone(&self) -> Guarded {
        Guarded::new(self, self.side)
    }
}

/// Memory for a kernel: every buffer of its plan is [`Guarded`] by itself, also those that are parts of an arena otherwise.
pub struct Buffers<'a> {
    machine: &'a Machine,
    /// One per buffer of the plan, of its length.
    buffers: Vec<Guarded>,
}

impl Buffers<'_> {
    /// Copies parameters and inputs, and packs.
    pub(crate) fn new<'a>(
        machine: &'a Machine,
        side: Side,
        parameters: &[&[f32]],
        inputs: &[&[f32]],
    ) -> Result<Buffers<'a>, RunError> {
        machine.check_count(Role::Parameter, "parameters", parameters.len())?;
        machine.check_count(Role::Input, "inputs", inputs.len())?;
        let (mut parameters, mut inputs) = (parameters.iter(), inputs.iter());
        let guarded = |buffer: &Buffer| {
            let given = match buffer.role {
                Role::Parameter => parameters.next(),
                Role::Input => inputs.next(),
                Role::Packed { .. } | Role::Scratch { .. } | Role::Output => {
                    return Ok(Guarded::new(&vec![f32::NAN; buffer.len()], side));
                }
            };
            let given = given.copied().unwrap_or_default();
            address(buffer, Some(ptr::from_ref(given)))?;
            Ok(Guarded::new(given, side))
        };
        let buffers = machine.plan.buffers.iter().map(guarded).collect::<Result<_, _>>()?;
        let mut buffers = Buffers { machine, buffers };
        let bases = buffers.bases();
        // SAFETY: `bases` are those of `buffers`, which is borrowed mutably.
        unsafe { buffers.call(Program::Pack, &bases, &Serial) };
        Ok(buffers)
    }

    /// Computes the outputs. They and scratch memory are NaN at first.
    pub fn run(&mut self, threads: &dyn Threads) -> Vec<Vec<f32>> {
        let written = |role| matches!(role, Role::Output | Role::Scratch { .. });
        let roles: Vec<Role> = self.machine.plan.buffers.iter().map(|buffer| buffer.role).collect();
        let written = self.buffers.iter_mut().zip(&roles).filter(|(_, role)| written(**role));
        written.for_each(|(numbers, _)| numbers.fill(f32::NAN));
        let bases = self.bases();
        // SAFETY: `bases` are those of `self`, which is borrowed mutably.
        unsafe { self.call(Program::Run, &bases, threads) };
        let outputs = self.buffers.iter().zip(&roles).filter(|(_, role)| **role == Role::Output);
        outputs.map(|(numbers, _)| numbers.to_vec()).collect()
    }

    fn bases(&self) -> Bases {
        Bases(self.buffers.iter().map(Guarded::start).collect())
    }

    /// Runs a program.
    ///
    /// # Safety
    ///
    /// * `bases` are those of `self`, which is borrowed mutably.
    unsafe fn call(&mut self, program: Program, bases: &Bases, threads: &dyn Threads) {
        // SAFETY:
        // * There is an address per buffer, of as many numbers as it has, which `new` has checked of those that are given.
        // * Nobody else uses the numbers, because `self` owns them and is borrowed mutably.
        unsafe { self.machine.call(program, bases, threads, &mut |_, _| {}) };
    }

    /// Packs and runs as if one buffer were a number further outside, over its guarded end. The process ends where the code
    /// uses the number at that end.
    #[cfg(test)]
    pub(crate) fn run_outside(&mut self, side: Side, buffer: usize) {
        let mut bases = self.bases();
        let base = &mut bases.0[buffer];
        *base = if side == Side::Start { base.wrapping_sub(1) } else { base.wrapping_add(1) };
        for program in [Program::Pack, Program::Run] {
            // SAFETY:
            // * `bases` are those of `self`, but for one number of the buffer that is moved: it is in a forbidden page of the
            //   buffer's own, so that the process ends where it is used.
            unsafe { self.call(program, &bases, &Serial) };
        }
    }
}
