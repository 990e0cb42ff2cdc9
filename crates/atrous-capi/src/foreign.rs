//! Pointers of the caller's: what can be checked of them is.

use std::ffi::{CStr, c_char};
use std::fmt::Display;

use crate::status::{AtrousStatus, Failure};

/// Whether a pointer may point to `count` values.
pub(crate) fn check<T>(pointer: *const T, count: usize, what: impl Display) -> Result<(), Failure> {
    if pointer.is_null() {
        return Err(Failure::new(AtrousStatus::Null, format!("{what} is null")));
    }
    if !pointer.is_aligned() {
        let bytes = align_of::<T>();
        return Err(Failure::new(AtrousStatus::Alignment, format!("{what} is not aligned to {bytes} bytes")));
    }
    match count.checked_mul(size_of::<T>()) {
        Some(bytes) if bytes <= isize::MAX as usize => Ok(()),
        _ => Err(Failure::new(AtrousStatus::Length, format!("{what} has {count} elements, more than memory can hold"))),
    }
}

/// What a pointer points to.
///
/// # Safety
///
/// * A pointer that is neither null nor misaligned points to a value that nobody writes during `'a`.
pub(crate) unsafe fn value<'a, T>(pointer: *const T, what: impl Display) -> Result<&'a T, Failure> {
    check(pointer, 1, what)?;
    // SAFETY:
    // * The pointer has been checked; the rest is this function's contract.
    Ok(unsafe { &*pointer })
}

/// An array. A null pointer is one of no elements.
///
/// # Safety
///
/// * A pointer that is neither null nor misaligned points to `count` values that nobody writes during `'a`.
pub(crate) unsafe fn array<'a, T>(pointer: *const T, count: usize, what: impl Display) -> Result<&'a [T], Failure> {
    if count == 0 {
        return Ok(&[]);
    }
    check(pointer, count, what)?;
    // SAFETY:
    // * The pointer and the size have been checked; the rest is this function's contract.
    Ok(unsafe { std::slice::from_raw_parts(pointer, count) })
}

/// A string.
///
/// # Safety
///
/// * A pointer that is not null points to bytes that end with a zero and that nobody writes during `'a`.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, what: impl Display) -> Result<&'a str, Failure> {
    check(pointer, 1, &what)?;
    // SAFETY:
    // * The pointer is not null; the rest is this function's contract.
    let bytes = unsafe { CStr::from_ptr(pointer) };
    bytes.to_str().map_err(|error| {
        let at = error.valid_up_to();
        Failure::new(AtrousStatus::Text, format!("{what} is not UTF-8: the byte at offset {at} starts no character"))
    })
}

/// Drops what a handle owns; null is nothing.
///
/// # Safety
///
/// * A handle that is not null comes from `Box::into_raw`, and nobody uses it any more.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: this function's contract.
        drop(unsafe { Box::from_raw(handle) });
    }
}
