//! Vectors wider than the machine's: two halves.

use super::{Lanes, strided};
use std::cell::Cell;

/// The lower and the upper half of a vector.
#[derive(Clone, Copy)]
pub struct Pair<T>(T, T);

impl<T: Lanes> Pair<T> {
    #[inline(always)]
    fn zip(self, right: Self, op: impl Fn(T, T) -> T) -> Self {
        Pair(op(self.0, right.0), op(self.1, right.1))
    }
}

impl<T: Lanes> Lanes for Pair<T> {
    const LANES: usize = 2 * T::LANES;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Pair(T::splat(value), T::splat(value))
    }

    #[inline(always)]
    fn load(window: &[f32], at: usize) -> Self {
        Pair(T::load(window, at), T::load(window, at + T::LANES))
    }

    #[inline(always)]
    fn load_strided(window: &[f32], at: usize, stride: isize) -> Self {
        let upper = strided(at, stride, T::LANES);
        Pair(T::load_strided(window, at, stride), T::load_strided(window, upper, stride))
    }

    #[inline(always)]
    fn store(self, window: &[Cell<f32>], at: usize) {
        self.0.store(window, at);
        self.1.store(window, at + T::LANES);
    }

    #[inline(always)]
    fn store_strided(self, window: &[Cell<f32>], at: usize, stride: isize) {
        self.0.store_strided(window, at, stride);
        self.1.store_strided(window, strided(at, stride, T::LANES), stride);
    }

    #[inline(always)]
    fn add(self, right: Self) -> Self {
        self.zip(right, T::add)
    }

    #[inline(always)]
    fn sub(self, right: Self) -> Self {
        self.zip(right, T::sub)
    }

    #[inline(always)]
    fn mul(self, right: Self) -> Self {
        self.zip(right, T::mul)
    }

    #[inline(always)]
    fn div(self, right: Self) -> Self {
        self.zip(right, T::div)
    }

    #[inline(always)]
    fn min(self, right: Self) -> Self {
        self.zip(right, T::min)
    }

    #[inline(always)]
    fn max(self, right: Self) -> Self {
        self.zip(right, T::max)
    }

    #[inline(always)]
    fn fused_multiply_add(self, right: Self, addend: Self) -> Self {
        Pair(self.0.fused_multiply_add(right.0, addend.0), self.1.fused_multiply_add(right.1, addend.1))
    }

    #[inline(always)]
    fn select_less(self, right: Self, yes: Self, no: Self) -> Self {
        Pair(self.0.select_less(right.0, yes.0, no.0), self.1.select_less(right.1, yes.1, no.1))
    }

    #[inline(always)]
    fn shift_left(self, bits: u32) -> Self {
        Pair(self.0.shift_left(bits), self.1.shift_left(bits))
    }
}
