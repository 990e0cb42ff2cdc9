//! Memory of a kernel or of a call.

use std::alloc::{Layout, alloc, dealloc};
use std::ptr::{self, NonNull};

use crate::error::RunError;

/// Bytes: a cache line, and the widest vector of any machine.
const ALIGNMENT: usize = 64;

/// Owned memory for `f32`s, aligned to 64 bytes, not initialised.
pub(crate) struct Arena {
    start: NonNull<f32>,
    len: usize,
}

// SAFETY: an arena owns its memory alone, like a `Box<[f32]>`.
unsafe impl Send for Arena {}
// SAFETY: a shared arena hands out nothing but its address.
unsafe impl Sync for Arena {}

impl Arena {
    /// Memory for `len` numbers.
    pub(crate) fn new(len: usize) -> Result<Arena, RunError> {
        let failed = RunError::OutOfMemory { elements: len };
        if len == 0 {
            return Ok(Arena { start: NonNull::dangling(), len });
        }
        let Some(layout) = layout(len) else { return Err(failed) };
        // SAFETY:
        // * `layout` has a size other than zero, because `len` is not zero.
        let Some(start) = NonNull::new(unsafe { alloc(layout) }.cast::<f32>()) else { return Err(failed) };
        Ok(Arena { start, len })
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The memory. Valid for reads and writes of all elements while the arena lives.
    pub(crate) fn memory(&self) -> *mut [f32] {
        ptr::slice_from_raw_parts_mut(self.start.as_ptr(), self.len)
    }
}

/// Fills memory with NaN in debug builds, so that a read before the first write shows.
///
/// # Safety
///
/// * `memory` is valid for writes and aligned as `f32`, and nobody else uses it meanwhile.
pub(super) unsafe fn poison(memory: *mut [f32]) {
    if cfg!(debug_assertions) {
        for index in 0..memory.len() {
            // SAFETY:
            // * `index` is less than the number of elements, of which this function's contract tells the rest.
            unsafe { memory.cast::<f32>().add(index).write(f32::NAN) };
        }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        if let (true, Some(layout)) = (self.len != 0, layout(self.len)) {
            // SAFETY:
            // * `new` allocated `start` with this layout, because `len` is not zero.
            // * An arena is dropped once.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}

fn layout(len: usize) -> Option<Layout> {
    Layout::array::<f32>(len).and_then(|layout| layout.align_to(ALIGNMENT)).ok()
}
