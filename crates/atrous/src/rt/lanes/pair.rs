//! Vectors wider than the machine's: two halves.

use super::Lanes;
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
    fn from_fn(mut lane: impl FnMut(usize) -> f32) -> Self {
        Pair(T::from_fn(&mut lane), T::from_fn(|upper| lane(T::LANES + upper)))
    }

    #[inline(always)]
    fn lane(self, lane: usize) -> f32 {
        if lane < T::LANES { self.0.lane(lane) } else { self.1.lane(lane - T::LANES) }
    }

    #[inline(always)]
    fn store(self, window: &[Cell<f32>], at: usize) {
        self.0.store(window, at);
        self.1.store(window, at + T::LANES);
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
