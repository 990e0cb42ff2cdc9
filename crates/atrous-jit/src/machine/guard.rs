//! Memory between pages that nobody may touch, and runs in it, for tests.

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

impl Machine {
    /// Packs and runs, with every buffer of the plan in guarded memory of its own: copies of what is given, and those that
    /// are parts of an arena otherwise, too. Returns the outputs.
    pub(crate) fn run_guarded(
        &self,
        side: Side,
        threads: &dyn Threads,
        parameters: &[&[f32]],
        inputs: &[&[f32]],
    ) -> Result<Vec<Vec<f32>>, RunError> {
        let buffers = self.guarded_buffers(side, parameters, inputs)?;
        let bases = Bases(buffers.iter().map(Guarded::start).collect());
        // SAFETY:
        // * There is an address per buffer, of as many numbers as it has, which `guarded_buffers` has checked of those that
        //   are given. They live until the end of this function.
        // * Nobody else knows the memory.
        unsafe { self.pack_and_run(threads, &bases) };
        let outputs = self.plan.buffers.iter().zip(&buffers).filter(|(buffer, _)| buffer.role == Role::Output);
        Ok(outputs.map(|(_, numbers)| numbers.to_vec()).collect())
    }

    /// Guarded memory for each buffer, NaN but for what is given.
    fn guarded_buffers(&self, side: Side, parameters: &[&[f32]], inputs: &[&[f32]]) -> Result<Vec<Guarded>, RunError> {
        self.check_count(Role::Parameter, "parameters", parameters.len())?;
        self.check_count(Role::Input, "inputs", inputs.len())?;
        let (mut parameters, mut inputs) = (parameters.iter(), inputs.iter());
        let guarded = |buffer: &Buffer| {
            let given = match buffer.role {
                Role::Parameter => parameters.next(),
                Role::Input => inputs.next(),
                _ => return Ok(Guarded::new(&vec![f32::NAN; buffer.len()], side)),
            };
            let given = given.copied().unwrap_or_default();
            address(buffer, Some(ptr::from_ref(given)))?;
            Ok(Guarded::new(given, side))
        };
        self.plan.buffers.iter().map(guarded).collect()
    }

    /// # Safety
    ///
    /// That of [`call`](Machine::call), for both programs one after the other.
    unsafe fn pack_and_run(&self, threads: &dyn Threads, bases: &Bases) {
        // SAFETY: this function's contract.
        unsafe { self.call(Program::Pack, bases, &Serial, &mut |_, _| {}) };
        // SAFETY: this function's contract.
        unsafe { self.call(Program::Run, bases, threads, &mut |_, _| {}) };
    }

    /// Packs and runs as if one buffer were a number further outside, over its guarded end. The process dies where the
    /// code uses the number at that end.
    #[cfg(test)]
    pub(crate) fn run_outside(&self, side: Side, buffer: usize, parameters: &[&[f32]], inputs: &[&[f32]]) {
        let buffers = self.guarded_buffers(side, parameters, inputs).expect("lengths are the plan's");
        let mut bases = Bases(buffers.iter().map(Guarded::start).collect());
        let base = bases.0[buffer];
        bases.0[buffer] = match side {
            Side::Start => base.wrapping_sub(1),
            Side::End => base.wrapping_add(1),
        };
        // SAFETY:
        // * As in `run_guarded`, but for one number of the buffer that is moved: it is in a forbidden page of the buffer's
        //   own, so that the process ends where it is used.
        unsafe { self.pack_and_run(&Serial, &bases) };
    }
}
