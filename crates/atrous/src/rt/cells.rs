//! Memory that a stage writes: cells, which several threads may share.
//!
//! # Safety
//!
//! - A cell has the layout of its number, and may be written through a shared reference.
//! - [`Shared`] lets several threads write the cells of one buffer. Generated code makes one for the time of one stage,
//!   with [`shared!`](crate::__shared). The stage's plan has been verified: threads that execute different shares write
//!   different elements, and the stage reads no buffer that it writes. Nobody else has the buffer meanwhile, because it
//!   is borrowed mutably.
#![allow(unsafe_code)]

use std::cell::Cell;
use std::ptr;

/// The `LEN` elements from `at` on, for writing.
#[inline(always)]
pub fn cells<const LEN: usize>(buffer: &mut [f32], at: isize) -> &[Cell<f32>; LEN] {
    super::window(Cell::from_mut(buffer).as_slice_of_cells(), at)
}

/// Writes a value of the size of `N` numbers over the cells from `at` on.
///
/// # Safety
///
/// * `T` has the size of `[f32; N]`, no padding, and every bit of it may be a bit of an `f32`.
#[inline(always)]
pub(super) unsafe fn write<T, const N: usize>(window: &[Cell<f32>], at: usize, value: T) {
    const { assert!(size_of::<T>() == size_of::<[f32; N]>()) };
    let cells: &[Cell<f32>; N] = window[at..].first_chunk().expect("a window has all lanes");
    // SAFETY: the facts of the module; the cells are as large as the value.
    unsafe { ptr::from_ref(cells).cast::<T>().cast_mut().write_unaligned(value) }
}

/// Writes numbers over the cells from `at` on.
#[inline(always)]
pub fn write_lanes<const N: usize>(window: &[Cell<f32>], at: usize, lanes: [f32; N]) {
    // SAFETY: these are `N` numbers.
    unsafe { write::<_, N>(window, at, lanes) }
}

/// A buffer that several threads write, each its own elements.
pub struct Shared<'a, const LEN: usize>(&'a [Cell<f32>; LEN]);

// SAFETY: whoever makes one promises that threads write different elements, and that nobody reads them meanwhile.
unsafe impl<const LEN: usize> Sync for Shared<'_, LEN> {}

impl<'a, const LEN: usize> Shared<'a, LEN> {
    /// Shares a buffer.
    ///
    /// # Safety
    ///
    /// * While it exists, no two threads access the same element.
    pub unsafe fn new(cells: &'a [Cell<f32>; LEN]) -> Self {
        Shared(cells)
    }

    /// The buffer.
    #[inline(always)]
    pub fn cells(&self) -> &[Cell<f32>; LEN] {
        self.0
    }
}

/// Shares what a stage of a verified plan writes: `rt::shared!(rt::cells(buffer, 0))`.
///
/// # Safety
///
/// Generated code stands in crates that may forbid `unsafe`, so this is safe to write though it is not safe to use. It is the
/// one such hole: `call!` checks what it needs. Only generated code may use it.
///
/// * While the result exists, different threads access different elements.
#[macro_export]
#[doc(hidden)]
macro_rules! __shared {
    ($cells:expr) => {{
        let cells = $cells;
        // SAFETY: the facts of `atrous::rt::cells`.
        unsafe { $crate::rt::Shared::new(cells) }
    }};
}
