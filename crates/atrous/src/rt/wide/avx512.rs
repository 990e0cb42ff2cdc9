//! Vectors for AVX-512, and what else their code uses. Shorter ones are the same as without: rustc compiles their
//! methods for the registers of the caller.

use super::super::lanes::{Array, Lanes};
use super::vector;
use std::arch::x86_64::*;
use std::mem::transmute;

pub use super::avx2::{F32x1, F32x2, F32x4, F32x8, window, window_mut};

vector! {
    /// Sixteen numbers.
    F32x16([f32; 16] in __m512), "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    splat: _mm512_set1_ps, add: _mm512_add_ps, sub: _mm512_sub_ps, mul: _mm512_mul_ps, div: _mm512_div_ps,
    min: _mm512_min_ps, max: _mm512_max_ps, fused_multiply_add: _mm512_fmadd_ps, select_less: select_less_16,
    shift_left: shift_left_16, load_part: load_part_16, store_part: store_part_16, shuffle: shuffle_16,
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

/// A bit for each of so many lanes from `from` on.
#[inline(always)]
fn mask(from: usize, count: usize) -> __mmask16 {
    (((1_u32 << count) - 1) << from) as __mmask16
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_part_16(active: &[f32], from: usize) -> __m512 {
    // SAFETY: the facts of the module above.
    unsafe { _mm512_maskz_loadu_ps(mask(from, active.len()), active.as_ptr().wrapping_sub(from)) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn store_part_16(vector: __m512, active: &mut [f32], from: usize) {
    // SAFETY: the facts of the module above.
    unsafe { _mm512_mask_storeu_ps(active.as_mut_ptr().wrapping_sub(from), mask(from, active.len()), vector) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn shuffle_16(left: __m512, right: __m512, lanes: [usize; 16]) -> __m512 {
    // SAFETY: the facts of the module above.
    let from = unsafe { transmute::<[i32; 16], __m512i>(lanes.map(|lane| lane as i32)) };
    _mm512_permutex2var_ps(left, from, right)
}
