//! What generated code uses. Not for people: nothing here is stable.
#![allow(missing_docs)]

mod arena;
mod cells;
mod instruction_set;
mod lanes;
#[cfg(target_arch = "x86_64")]
mod wide;

pub use self::arena::Arena;
pub use self::cells::{Shared, cells};
pub use self::instruction_set::{Avx2, Avx512, InstructionSet, available, instruction_set};
pub use self::lanes::{F32x1, F32x2, F32x4, F32x8, F32x16, Lanes};
#[cfg(target_arch = "x86_64")]
pub use self::wide::{avx2, avx512};
#[cfg(target_arch = "x86_64")]
pub use crate::__call as call;
pub use crate::__shared as shared;
pub use crate::{Error, Tensors, Weight, WeightBias};
pub use atrous_macros::conv;
pub use atrous_threads::{Serial, Threads, Work, split};
pub use std::vec::Vec;

use std::fmt;
use std::ops::Range;

/// The `SPAN` elements from `at` on. The plan has been verified: they are there.
#[inline(always)]
pub fn window<T, const SPAN: usize>(buffer: &[T], at: isize) -> &[T; SPAN] {
    // One comparison, behind which an optimiser knows that the window is there.
    let is_there = SPAN <= buffer.len() && at as usize <= buffer.len() - SPAN;
    assert!(is_there, "a verified plan stays inside its buffers");
    buffer[at as usize..].first_chunk().expect("it was checked")
}

/// What a loop reads, of which it takes windows.
pub use self::window as extent;

/// The iterations of a parallel loop that belong to some shares of its stage; that of iteration 0 is `before`.
#[inline(always)]
pub fn iterations(shares: &Range<isize>, before: isize, count: isize) -> Range<isize> {
    (shares.start - before).max(0)..(shares.end - before).min(count)
}

/// Parts of an arena that do not overlap.
pub fn parts<const N: usize>(arena: &mut [f32], ranges: [Range<usize>; N]) -> [&mut [f32]; N] {
    arena.get_disjoint_mut(ranges).expect("buffers that are live together do not overlap")
}

/// An arena.
pub fn arena(len: usize) -> Arena {
    Arena::zeros(len)
}

/// A tensor of the caller's.
pub fn zeros(len: usize) -> Vec<f32> {
    vec![0.0; len]
}

/// A slice as the tensor of a shape with `LEN` elements.
pub fn tensor<'a, const LEN: usize>(
    model: &str,
    tensor: &str,
    shape: &[usize],
    slice: &'a [f32],
) -> Result<&'a [f32; LEN], Error> {
    slice.try_into().map_err(|_| wrong_length(model, tensor, shape, slice.len()))
}

/// A slice as the tensor of a shape with `LEN` elements, for writing.
pub fn tensor_mut<'a, const LEN: usize>(
    model: &str,
    tensor: &str,
    shape: &[usize],
    slice: &'a mut [f32],
) -> Result<&'a mut [f32; LEN], Error> {
    let found = slice.len();
    slice.try_into().map_err(|_| wrong_length(model, tensor, shape, found))
}

/// Whether the scratch memory that a caller hands over has `expected` elements or more.
pub fn check_scratch(model: &str, expected: usize, scratch: &[f32]) -> Result<(), Error> {
    let found = scratch.len();
    if found < expected { Err(Error::Scratch { model: model.into(), expected, found }) } else { Ok(()) }
}

#[cold]
fn wrong_length(model: &str, tensor: &str, shape: &[usize], found: usize) -> Error {
    Error::Length { model: model.into(), tensor: tensor.into(), shape: shape.into(), found }
}

/// The tensors of these names, or an error that tells all that are missing.
pub fn find<'a, T: Tensors + ?Sized, const N: usize>(
    model: &str,
    tensors: &'a T,
    names: [&str; N],
) -> Result<[&'a [f32]; N], Error> {
    let mut found = crate::parameters::find(model, tensors, &names)?.into_iter();
    Ok([(); N].map(|()| found.next().unwrap_or_default()))
}

/// The `Debug` of a generated type: its name, and not its thousands of numbers.
pub fn debug(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    f.debug_struct(name).finish_non_exhaustive()
}
