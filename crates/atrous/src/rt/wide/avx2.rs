//! Vectors for AVX2 and FMA, and what else their code uses.

use super::super::lanes::{Array, Lanes};
use super::vector;
use std::arch::x86_64::*;
use std::cell::Cell;

pub use crate::rt::{iterations, window};

macro_rules! narrow {
    ($name:ident, $lanes:literal) => {
        vector! {
            /// Fewer numbers than the shortest register has.
            $name([f32; $lanes] in Array<$lanes>), "avx2,fma",
            splat: Array::splat, add: Array::add, sub: Array::sub, mul: Array::mul, div: Array::div, min: Array::min,
            max: Array::max, fused_multiply_add: Array::fused_multiply_add, select_less: Array::select_less,
            shift_left: Array::shift_left,
        }
    };
}

narrow!(F32x1, 1);
narrow!(F32x2, 2);

vector! {
    /// Four numbers.
    F32x4([f32; 4] in __m128), "avx2,fma",
    splat: _mm_set1_ps, add: _mm_add_ps, sub: _mm_sub_ps, mul: _mm_mul_ps, div: _mm_div_ps, min: _mm_min_ps,
    max: _mm_max_ps, fused_multiply_add: _mm_fmadd_ps, select_less: select_less_4, shift_left: shift_left_4,
}

vector! {
    /// Eight numbers.
    F32x8([f32; 8] in __m256), "avx2,fma",
    splat: _mm256_set1_ps, add: _mm256_add_ps, sub: _mm256_sub_ps, mul: _mm256_mul_ps, div: _mm256_div_ps,
    min: _mm256_min_ps, max: _mm256_max_ps, fused_multiply_add: _mm256_fmadd_ps, select_less: select_less_8,
    shift_left: shift_left_8,
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn select_less_4(left: __m128, right: __m128, yes: __m128, no: __m128) -> __m128 {
    _mm_blendv_ps(no, yes, _mm_cmplt_ps(left, right))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn select_less_8(left: __m256, right: __m256, yes: __m256, no: __m256) -> __m256 {
    _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_LT_OQ>(left, right))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn shift_left_4(vector: __m128, bits: u32) -> __m128 {
    _mm_castsi128_ps(_mm_sll_epi32(_mm_castps_si128(vector), _mm_cvtsi32_si128(bits.cast_signed())))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn shift_left_8(vector: __m256, bits: u32) -> __m256 {
    _mm256_castsi256_ps(_mm256_sll_epi32(_mm256_castps_si256(vector), _mm_cvtsi32_si128(bits.cast_signed())))
}
