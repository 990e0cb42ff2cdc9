//! The interface as a careful caller uses it: handles that are freed, and results instead of statuses.

use std::ffi::{CStr, CString};
use std::ptr;

use atrous_capi::*;

/// Packed parameters, freed when they are dropped.
pub struct Packed {
    handle: *mut AtrousPacked,
    pub scratch_len: usize,
}

// SAFETY: several threads may use packed parameters at once, and any may free them.
unsafe impl Send for Packed {}
// SAFETY: the same.
unsafe impl Sync for Packed {}

impl Drop for Packed {
    fn drop(&mut self) {
        // SAFETY: the handle is this value's.
        unsafe { atrous_packed_free(self.handle) };
    }
}

/// What a call that has failed says, with its status.
pub type Failure = (AtrousStatus, String);

fn result(status: AtrousStatus) -> Result<(), Failure> {
    if status == AtrousStatus::Ok {
        return Ok(());
    }
    // SAFETY: the message is valid until the next error on this thread.
    Err((status, unsafe { CStr::from_ptr(atrous_last_error()) }.to_str().expect("messages are UTF-8").to_owned()))
}

/// Compiles a spec for a target in an order of memory, and packs parameters.
pub fn pack(
    spec: &str,
    target: &str,
    layout: AtrousLayout,
    threads: usize,
    parameters: &[&[f32]],
) -> Result<Packed, Failure> {
    let slices: Vec<AtrousSlice> =
        parameters.iter().map(|numbers| AtrousSlice { data: numbers.as_ptr(), len: numbers.len() }).collect();
    let (spec, target) = (CString::new(spec).expect("no zero"), CString::new(target).expect("no zero"));
    let options = AtrousOptions { layout, target: target.as_ptr(), threads, ..AtrousOptions::default() };
    let (mut kernel, mut packed) = (ptr::null_mut(), ptr::null_mut());
    let mut info = std::mem::MaybeUninit::uninit();
    // SAFETY: all pointers are to values that live until the end of this block, and of the lengths that are given.
    unsafe {
        result(atrous_compile(spec.as_ptr(), &options, &mut kernel))?;
        let packing = result(atrous_pack(kernel, slices.as_ptr(), slices.len(), &mut packed));
        let asking = result(atrous_info(kernel, info.as_mut_ptr()));
        atrous_kernel_free(kernel);
        packing.and(asking)?;
        Ok(Packed { handle: packed, scratch_len: info.assume_init().scratch_len })
    }
}

/// The C name of a slice.
pub fn slice(numbers: &[f32]) -> AtrousSlice {
    AtrousSlice { data: numbers.as_ptr(), len: numbers.len() }
}

/// The C name of a slice that is written.
pub fn slice_mut(numbers: &mut [f32]) -> AtrousSliceMut {
    AtrousSliceMut { data: numbers.as_mut_ptr(), len: numbers.len() }
}

impl Packed {
    /// Runs one input and one output, in scratch memory of the caller's if there is any.
    ///
    /// # Safety
    ///
    /// * Pointers that are aligned point to as many numbers as they say, of which nobody else uses output and scratch.
    pub unsafe fn run(
        &self,
        input: AtrousSlice,
        output: AtrousSliceMut,
        scratch: Option<AtrousSliceMut>,
    ) -> Result<(), Failure> {
        let (scratch, len) = scratch.map_or((ptr::null_mut(), 0), |scratch| (scratch.data, scratch.len));
        // SAFETY: the handle is this value's; the rest is this function's contract.
        result(unsafe { atrous_run(self.handle, &input, 1, &output, 1, scratch, len) })
    }
}
