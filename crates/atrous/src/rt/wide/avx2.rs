//! Vectors for AVX2 and FMA, and what else their code uses.

use super::super::lanes::{Array, Lanes};
use super::narrow::{fused_multiply_add, fused_multiply_add_load, narrow, one, two};
use super::{in_order, vector};
use crate::rt::cells::write;
use std::arch::x86_64::*;
use std::cell::Cell;
use std::mem::transmute;

pub use super::window;
pub use crate::rt::{extent, iterations};

narrow! {
    /// One number.
    F32x1([f32; 1] in f32), "avx2,fma", one, one::fused_multiply_add, in_order_1
}

narrow! {
    /// Two numbers.
    F32x2([f32; 2] in f64), "avx2,fma", two, fused_multiply_add_2, in_order_2
}

vector! {
    /// Four numbers.
    F32x4([f32; 4] in __m128), "avx2,fma",
    splat: _mm_set1_ps, add: _mm_add_ps, sub: _mm_sub_ps, mul: _mm_mul_ps, div: _mm_div_ps, min: _mm_min_ps,
    max: _mm_max_ps, fused_multiply_add: fused_multiply_add_4, select_less: select_less_4, shift_left: shift_left_4,
    load_part: load_part_4, store_part: store_part_4, shuffle: shuffle_4, blend: blend_4, in_order: in_order_4,
    fused_multiply_add_load: fused_multiply_add_load_4,
}

vector! {
    /// Eight numbers.
    F32x8([f32; 8] in __m256), "avx2,fma",
    splat: _mm256_set1_ps, add: _mm256_add_ps, sub: _mm256_sub_ps, mul: _mm256_mul_ps, div: _mm256_div_ps,
    min: _mm256_min_ps, max: _mm256_max_ps, fused_multiply_add: fused_multiply_add_8, select_less: select_less_8,
    shift_left: shift_left_8, load_part: load_part_8, store_part: store_part_8, shuffle: shuffle_8, blend: blend_8, in_order: in_order_8,
    fused_multiply_add_load: fused_multiply_add_load_8,
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn select_less_4(left: __m128, right: __m128, yes: __m128, no: __m128) -> __m128 {
    _mm_blendv_ps(no, yes, _mm_cmplt_ps(left, right))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn select_less_8(left: __m256, right: __m256, yes: __m256, no: __m256) -> __m256 {
    _mm256_blendv_ps(no, yes, _mm256_cmp_ps::<_CMP_LT_OQ>(left, right))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn shift_left_4(vector: __m128, bits: u32) -> __m128 {
    _mm_castsi128_ps(_mm_sll_epi32(_mm_castps_si128(vector), _mm_cvtsi32_si128(bits.cast_signed())))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn shift_left_8(vector: __m256, bits: u32) -> __m256 {
    _mm256_castsi256_ps(_mm256_sll_epi32(_mm256_castps_si256(vector), _mm_cvtsi32_si128(bits.cast_signed())))
}

/// All bits in the lanes `from..to`, none in the others.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn mask_4(from: usize, to: usize) -> __m128i {
    let lane = _mm_setr_epi32(0, 1, 2, 3);
    let [from, to] = [_mm_set1_epi32(from as i32), _mm_set1_epi32(to as i32)];
    _mm_andnot_si128(_mm_cmpgt_epi32(from, lane), _mm_cmpgt_epi32(to, lane))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn load_part_4(active: &[f32], from: usize) -> __m128 {
    // SAFETY: the facts of the module above.
    unsafe { _mm_maskload_ps(active.as_ptr().wrapping_sub(from), mask_4(from, from + active.len())) }
}

/// Stores lanes in pieces: a store with a mask is slow on some machines.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn store_part_4(vector: __m128, active: &[Cell<f32>], from: usize) {
    if active.len() == 4 {
        // SAFETY: the facts of the module above.
        return unsafe { write::<__m128, 4>(active, 0, vector) };
    }
    let halves = [vector, _mm_movehl_ps(vector, vector)].map(|half| _mm_cvtsd_f64(_mm_castps_pd(half)));
    in_halves(halves, active, from, 2, two::store_part);
}

/// All bits in the lanes `from..to`, none in the others.
#[inline]
#[target_feature(enable = "avx2,fma")]
fn mask_8(from: usize, to: usize) -> __m256i {
    let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    let [from, to] = [_mm256_set1_epi32(from as i32), _mm256_set1_epi32(to as i32)];
    _mm256_andnot_si256(_mm256_cmpgt_epi32(from, lane), _mm256_cmpgt_epi32(to, lane))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn load_part_8(active: &[f32], from: usize) -> __m256 {
    // SAFETY: the facts of the module above.
    unsafe { _mm256_maskload_ps(active.as_ptr().wrapping_sub(from), mask_8(from, from + active.len())) }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
fn store_part_8(vector: __m256, active: &[Cell<f32>], from: usize) {
    let halves = [_mm256_castps256_ps128(vector), _mm256_extractf128_ps::<1>(vector)];
    in_halves(halves, active, from, 4, |half, active, from| store_part_4(half, active, from));
}

/// Stores each half of a vector, of `lanes` each, where it has active lanes.
#[inline(always)]
fn in_halves<T>(
    halves: [T; 2],
    active: &[Cell<f32>],
    from: usize,
    lanes: usize,
    store: impl Fn(T, &[Cell<f32>], usize),
) {
    let (low, high) = active.split_at(lanes.saturating_sub(from).min(active.len()));
    let [low_half, high_half] = halves;
    if !low.is_empty() {
        store(low_half, low, from);
    }
    if !high.is_empty() {
        store(high_half, high, from.max(lanes) - lanes);
    }
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn blend_4(inside: __m128, outside: __m128, from: usize, to: usize) -> __m128 {
    _mm_blendv_ps(outside, inside, _mm_castsi128_ps(mask_4(from, to)))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn shuffle_4(left: __m128, right: __m128, lanes: [i32; 4]) -> __m128 {
    // SAFETY: the facts of the module above.
    let from = unsafe { transmute::<[i32; 4], __m128i>(lanes) };
    let of_right = _mm_castsi128_ps(_mm_cmpgt_epi32(from, _mm_set1_epi32(3)));
    _mm_blendv_ps(_mm_permutevar_ps(left, from), _mm_permutevar_ps(right, from), of_right)
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn blend_8(inside: __m256, outside: __m256, from: usize, to: usize) -> __m256 {
    _mm256_blendv_ps(outside, inside, _mm256_castsi256_ps(mask_8(from, to)))
}

#[inline]
#[target_feature(enable = "avx2,fma")]
pub(super) fn shuffle_8(left: __m256, right: __m256, lanes: [i32; 8]) -> __m256 {
    // SAFETY: the facts of the module above.
    let from = unsafe { transmute::<[i32; 8], __m256i>(lanes) };
    let of_right = _mm256_castsi256_ps(_mm256_cmpgt_epi32(from, _mm256_set1_epi32(7)));
    _mm256_blendv_ps(_mm256_permutevar8x32_ps(left, from), _mm256_permutevar8x32_ps(right, from), of_right)
}

fused_multiply_add! {
    fused_multiply_add_2(f64 in xmm_reg as "{}"), "avx2,fma";
    fused_multiply_add_4(__m128 in xmm_reg as "{}"), "avx2,fma";
    fused_multiply_add_8(__m256 in ymm_reg as "{}"), "avx2,fma";
}

fused_multiply_add_load! {
    fused_multiply_add_load_4([f32; 4] in __m128 as xmm_reg "{}"), "avx2,fma";
    fused_multiply_add_load_8([f32; 8] in __m256 as ymm_reg "{}"), "avx2,fma";
}

in_order! {
    in_order_1(f32 in xmm_reg as "{:x}"), "avx2,fma";
    in_order_2(f64 in xmm_reg as "{:x}"), "avx2,fma";
    in_order_4(__m128 in xmm_reg as "{:x}"), "avx2,fma";
    in_order_8(__m256 in ymm_reg as "{:y}"), "avx2,fma";
}
