//! Vectors of four in the registers of x86-64.
//!
//! # Safety
//!
//! - This module exists only where the whole program is compiled for SSE2, which is all that the intrinsics need; the
//!   one that needs more stands under its `cfg`.
//! - None of them touches memory: loads and stores go through arrays with checked bounds.
#![allow(unsafe_code, clippy::undocumented_unsafe_blocks)]

use super::Lanes;
use super::array::Array;
use crate::rt::cells::write_lanes;
use std::arch::x86_64::*;
use std::array::from_fn;
use std::cell::Cell;
use std::mem::transmute;

/// Four numbers.
#[derive(Clone, Copy)]
pub struct Sse(__m128);

impl Sse {
    #[inline(always)]
    fn from_array(lanes: [f32; 4]) -> Sse {
        // Both types are 16 bytes without padding in which all bits are values.
        unsafe { Sse(transmute::<[f32; 4], __m128>(lanes)) }
    }

    #[inline(always)]
    fn to_array(self) -> [f32; 4] {
        // Both types are 16 bytes without padding in which all bits are values.
        unsafe { transmute::<__m128, [f32; 4]>(self.0) }
    }
}

impl Lanes for Sse {
    const LANES: usize = 4;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        unsafe { Sse(_mm_set1_ps(value)) }
    }

    #[inline(always)]
    fn load(window: &[f32], at: usize) -> Self {
        Sse::from_array(Array::load(window, at).0)
    }

    #[inline(always)]
    fn from_fn(lane: impl FnMut(usize) -> f32) -> Self {
        Sse::from_array(from_fn(lane))
    }

    #[inline(always)]
    fn lane(self, lane: usize) -> f32 {
        self.to_array()[lane]
    }

    #[inline(always)]
    fn store(self, window: &[Cell<f32>], at: usize) {
        write_lanes(window, at, self.to_array());
    }

    #[inline(always)]
    fn load_strided(window: &[f32], at: usize, stride: isize) -> Self {
        if stride == 2 {
            let [first, last] = [Sse::load(window, at), Sse::load(window, at + 3)];
            return unsafe { Sse(_mm_shuffle_ps::<0b11_01_10_00>(first.0, last.0)) };
        }
        Sse::from_fn(|lane| window[super::strided(at, stride, lane)])
    }

    #[inline(always)]
    fn add(self, right: Self) -> Self {
        unsafe { Sse(_mm_add_ps(self.0, right.0)) }
    }

    #[inline(always)]
    fn sub(self, right: Self) -> Self {
        unsafe { Sse(_mm_sub_ps(self.0, right.0)) }
    }

    #[inline(always)]
    fn mul(self, right: Self) -> Self {
        unsafe { Sse(_mm_mul_ps(self.0, right.0)) }
    }

    #[inline(always)]
    fn div(self, right: Self) -> Self {
        unsafe { Sse(_mm_div_ps(self.0, right.0)) }
    }

    #[inline(always)]
    fn min(self, right: Self) -> Self {
        unsafe { Sse(_mm_min_ps(self.0, right.0)) }
    }

    #[inline(always)]
    fn max(self, right: Self) -> Self {
        unsafe { Sse(_mm_max_ps(self.0, right.0)) }
    }

    #[cfg(target_feature = "fma")]
    #[inline(always)]
    fn fused_multiply_add(self, right: Self, addend: Self) -> Self {
        unsafe { Sse(_mm_fmadd_ps(self.0, right.0, addend.0)) }
    }

    #[cfg(not(target_feature = "fma"))]
    #[inline(always)]
    fn fused_multiply_add(self, right: Self, addend: Self) -> Self {
        let [left, right, addend] = [self, right, addend].map(|vector| Array(vector.to_array()));
        Sse::from_array(left.fused_multiply_add(right, addend).0)
    }

    #[inline(always)]
    fn select_less(self, right: Self, yes: Self, no: Self) -> Self {
        unsafe {
            let less = _mm_cmplt_ps(self.0, right.0);
            Sse(_mm_or_ps(_mm_and_ps(less, yes.0), _mm_andnot_ps(less, no.0)))
        }
    }

    #[inline(always)]
    fn shift_left(self, bits: u32) -> Self {
        unsafe {
            let count = _mm_cvtsi32_si128(bits.cast_signed());
            Sse(_mm_castsi128_ps(_mm_sll_epi32(_mm_castps_si128(self.0), count)))
        }
    }
}
