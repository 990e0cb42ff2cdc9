//! What the machine can do at the moment, so that times can be read as shares of it.

use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Sums that do not wait for each other: more than the latency of a multiply-add, few enough for the registers.
const SUMS: usize = 12;

/// A block of dependent additions.
const CHAIN: u64 = 64;

/// Rounds of the loop between two looks at the clock: some 30 µs.
const ROUNDS: u64 = 1 << 14;

/// Does nothing but fused multiply-adds of the widest vectors, in registers, on so many threads at once and for at least so
/// many nanoseconds. Returns how many multiply-adds of `f32` all did together in a nanosecond.
#[unsafe(no_mangle)]
pub extern "C" fn atrous_bench_multiply_adds(threads: usize, nanoseconds: u64) -> f64 {
    let (started, duration) = (AtomicUsize::new(0), Duration::from_nanos(nanoseconds));
    let work = || {
        started.fetch_add(1, Ordering::Relaxed);
        while started.load(Ordering::Relaxed) < threads {
            spin_loop();
        }
        multiply_adds_for(duration)
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let own = work();
        own + others.into_iter().map(|other| other.join().expect("the loop does not panic")).sum::<f64>()
    })
}

/// What this thread does in a nanosecond.
fn multiply_adds_for(duration: Duration) -> f64 {
    let start = Instant::now();
    let mut done = 0;
    loop {
        done += multiply_adds(ROUNDS);
        let elapsed = start.elapsed();
        if elapsed >= duration {
            return done as f64 / elapsed.as_nanos() as f64;
        }
    }
}

/// `rounds` times [`SUMS`] vectors. Returns how many multiply-adds that is.
fn multiply_adds(rounds: u64) -> u64 {
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
    use super::{atrous_bench_additions, atrous_bench_multiply_adds, multiply_adds, portable};
    use std::time::{Duration, Instant};

    #[test]
    fn work_is_counted() {
        assert_eq!(portable(10), 480);
        assert_eq!(multiply_adds(20), 2 * multiply_adds(10));
        assert!([0, 128].contains(&atrous_bench_additions(65)));
    }

    #[test]
    fn all_threads_work_for_as_long_as_asked() {
        let (start, duration) = (Instant::now(), Duration::from_millis(5));
        assert!(atrous_bench_multiply_adds(3, duration.as_nanos() as u64) > 0.0);
        assert!(start.elapsed() >= duration);
    }
}
