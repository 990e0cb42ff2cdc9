//! Vectors for AVX-512, and what else their code uses. Shorter ones compute as without, but may use twice the registers.

use super::super::lanes::{Array, Lanes, twice};
use super::narrow::{fused_multiply_add, narrow, one, two};
use super::{avx2, cells, in_order, vector};
use std::arch::x86_64::*;
use std::cell::Cell;
use std::mem::transmute;

pub use super::avx2::{extent, iterations, window};

narrow! {
    /// One number.
    F32x1([f32; 1] in f32), "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", one, one::fused_multiply_add, in_order_1
}

narrow! {
    /// Two numbers.
    F32x2([f32; 2] in f64), "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", two, fused_multiply_add_2, in_order_2
}

vector! {
    /// Four numbers.
    F32x4([f32; 4] in __m128), "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    splat: _mm_set1_ps, add: _mm_add_ps, sub: _mm_sub_ps, mul: _mm_mul_ps, div: _mm_div_ps, min: _mm_min_ps,
    max: _mm_max_ps, fused_multiply_add: _mm_fmadd_ps, select_less: avx2::select_less_4, shift_left: avx2::shift_left_4,
    load_part: avx2::load_part_4, store_part: store_part_4, shuffle: avx2::shuffle_4, blend: blend_4, in_order: in_order_4,
    store_every_second: store_every_second_4,
}

vector! {
    /// Eight numbers.
    F32x8([f32; 8] in __m256), "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    splat: _mm256_set1_ps, add: _mm256_add_ps, sub: _mm256_sub_ps, mul: _mm256_mul_ps, div: _mm256_div_ps,
    min: _mm256_min_ps, max: _mm256_max_ps, fused_multiply_add: _mm256_fmadd_ps, select_less: avx2::select_less_8,
    shift_left: avx2::shift_left_8, load_part: avx2::load_part_8, store_part: store_part_8, shuffle: avx2::shuffle_8, blend: blend_8, in_order: in_order_8,
    store_every_second: store_every_second_8,
}

vector! {
    /// Sixteen numbers.
    F32x16([f32; 16] in __m512), "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
    splat: _mm512_set1_ps, add: _mm512_add_ps, sub: _mm512_sub_ps, mul: _mm512_mul_ps, div: _mm512_div_ps,
    min: _mm512_min_ps, max: _mm512_max_ps, fused_multiply_add: _mm512_fmadd_ps, select_less: select_less_16,
    shift_left: shift_left_16, load_part: load_part_16, store_part: store_part_16, shuffle: shuffle_16, blend: blend_16, in_order: in_order_16,
    store_every_second: store_every_second_16,
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

/// A bit for each of the lanes `from..to`.
#[inline(always)]
fn mask(from: usize, to: usize) -> __mmask16 {
    ((1_u32 << to) - (1 << from)) as __mmask16
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_part_16(active: &[f32], from: usize) -> __m512 {
    // SAFETY: the facts of the module above.
    unsafe { _mm512_maskz_loadu_ps(mask(from, from + active.len()), active.as_ptr().wrapping_sub(from)) }
}

macro_rules! store_part {
    ($name:ident($register:ty, $mask:ty), $store:path) => {
        #[inline]
        #[target_feature(enable = "avx512f,avx512vl")]
        fn $name(vector: $register, active: &[Cell<f32>], from: usize) {
            // SAFETY: the facts of the module above.
            unsafe { $store(cells(active).wrapping_sub(from), mask(from, from + active.len()) as $mask, vector) }
        }
    };
}

store_part!(store_part_4(__m128, __mmask8), _mm_mask_storeu_ps);
store_part!(store_part_8(__m256, __mmask8), _mm256_mask_storeu_ps);
store_part!(store_part_16(__m512, __mmask16), _mm512_mask_storeu_ps);

/// Stores lanes from one on to every second of some cells, of which the first and the last are written: of each half of the
/// lanes, each twice, those at even places.
macro_rules! store_every_second {
    ($name:ident($register:ty, $lanes:literal), $shuffle:path, $store:path) => {
        #[inline]
        #[target_feature(enable = "avx512f,avx512vl,avx2")]
        fn $name(vector: $register, written: &[Cell<f32>], from: usize) {
            let to = from + written.len().div_ceil(2);
            for half in [0, $lanes / 2] {
                let lanes = half.max(from)..(half + $lanes / 2).min(to);
                let mask = lanes.map(|lane| 1 << (2 * (lane - half))).sum();
                let place = cells(written).wrapping_sub(2 * from).wrapping_add(2 * half);
                let twice = $shuffle(vector, vector, twice(half));
                // SAFETY: the facts of the module above.
                unsafe { $store(place, mask, twice) }
            }
        }
    };
}

store_every_second!(store_every_second_4(__m128, 4), avx2::shuffle_4, _mm_mask_storeu_ps);
store_every_second!(store_every_second_8(__m256, 8), avx2::shuffle_8, _mm256_mask_storeu_ps);
store_every_second!(store_every_second_16(__m512, 16), shuffle_16, _mm512_mask_storeu_ps);

#[inline]
#[target_feature(enable = "avx512f")]
fn blend_16(inside: __m512, outside: __m512, from: usize, to: usize) -> __m512 {
    _mm512_mask_blend_ps(unknown(mask(from, to)), outside, inside)
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn blend_8(inside: __m256, outside: __m256, from: usize, to: usize) -> __m256 {
    _mm256_mask_blend_ps(unknown(mask(from, to)) as __mmask8, outside, inside)
}

#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn blend_4(inside: __m128, outside: __m128, from: usize, to: usize) -> __m128 {
    _mm_mask_blend_ps(unknown(mask(from, to)) as __mmask8, outside, inside)
}

/// The mask, but LLVM does not know it: it would make a shuffle of a blend that could be the mask of a multiply-add.
#[inline(always)]
fn unknown(mut mask: __mmask16) -> __mmask16 {
    // SAFETY: the facts of the module above.
    unsafe { std::arch::asm!("/* {:e} */", inlateout(reg) mask, options(pure, nomem, nostack, preserves_flags)) }
    mask
}

#[inline]
#[target_feature(enable = "avx512f")]
fn shuffle_16(left: __m512, right: __m512, lanes: [i32; 16]) -> __m512 {
    // SAFETY: the facts of the module above.
    let from = unsafe { transmute::<[i32; 16], __m512i>(lanes) };
    _mm512_permutex2var_ps(left, from, right)
}

// With others, LLVM broadcasts as part of a multiply-add.
fused_multiply_add! {
    fused_multiply_add_2(f64 in zmm_reg as "{:x}"), "avx512f,avx512vl,fma";
}

// Here the shorter vectors, too, may be in any of the 32 registers.
in_order! {
    in_order_1(f32 in zmm_reg as "{:x}"), "avx512f,avx512vl";
    in_order_2(f64 in zmm_reg as "{:x}"), "avx512f,avx512vl";
    in_order_4(__m128 in zmm_reg as "{:x}"), "avx512f,avx512vl";
    in_order_8(__m256 in zmm_reg as "{:y}"), "avx512f,avx512vl";
    in_order_16(__m512 in zmm_reg as "{:z}"), "avx512f,avx512vl";
}
