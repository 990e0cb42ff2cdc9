//! Vectors of `f32`.
//!
//! The definition of every operation is the one of [`array`], lane by lane. The other implementations give the same
//! bits with the machine's vector registers, because an optimiser finds those again only in simple cases.

mod array;
#[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
mod avx;
mod pair;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod sse;
#[cfg(test)]
pub mod tests;

use std::cell::Cell;

pub use array::Array;
pub type F32x1 = array::Array<1>;
pub type F32x2 = array::Array<2>;
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
pub type F32x4 = array::Array<4>;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
pub type F32x4 = sse::Sse;
#[cfg(not(all(target_arch = "x86_64", target_feature = "avx2")))]
pub type F32x8 = pair::Pair<F32x4>;
#[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
pub type F32x8 = avx::Avx;
pub type F32x16 = pair::Pair<F32x8>;

/// A vector whose lanes work each for itself.
pub trait Lanes: Copy {
    /// How many.
    const LANES: usize;

    /// The number in every lane.
    fn splat(value: f32) -> Self;

    /// Lane `l` from position `at + l`.
    fn load(window: &[f32], at: usize) -> Self;

    /// Lane `l` from position `at + l·stride`.
    fn load_strided(window: &[f32], at: usize, stride: isize) -> Self;

    /// Lane `l` to position `at + l`.
    fn store(self, window: &[Cell<f32>], at: usize);

    /// Lane `l` to position `at + l·stride`.
    fn store_strided(self, window: &[Cell<f32>], at: usize, stride: isize);

    /// `a + b`
    fn add(self, right: Self) -> Self;

    /// `a − b`
    fn sub(self, right: Self) -> Self;

    /// `a · b`
    fn mul(self, right: Self) -> Self;

    /// `a / b`
    fn div(self, right: Self) -> Self;

    /// `if a < b { a } else { b }`
    fn min(self, right: Self) -> Self;

    /// `if a > b { a } else { b }`
    fn max(self, right: Self) -> Self;

    /// `a · b + c`, rounded once.
    fn fused_multiply_add(self, right: Self, addend: Self) -> Self;

    /// `if a < b { yes } else { no }`
    fn select_less(self, right: Self, yes: Self, no: Self) -> Self;

    /// The bits as an integer, shifted left by less than 32.
    fn shift_left(self, bits: u32) -> Self;

    /// `a · b + c`, rounded after the product and after the sum.
    #[inline(always)]
    fn multiply_add(self, right: Self, addend: Self) -> Self {
        self.mul(right).add(addend)
    }
}

/// The position of a lane of a strided access.
#[inline(always)]
fn strided(at: usize, stride: isize, lane: usize) -> usize {
    at.wrapping_add_signed(stride.wrapping_mul(lane as isize))
}
