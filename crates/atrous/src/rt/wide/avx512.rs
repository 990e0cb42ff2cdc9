//! Vectors for AVX-512, and what else their code uses. Shorter ones are the same as without: rustc compiles their
//! methods for the registers of the caller.

use super::super::lanes::{Array, Lanes};
use super::vector;
use std::arch::x86_64::*;
use std::cell::Cell;

pub use super::avx2::{F32x1, F32x2, F32x4, F32x8, iterations, window};

vector! {
    /// Sixteen numbers.
    F32x16([f32; 16] in __m512), "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    splat: _mm512_set1_ps, add: _mm512_add_ps, sub: _mm512_sub_ps, mul: _mm512_mul_ps, div: _mm512_div_ps,
    min: _mm512_min_ps, max: _mm512_max_ps, fused_multiply_add: _mm512_fmadd_ps, select_less: select_less_16,
    shift_left: shift_left_16,
}

#[inline]
#[target_feature(enable = "avx512f")]
fn select_less_16(left: __m512, right: __m512, yes: __m512, no: __m512) -> __m512 {
    _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(left, right), no, yes)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn shift_left_16(vector: __m512, bits: u32) -> __m512 {
    _mm512_castsi512_ps(_mm512_sll_epi32(_mm512_castps_si512(vector), _mm_cvtsi32_si128(bits.cast_signed())))
}
