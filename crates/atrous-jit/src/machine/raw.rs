//! Kernels for callers who have addresses rather than slices, such as a C interface.

use atrous_threads::Threads;

use crate::error::RunError;
use crate::kernel::{Kernel, Packed};

impl Kernel {
    /// Like [`run_with`](Kernel::run_with), on memory that is not borrowed. Only this function checks the lengths of the
    /// slices; outputs and scratch need not be initialised.
    ///
    /// # Errors
    ///
    /// Those of [`run_with`](Kernel::run_with).
    ///
    /// # Safety
    ///
    /// What follows need only hold when all lengths are right: otherwise no memory is used.
    ///
    /// * Inputs are valid for reads, outputs and scratch for reads and writes of all their elements, aligned as `f32`.
    /// * Until this returns nobody writes inputs, and nobody else uses outputs or scratch.
    /// * Outputs and scratch overlap neither each other nor inputs.
    pub unsafe fn run_raw(
        &self,
        threads: &dyn Threads,
        packed: &Packed,
        scratch: *mut [f32],
        inputs: impl ExactSizeIterator<Item = *const [f32]>,
        outputs: impl ExactSizeIterator<Item = *mut [f32]>,
    ) -> Result<(), RunError> {
        // SAFETY: the contract of this function is the other's.
        unsafe { self.machine.run_raw(threads, self.arena(packed)?, scratch, inputs, outputs, &mut |_, _| {}) }
    }
}
