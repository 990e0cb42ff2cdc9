//! Vectors of eight in the registers of x86-64 with AVX2.
//!
//! # Safety
//!
//! - This module exists only where the whole program is compiled for AVX2, which is all that the intrinsics need; the
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

/// Eight numbers.
#[derive(Clone, Copy)]
pub struct Avx(__m256);

impl Avx {
    #[inline(always)]
    fn from_array(lanes: [f32; 8]) -> Avx {
        // Both types are 32 bytes without padding in which all bits are values.
        unsafe { Avx(transmute::<[f32; 8], __m256>(lanes)) }
    }

    #[inline(always)]
    fn to_array(self) -> [f32; 8] {
        // Both types are 32 bytes without padding in which all bits are values.
        unsafe { transmute::<__m256, [f32; 8]>(self.0) }
    }
}

impl Lanes for Avx {
    const LANES: usize = 8;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        unsafe { Avx(_mm256_set1_ps(value)) }
    }

    #[inline(always)]
    fn load(window: &[f32], at: usize) -> Self {
        Avx::from_array(Array::load(window, at).0)
    }

    #[inline(always)]
    fn from_fn(lane: impl FnMut(usize) -> f32) -> Self {
        Avx::from_array(from_fn(lane))
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
    fn add(self, right: Self) -> Self {
        unsafe { Avx(_mm256_add_ps(self.0, right.0)) }
    }

    #[inline(always)]
    fn sub(self, right: Self) -> Self {
        unsafe { Avx(_mm256_sub_ps(self.0, right.0)) }
    }

    #[inline(always)]
    fn mul(self, right: Self) -> Self {
        unsafe { Avx(_mm256_mul_ps(self.0, right.0)) }
    }

    #[inline(always)]
    fn div(self, right: Self) -> Self {
        unsafe { Avx(_mm256_div_ps(self.0, right.0)) }
    }

    #[inline(always)]
    fn min(self, right: Self) -> Self {
        unsafe { Avx(_mm256_min_ps(self.0, right.0)) }
    }

    #[inline(always)]
    fn max(self, right: Self) -> Self {
        unsafe { Avx(_mm256_max_ps(self.0, right.0)) }
    }

    #[cfg(target_feature = "fma")]
    #[inline(always)]
    fn fused_multiply_add(self, right: Self, addend: Self) -> Self {
        unsafe { Avx(_mm256_fmadd_ps(self.0, right.0, addend.0)) }
    }

    #[cfg(not(target_feature = "fma"))]
    #[inline(always)]
    fn fused_multiply_add(self, right: Self, addend: Self) -> Self {
        let [left, right, addend] = [self, right, addend].map(|vector| Array(vector.to_array()));
        Avx::from_array(left.fused_multiply_add(right, addend).0)
    }

    #[inline(always)]
    fn select_less(self, right: Self, yes: Self, no: Self) -> Self {
        unsafe {
            let less = _mm256_cmp_ps::<_CMP_LT_OQ>(self.0, right.0);
            Avx(_mm256_blendv_ps(no.0, yes.0, less))
        }
    }

    #[inline(always)]
    fn shift_left(self, bits: u32) -> Self {
        unsafe {
            let count = _mm_cvtsi32_si128(bits.cast_signed());
            Avx(_mm256_castsi256_ps(_mm256_sll_epi32(_mm256_castps_si256(self.0), count)))
        }
    }
}
