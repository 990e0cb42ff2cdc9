//! Vectors of `f32`.
//!
//! The definition of every operation is the one of [`array`], lane by lane. The other implementations give the same
//! bits with the machine's vector registers, because an optimiser finds those again only in simple cases.

mod array;
#[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
mod avx;
mod pair;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod sse;
#[cfg(test)]
pub mod tests;

use std::cell::Cell;

pub use array::Array;
pub type F32x1 = array::Array<1>;
pub type F32x2 = array::Array<2>;
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
pub type F32x4 = array::Array<4>;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
pub type F32x4 = sse::Sse;
#[cfg(not(all(target_arch = "x86_64", target_feature = "avx2")))]
pub type F32x8 = pair::Pair<F32x4>;
#[cfg(all(target_arch = "x86_64", target_feature = "avx2"))]
pub type F32x8 = avx::Avx;
pub type F32x16 = pair::Pair<F32x8>;

/// The even elements of `2·N − 1` neighbours, of which a vector has the first `N`, and another one the last `N`.
pub const fn every_second<const N: usize>() -> [i32; N] {
    let mut lanes = [0; N];
    let mut lane = 0;
    while lane < N {
        lanes[lane] = (2 * lane + 2 * lane / N) as i32;
        lane += 1;
    }
    lanes
}

/// Half of the lanes of a vector, from one on, each of them twice.
pub const fn twice<const N: usize>(from: usize) -> [i32; N] {
    let mut lanes = [0; N];
    let mut lane = 0;
    while lane < N {
        lanes[lane] = (from + lane / 2) as i32;
        lane += 1;
    }
    lanes
}

/// A vector whose lanes work each for itself.
pub trait Lanes: Copy {
    /// How many.
    const LANES: usize;

    /// The number in every lane.
    fn splat(value: f32) -> Self;

    /// Lane `l` from position `at + l`.
    fn load(window: &[f32], at: usize) -> Self;

    /// The number at position `at` in every lane.
    #[inline(always)]
    fn broadcast(window: &[f32], at: usize) -> Self {
        Self::splat(window[at])
    }

    /// Each lane by its number.
    fn from_fn(lane: impl FnMut(usize) -> f32) -> Self;

    /// One lane.
    fn lane(self, lane: usize) -> f32;

    /// Lane `l` to position `at + l`.
    fn store(self, window: &[Cell<f32>], at: usize);

    /// `a + b`
    fn add(self, right: Self) -> Self;

    /// `a − b`
    fn sub(self, right: Self) -> Self;

    /// `a · b`
    fn mul(self, right: Self) -> Self;

    /// `a / b`
    fn div(self, right: Self) -> Self;

    /// `if a < b { a } else { b }`
    fn min(self, right: Self) -> Self;

    /// `if a > b { a } else { b }`
    fn max(self, right: Self) -> Self;

    /// `a · b + c`, rounded once.
    fn fused_multiply_add(self, right: Self, addend: Self) -> Self;

    /// `a · b + c`, rounded once, where lane `l` of `b` is at position `AT + l`.
    #[inline(always)]
    fn fused_multiply_add_load<const AT: usize>(self, window: &[f32], addend: Self) -> Self {
        self.fused_multiply_add(Self::load(window, AT), addend)
    }

    /// `if a < b { yes } else { no }`
    fn select_less(self, right: Self, yes: Self, no: Self) -> Self;

    /// The bits as an integer, shifted left by less than 32.
    fn shift_left(self, bits: u32) -> Self;

    /// Lane `l` from position `at + l·stride`.
    #[inline(always)]
    fn load_strided(window: &[f32], at: usize, stride: isize) -> Self {
        Self::from_fn(|lane| window[strided(at, stride, lane)])
    }

    /// Lane `l` to position `at + l·stride`.
    #[inline(always)]
    fn store_strided(self, window: &[Cell<f32>], at: usize, stride: isize) {
        for lane in 0..Self::LANES {
            window[strided(at, stride, lane)].set(self.lane(lane));
        }
    }

    /// The lanes `FROM..TO` from position `at` on; the others are zero.
    #[inline(always)]
    fn load_part<const FROM: usize, const TO: usize>(window: &[f32], at: usize) -> Self {
        Self::load_part_strided::<FROM, TO>(window, at, 1)
    }

    /// The lanes `FROM..TO` from position `at` on, `stride` apart; the others are zero.
    #[inline(always)]
    fn load_part_strided<const FROM: usize, const TO: usize>(window: &[f32], at: usize, stride: isize) -> Self {
        let active = |lane: usize| window[strided(at, stride, lane - FROM)];
        Self::from_fn(|lane| if (FROM..TO).contains(&lane) { active(lane) } else { 0.0 })
    }

    /// The lanes `FROM..TO` to position `at` and what follows it.
    #[inline(always)]
    fn store_part<const FROM: usize, const TO: usize>(self, window: &[Cell<f32>], at: usize) {
        self.store_part_strided::<FROM, TO>(window, at, 1);
    }

    /// The lanes `FROM..TO` to position `at` and what follows it, `stride` apart.
    #[inline(always)]
    fn store_part_strided<const FROM: usize, const TO: usize>(self, window: &[Cell<f32>], at: usize, stride: isize) {
        for lane in FROM..TO {
            window[strided(at, stride, lane - FROM)].set(self.lane(lane));
        }
    }

    /// Lane `l` is lane `lanes[l]` of this vector and then `right`, counted through.
    #[inline(always)]
    fn shuffle<const N: usize>(self, right: Self, lanes: [i32; N]) -> Self {
        let taken = |lane: usize| if lane < Self::LANES { self.lane(lane) } else { right.lane(lane - Self::LANES) };
        Self::from_fn(|lane| taken(lanes[lane] as usize))
    }

    /// `a · b + c`, rounded after the product and after the sum.
    #[inline(always)]
    fn multiply_add(self, right: Self, addend: Self) -> Self {
        self.mul(right).add(addend)
    }

    /// [`multiply_add`](Lanes::multiply_add) in the lanes `FROM..TO`; the addend in the others.
    #[inline(always)]
    fn multiply_add_part<const FROM: usize, const TO: usize>(self, right: Self, addend: Self) -> Self {
        part::<_, FROM, TO>(self.multiply_add(right, addend), addend)
    }

    /// [`fused_multiply_add`](Lanes::fused_multiply_add) in the lanes `FROM..TO`; the addend in the others.
    #[inline(always)]
    fn fused_multiply_add_part<const FROM: usize, const TO: usize>(self, right: Self, addend: Self) -> Self {
        part::<_, FROM, TO>(self.fused_multiply_add(right, addend), addend)
    }
}

/// The position of a lane of a strided access.
#[inline(always)]
fn strided(at: usize, stride: isize, lane: usize) -> usize {
    at.wrapping_add_signed(stride.wrapping_mul(lane as isize))
}

/// The lanes `FROM..TO` of one vector, beside the others of another.
#[inline(always)]
fn part<V: Lanes, const FROM: usize, const TO: usize>(inside: V, outside: V) -> V {
    V::from_fn(|lane| if (FROM..TO).contains(&lane) { inside.lane(lane) } else { outside.lane(lane) })
}
