//! Packing parameters, and running.

use std::fmt::Arguments;
use std::ptr;
use std::sync::Arc;

use atrous::Pool;
use atrous::jit::compiler::plan::Role;
use atrous::jit::{Kernel, Packed};

use crate::foreign;
use crate::kernel::AtrousKernel;
use crate::status::{AtrousStatus, Failure, guard};

/// Parameters in the form in which their kernel reads them, ready to run. Several threads may use them at once.
pub struct AtrousPacked {
    kernel: Kernel,
    pool: Arc<Pool>,
    packed: Packed,
}

/// Floats to read: an input or a parameter, dense in the order of its shape.
#[repr(C)]
pub struct AtrousSlice {
    /// The first.
    pub data: *const f32,
    /// How many they are.
    pub len: usize,
}

/// Floats to write: an output. They need not be initialised.
#[repr(C)]
pub struct AtrousSliceMut {
    /// The first.
    pub data: *mut f32,
    /// How many they are.
    pub len: usize,
}

/// Packs the parameters of a kernel, in the order of `ATROUS_TENSOR_PARAMETER`.
///
/// `*packed` is the result, which `atrous_packed_free` frees, or null after an error. It needs neither the parameters nor
/// the kernel to stay.
///
/// # Safety
///
/// * `kernel` comes from `atrous_compile` and has not been freed.
/// * `parameters` has `parameter_count` elements, and each as many floats as it says, which nobody writes meanwhile.
/// * `packed` is valid for writing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atrous_pack(
    kernel: *const AtrousKernel,
    parameters: *const AtrousSlice,
    parameter_count: usize,
    packed: *mut *mut AtrousPacked,
) -> AtrousStatus {
    guard(|| {
        foreign::check(packed, 1, "`packed`")?;
        // SAFETY: `packed` is valid for writing by this function's contract.
        unsafe { packed.write(ptr::null_mut()) };
        // SAFETY: this function's contract.
        let AtrousKernel { kernel, pool, .. } = unsafe { foreign::value(kernel, "`kernel`")? };
        // SAFETY: this function's contract.
        let parameters = unsafe { foreign::array(parameters, parameter_count, "`parameters`")? };
        let mut slices = Vec::new();
        for (index, &AtrousSlice { data, len }) in parameters.iter().enumerate() {
            foreign::check(data, len, format_args!("parameter {index}"))?;
            // SAFETY: this function's contract.
            slices.push(unsafe { foreign::array(data, len, format_args!("parameter {index}"))? });
        }
        let (pool, packed_parameters) = (Arc::clone(pool), kernel.pack(&slices)?);
        let result = AtrousPacked { kernel: kernel.clone(), pool, packed: packed_parameters };
        // SAFETY: `packed` is valid for writing by this function's contract.
        unsafe { packed.write(Box::into_raw(Box::new(result))) };
        Ok(())
    })
}

/// Frees packed parameters; null is nothing.
///
/// # Safety
///
/// * `packed` comes from `atrous_pack`, and nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atrous_packed_free(packed: *mut AtrousPacked) {
    guard(|| {
        // SAFETY: this function's contract, and `atrous_pack` gives boxes.
        unsafe { foreign::free(packed) };
        Ok(())
    });
}

/// Computes all outputs from all inputs, in the order of `ATROUS_TENSOR_INPUT` and `ATROUS_TENSOR_OUTPUT`. Nothing is
/// written after an error.
///
/// `scratch` has `scratch_len` floats, `AtrousInfo.scratch_len` or more, whatever they hold; it is fastest when aligned to
/// 64 bytes, and may be used for one run after the other, but not for two at once. When it is null and `scratch_len` 0,
/// the run allocates what it needs. No output shares elements with an input, another output or `scratch`.
///
/// # Safety
///
/// * `packed` comes from `atrous_pack` and has not been freed.
/// * `inputs` has `input_count` elements, and each as many floats as it says, which nobody writes meanwhile.
/// * `outputs` has `output_count` elements, and each, like `scratch`, as many floats as it says, which nobody else uses
///   meanwhile. The arrays `inputs` and `outputs` are not in this memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atrous_run(
    packed: *const AtrousPacked,
    inputs: *const AtrousSlice,
    input_count: usize,
    outputs: *const AtrousSliceMut,
    output_count: usize,
    scratch: *mut f32,
    scratch_len: usize,
) -> AtrousStatus {
    guard(|| {
        // SAFETY: this function's contract.
        let AtrousPacked { kernel, pool, packed } = unsafe { foreign::value(packed, "`packed`")? };
        // SAFETY: this function's contract.
        let inputs = unsafe { foreign::array(inputs, input_count, "`inputs`")? };
        // SAFETY: this function's contract.
        let outputs = unsafe { foreign::array(outputs, output_count, "`outputs`")? };
        let mut scratch = ptr::slice_from_raw_parts_mut(scratch, scratch_len);
        let (inputs, outputs) = (inputs.iter().map(read), outputs.iter().map(written));
        check_pointers(inputs.clone(), outputs.clone(), scratch)?;
        let lengths = |role| kernel.plan().with_role(role).map(|buffer| buffer.len());
        // Of a wrong length the kernel tells, whatever overlaps because of it.
        if lengths(Role::Input).eq(inputs.clone().map(<*const [f32]>::len))
            && lengths(Role::Output).eq(outputs.clone().map(<*mut [f32]>::len))
        {
            check_overlap(inputs.clone(), outputs.clone(), scratch)?;
        }
        let mut own;
        if scratch.is_null() {
            own = kernel.scratch()?;
            scratch = own.memory();
        }
        // SAFETY:
        // * Pointers are neither null nor misaligned, and where all lengths are right no output or scratch overlaps
        //   anything, as checked; `own` is this call's alone; the rest is this function's contract.
        unsafe { kernel.run_raw(&**pool, packed, scratch, inputs, outputs)? };
        Ok(())
    })
}

fn read(slice: &AtrousSlice) -> *const [f32] {
    ptr::slice_from_raw_parts(slice.data, slice.len)
}

fn written(slice: &AtrousSliceMut) -> *mut [f32] {
    ptr::slice_from_raw_parts_mut(slice.data, slice.len)
}

/// Checks that the pointers of a run may be right.
fn check_pointers(
    inputs: impl Iterator<Item = *const [f32]>,
    outputs: impl Iterator<Item = *mut [f32]>,
    scratch: *mut [f32],
) -> Result<(), Failure> {
    let check = |slice: *const [f32], what: Arguments<'_>| foreign::check(slice.cast::<f32>(), slice.len(), what);
    for (index, input) in inputs.enumerate() {
        check(input, format_args!("input {index}"))?;
    }
    for (index, output) in outputs.enumerate() {
        check(output, format_args!("output {index}"))?;
    }
    let own = scratch.is_null() && scratch.len() == 0;
    if own { Ok(()) } else { check(scratch, format_args!("`scratch`")) }
}

/// Checks that nothing which a run writes overlaps anything else.
fn check_overlap(
    inputs: impl Iterator<Item = *const [f32]> + Clone,
    outputs: impl Iterator<Item = *mut [f32]> + Clone,
    scratch: *mut [f32],
) -> Result<(), Failure> {
    for (index, input) in inputs.clone().enumerate() {
        check_apart(input, scratch, format_args!("input {index} and `scratch`"))?;
    }
    for (index, output) in outputs.clone().enumerate() {
        check_apart(output, scratch, format_args!("output {index} and `scratch`"))?;
        for (other, input) in inputs.clone().enumerate() {
            check_apart(output, input, format_args!("output {index} and input {other}"))?;
        }
        for (other, earlier) in outputs.clone().take(index).enumerate() {
            check_apart(output, earlier, format_args!("outputs {other} and {index}"))?;
        }
    }
    Ok(())
}

/// Whether two slices have no element in common.
fn check_apart(left: *const [f32], right: *const [f32], what: Arguments<'_>) -> Result<(), Failure> {
    let end = |slice: *const [f32]| slice.addr().saturating_add(slice.len().saturating_mul(size_of::<f32>()));
    if left.addr().max(right.addr()) < end(left).min(end(right)) {
        return Err(Failure::new(
            AtrousStatus::Overlap,
            format!("{what} overlap; what a run writes has memory of its own"),
        ));
    }
    Ok(())
}
