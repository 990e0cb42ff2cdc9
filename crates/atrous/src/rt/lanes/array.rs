//! Vectors as arrays, for all machines and for the narrowest vectors.

use super::Lanes;
use crate::rt::cells::write_lanes;
use std::array::from_fn;
use std::cell::Cell;

/// `LANES` numbers.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Array<const LANES: usize>(pub [f32; LANES]);

impl<const LANES: usize> Array<LANES> {
    #[inline(always)]
    fn zip(self, right: Self, op: impl Fn(f32, f32) -> f32) -> Self {
        Array(from_fn(|lane| op(self.0[lane], right.0[lane])))
    }
}

impl<const LANES: usize> Lanes for Array<LANES> {
    const LANES: usize = LANES;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Array([value; LANES])
    }

    #[inline(always)]
    fn load(window: &[f32], at: usize) -> Self {
        let window = &window[at..at + LANES];
        Array(from_fn(|lane| window[lane]))
    }

    #[inline(always)]
    fn from_fn(lane: impl FnMut(usize) -> f32) -> Self {
        Array(from_fn(lane))
    }

    #[inline(always)]
    fn lane(self, lane: usize) -> f32 {
        self.0[lane]
    }

    #[inline(always)]
    fn store(self, window: &[Cell<f32>], at: usize) {
        write_lanes(window, at, self.0);
    }

    #[inline(always)]
    fn add(self, right: Self) -> Self {
        self.zip(right, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, right: Self) -> Self {
        self.zip(right, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, right: Self) -> Self {
        self.zip(right, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, right: Self) -> Self {
        self.zip(right, |a, b| a / b)
    }

    #[inline(always)]
    fn min(self, right: Self) -> Self {
        self.zip(right, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn max(self, right: Self) -> Self {
        self.zip(right, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn fused_multiply_add(self, right: Self, addend: Self) -> Self {
        Array(from_fn(|lane| self.0[lane].mul_add(right.0[lane], addend.0[lane])))
    }

    #[inline(always)]
    fn select_less(self, right: Self, yes: Self, no: Self) -> Self {
        Array(from_fn(|lane| if self.0[lane] < right.0[lane] { yes.0[lane] } else { no.0[lane] }))
    }

    #[inline(always)]
    fn shift_left(self, bits: u32) -> Self {
        Array(self.0.map(|value| f32::from_bits(value.to_bits() << bits)))
    }
}
