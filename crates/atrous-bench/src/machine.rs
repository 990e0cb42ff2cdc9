//! What the machine can do at the moment, so that times can be read as shares of it.

use std::hint::black_box;

/// Sums that do not wait for each other: more than the latency of a multiply-add, few enough for the registers.
const SUMS: usize = 12;

/// A block of dependent additions.
const CHAIN: u64 = 64;

/// Does nothing but fused multiply-adds of the widest vectors, in registers, `rounds` times [`SUMS`] of them. Returns how
/// many multiply-adds of `f32` that is: the caller divides by the time.
#[unsafe(no_mangle)]
pub extern "C" fn atrous_bench_multiply_adds(rounds: u64) -> u64 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") {
            // SAFETY: AVX-512 F has just been detected.
            return unsafe { wide::avx512(rounds) };
        }
        if has!("avx2") && has!("fma") {
            // SAFETY: AVX2 and FMA have just been detected.
            return unsafe { wide::avx2(rounds) };
        }
    }
    portable(rounds)
}

/// Four lanes, as every machine that compiles Rust for speed has them, and no fusing.
fn portable(rounds: u64) -> u64 {
    const LANES: usize = 4;
    let (left, right) = (black_box([0.5f32; LANES]), black_box([0.5f32; LANES]));
    let mut sums = [[0f32; LANES]; SUMS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = std::array::from_fn(|lane| sum[lane] + left[lane] * right[lane]);
        }
    }
    black_box(sums);
    rounds * (SUMS * LANES) as u64
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::SUMS;
    use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_set1_ps, _mm512_fmadd_ps, _mm512_set1_ps};
    use std::hint::black_box;

    /// The loop for one vector type.
    macro_rules! multiply_adds {
        ($(#[$attribute:meta])* $name:ident, $lanes:literal, $splat:ident, $multiply_add:ident) => {
            $(#[$attribute])*
            pub fn $name(rounds: u64) -> u64 {
                let (left, right) = ($splat(black_box(0.5)), $splat(black_box(0.5)));
                let mut sums = [$splat(black_box(0.0)); SUMS];
                for _ in 0..rounds {
                    for sum in &mut sums {
                        *sum = $multiply_add(left, right, *sum);
                    }
                }
                black_box(sums);
                rounds * SUMS as u64 * $lanes
            }
        };
    }

    multiply_adds!(
        #[target_feature(enable = "avx512f")]
        avx512,
        16,
        _mm512_set1_ps,
        _mm512_fmadd_ps
    );
    multiply_adds!(
        #[target_feature(enable = "avx2,fma")]
        avx2,
        8,
        _mm256_set1_ps,
        _mm256_fmadd_ps
    );
}

/// Does at least `count` integer additions of which each waits for the one before, a cycle each. Returns how many: divided
/// by the time they are the clock of the core. 0 where the crate does not know the instruction.
#[unsafe(no_mangle)]
pub extern "C" fn atrous_bench_additions(count: u64) -> u64 {
    let blocks = count.div_ceil(CHAIN);
    let (mut sum, step) = (0u64, black_box(3u64));
    for _ in 0..blocks {
        if !chain(&mut sum, step) {
            return 0;
        }
    }
    black_box(sum);
    blocks * CHAIN
}

/// [`CHAIN`] additions. A register is added because some processors add constants in no time.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn chain(sum: &mut u64, step: u64) -> bool {
    // SAFETY: registers are all that it reads and writes.
    unsafe {
        std::arch::asm!(
            ".rept 64", "add {sum}, {step}", ".endr",
            sum = inout(reg) *sum, step = in(reg) step, options(pure, nomem, nostack)
        );
    }
    true
}

/// [`CHAIN`] additions.
#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn chain(sum: &mut u64, step: u64) -> bool {
    // SAFETY: registers are all that it reads and writes.
    unsafe {
        std::arch::asm!(
            ".rept 64", "add {sum}, {sum}, {step}", ".endr",
            sum = inout(reg) *sum, step = in(reg) step, options(pure, nomem, nostack)
        );
    }
    true
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn chain(_: &mut u64, _: u64) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::{atrous_bench_additions, atrous_bench_multiply_adds, portable};

    #[test]
    fn work_is_counted() {
        assert_eq!(portable(10), 480);
        assert_eq!(atrous_bench_multiply_adds(20), 2 * atrous_bench_multiply_adds(10));
        assert!([0, 128].contains(&atrous_bench_additions(65)));
    }
}
