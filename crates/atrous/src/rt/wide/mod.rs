//! Vectors of machines that may not be the one at hand.
//!
//! Their methods need instructions that only some machines have, which methods of a trait cannot say.
//! So these types repeat the methods of [`Lanes`](super::Lanes), each with a `target_feature`: whoever has the same
//! features calls them without `unsafe`, and nobody else can.
//!
//! # Order
//!
//! A plan has its instructions in an order in which their registers fit the machine. Optimisers know better: what is
//! read twice is read once, and early, and then there are more values than registers, and sums go through memory. So
//! multiply-adds stay where the code has them, and loads do not pass them: each sum goes through an `asm!` that has no
//! instructions (one, the multiply-add itself, for AVX2 and for pairs), but for all that LLVM knows writes the sum and any
//! memory. It must not know either that the elements of a window never change: [`window`] hides where its reference comes from. And
//! `broadcast` reads through a pointer, because already rustc reads the same place only once through references.
//!
//! # Safety
//!
//! - [`vector!`] reads and writes registers as arrays. Both types have the same size, which
//!   `SAME_SIZE` checks; neither has padding, and in both all bits are values.
//! - Parts of vectors go through masks. A lane outside of the mask touches no memory, so its address may be anything:
//!   it is computed by `wrapping_sub`. The lanes inside are the elements of a slice, one for one or every second one
//!   from the first to the last, because they are lanes of the vector, which an assertion checks.
//! - For AVX2 a part is stored in pieces: a whole shorter register over as many cells of the slice.
//! - Asking for memory that will be read or written soon touches none, so its address may be anything.
//! - An `asm!` has no instruction, or one multiply-add of registers, or of elements that an assertion has found in a slice:
//!   all but its result stays as it is. `broadcast` reads what it has a reference to.
//! - [`call!`](crate::__call) calls a function that needs features. A value of [`Avx2`](super::Avx2) or
//!   [`Avx512`](super::Avx512) exists only where they have been detected, and rustc has checked that the call needs
//!   nothing else: it stands once more in a function that has these features.
#![allow(unsafe_code)]

pub mod avx2;
pub mod avx512;
mod narrow;
#[cfg(test)]
mod tests;

use std::cell::Cell;

/// A vector type: lanes, register, features, and the functions that compute.
macro_rules! vector {
    (
        $(#[$attribute:meta])*
        $name:ident([f32; $lanes:literal] in $register:ty), $features:literal,
        splat: $splat:path, add: $add:path, sub: $sub:path, mul: $mul:path, div: $div:path, min: $min:path,
        max: $max:path, fused_multiply_add: $fused:path, select_less: $select:path, shift_left: $shift:path,
        load_part: $load_part:path, store_part: $store_part:path, shuffle: $shuffle:path, blend: $blend:path, in_order: $in_order:path
        $(, store_every_second: $store_every_second:path)?
        $(, fused_multiply_add_load: $fused_load:ident)? $(,)?
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy)]
        pub struct $name($register);

        impl $name {
            const SAME_SIZE: () = assert!(size_of::<$register>() == size_of::<[f32; $lanes]>());

            #[inline]
            #[target_feature(enable = $features)]
            fn to_array(self) -> Array<$lanes> {
                let () = Self::SAME_SIZE;
                // SAFETY: the facts of the module.
                Array(unsafe { std::ptr::from_ref(&self.0).cast::<[f32; $lanes]>().read_unaligned() })
            }

            /// The number in every lane.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn splat(value: f32) -> Self {
                Self($splat(value))
            }

            /// The number at position `at` in every lane.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn broadcast(window: &[f32], at: usize) -> Self {
                // SAFETY: the facts of the module.
                Self::splat(unsafe { std::ptr::from_ref(&window[at]).read() })
            }

            /// Lane `l` from position `at + l`.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn load(window: &[f32], at: usize) -> Self {
                let () = Self::SAME_SIZE;
                let lanes: &[f32; $lanes] = window[at..].first_chunk().expect("a window has all lanes");
                // SAFETY: the facts of the module.
                Self(unsafe { std::ptr::from_ref(lanes).cast::<$register>().read_unaligned() })
            }

            /// Asks for what stands at a position, which may be outside of the memory and will be read or written soon.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn prefetch<T>(memory: &[T], at: isize) {
                let place = memory.as_ptr().wrapping_offset(at);
                // SAFETY: the facts of the module. Newer compilers know that it is safe.
                #[allow(unused_unsafe)]
                unsafe {
                    _mm_prefetch::<_MM_HINT_T0>(place.cast());
                };
            }

            /// Lane `l` from position `at + l·stride`.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn load_strided(window: &[f32], at: usize, stride: isize) -> Self {
                if stride == 2 && $lanes >= 4 {
                    let last = Self::load(window, at + $lanes - 1);
                    return Self::load(window, at).shuffle(last, crate::rt::lanes::every_second::<$lanes>());
                }
                let lanes: Array<$lanes> = Lanes::load_strided(window, at, stride);
                Self::load(&lanes.0, 0)
            }

            /// Lane `l` to position `at + l`.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn store(self, window: &[Cell<f32>], at: usize) {
                // SAFETY: the facts of the module.
                unsafe { crate::rt::cells::write::<$register, $lanes>(window, at, self.0) }
            }

            /// Lane `l` to position `at + l·stride`.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn store_strided(self, window: &[Cell<f32>], at: usize, stride: isize) {
                $(if stride == 2 {
                    return $store_every_second(self.0, &window[at..at + 2 * $lanes - 1], 0);
                })?
                Lanes::store_strided(self.to_array(), window, at, stride);
            }

            /// The lanes `FROM..TO` from position `at` on; the others are zero.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn load_part<const FROM: usize, const TO: usize>(window: &[f32], at: usize) -> Self {
                const { assert!(FROM < TO && TO <= $lanes) }
                Self($load_part(&window[at..at + (TO - FROM)], FROM))
            }

            /// The lanes `FROM..TO` from position `at` on, `stride` apart; the others are zero.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn load_part_strided<const FROM: usize, const TO: usize>(
                window: &[f32],
                at: usize,
                stride: isize,
            ) -> Self {
                const { assert!(FROM < TO && TO <= $lanes) }
                if stride == 2 && $lanes >= 4 {
                    return Self::load_part_of_every_second(window, at, FROM, TO);
                }
                let lanes: Array<$lanes> = Lanes::load_part_strided::<FROM, TO>(window, at, stride);
                Self::load(&lanes.0, 0)
            }

            /// The elements of the lanes `from..to` are those from `2·from` to `2·to − 2`, all even ones, of which one
            /// vector has the first `$lanes`, and another the last; zeros are between them. The caller asserts that these
            /// are lanes of the vector.
            #[inline]
            #[target_feature(enable = $features)]
            fn load_part_of_every_second(window: &[f32], at: usize, from: usize, to: usize) -> Self {
                let (first, end, middle) = (2 * from, 2 * to - 1, $lanes);
                let part = |range: std::ops::Range<usize>, start: usize| match range.is_empty() {
                    true => Self::splat(0.0),
                    false => Self($load_part(&window[at + range.start - first..at + range.end - first], range.start - start)),
                };
                let low = part(first..end.min(middle), 0);
                low.shuffle(part(first.max(middle)..end, middle - 1), crate::rt::lanes::every_second::<$lanes>())
            }

            /// The lanes `FROM..TO` to position `at` and what follows it.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn store_part<const FROM: usize, const TO: usize>(self, window: &[Cell<f32>], at: usize) {
                const { assert!(FROM < TO && TO <= $lanes) }
                $store_part(self.0, &window[at..at + (TO - FROM)], FROM);
            }

            /// The lanes `FROM..TO` to position `at` and what follows it, `stride` apart.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn store_part_strided<const FROM: usize, const TO: usize>(
                self,
                window: &[Cell<f32>],
                at: usize,
                stride: isize,
            ) {
                const { assert!(FROM < TO && TO <= $lanes) }
                $(if stride == 2 {
                    return $store_every_second(self.0, &window[at..at + 2 * (TO - FROM) - 1], FROM);
                })?
                Lanes::store_part_strided::<FROM, TO>(self.to_array(), window, at, stride);
            }

            /// Lane `l` is lane `lanes[l]` of this vector and then `right`, counted through.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn shuffle(self, right: Self, lanes: [i32; $lanes]) -> Self {
                Self($shuffle(self.0, right.0, lanes))
            }

            vector! { @operations $features,
                /// `a + b`
                add(right) => $add;
                /// `a − b`
                sub(right) => $sub;
                /// `a · b`
                mul(right) => $mul;
                /// `a / b`
                div(right) => $div;
                /// `if a < b { a } else { b }`
                min(right) => $min;
                /// `if a > b { a } else { b }`
                max(right) => $max;
                /// `if a < b { yes } else { no }`
                select_less(right, yes, no) => $select;
            }

            /// `a · b + c`, rounded once.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn fused_multiply_add(self, right: Self, addend: Self) -> Self {
                Self($in_order($fused(self.0, right.0, addend.0)))
            }

            /// `a · b + c`, rounded once, where lane `l` of `b` is at position `AT + l`.
            #[inline]
            #[target_feature(enable = $features)]
            #[allow(unreachable_code)] // without an instruction of its own
            pub fn fused_multiply_add_load<const AT: usize>(self, window: &[f32], addend: Self) -> Self {
                $(return Self($in_order($fused_load::<AT>(self.0, window, addend.0)));)?
                self.fused_multiply_add(Self::load(window, AT), addend)
            }

            /// The bits as an integer, shifted left by less than 32.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn shift_left(self, bits: u32) -> Self {
                $name($shift(self.0, bits))
            }

            /// `a · b + c`, rounded after the product and after the sum.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn multiply_add(self, right: Self, addend: Self) -> Self {
                self.mul(right).add(addend)
            }

            /// `fused_multiply_add` in the lanes `FROM..TO`; the addend in the others.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn fused_multiply_add_part<const FROM: usize, const TO: usize>(
                self,
                right: Self,
                addend: Self,
            ) -> Self {
                const { assert!(FROM < TO && TO <= $lanes) }
                Self($in_order($blend($fused(self.0, right.0, addend.0), addend.0, FROM, TO)))
            }

            /// `multiply_add` in the lanes `FROM..TO`; the addend in the others.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn multiply_add_part<const FROM: usize, const TO: usize>(self, right: Self, addend: Self) -> Self {
                const { assert!(FROM < TO && TO <= $lanes) }
                Self($blend(self.multiply_add(right, addend).0, addend.0, FROM, TO))
            }
        }
    };
    (@operations $features:literal, $($(#[$attribute:meta])* $name:ident($($operand:ident),*) => $function:path;)*) => {
        $(
            $(#[$attribute])*
            #[inline]
            #[target_feature(enable = $features)]
            pub fn $name(self, $($operand: Self),*) -> Self {
                Self($function(self.0, $($operand.0),*))
            }
        )*
    };
}
use vector;

/// Functions that return what they are given, and keep it and all memory where they stand.
macro_rules! in_order {
    ($($name:ident($register:ident in $class:ident as $format:literal), $features:literal;)*) => {
        $(
            #[inline]
            #[target_feature(enable = $features)]
            fn $name(mut vector: $register) -> $register {
                // SAFETY: the facts of the module.
                unsafe {
                    std::arch::asm!(concat!("/* ", $format, " */"), inlateout($class) vector, options(nostack, preserves_flags));
                }
                vector
            }
        )*
    };
}
use in_order;

/// As [`rt::window`](crate::rt::window), but LLVM does not know that nothing writes the elements.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)] // nothing is read or written
pub fn window<T, const SPAN: usize>(buffer: &[T], at: isize) -> &[T; SPAN] {
    let mut window = std::ptr::from_ref(crate::rt::window::<T, SPAN>(buffer, at));
    // SAFETY: the facts of the module; the pointer comes out as it went in.
    unsafe {
        std::arch::asm!("/* {} */", inout(reg) window, options(pure, nomem, nostack, preserves_flags));
        &*window
    }
}

/// Where the numbers of cells are, for writing.
#[inline(always)]
fn cells(cells: &[Cell<f32>]) -> *mut f32 {
    cells.as_ptr().cast::<f32>().cast_mut()
}

/// Calls a function that needs features, with variables as arguments: `rt::call!(avx2, detected, function, a, b)`.
#[macro_export]
#[doc(hidden)]
macro_rules! __call {
    (avx2, $($call:tt)*) => { $crate::rt::call!(@ "avx2,fma", $crate::rt::Avx2, $($call)*) };
    (avx512, $($call:tt)*) => {
        $crate::rt::call!(@ "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", $crate::rt::Avx512, $($call)*)
    };
    (@ $features:literal, $proof:ty, $detected:expr, $function:path, $($argument:ident),*) => {{
        let _: $proof = $detected;
        #[allow(dead_code)]
        #[target_feature(enable = $features)]
        fn needs_nothing_else() {
            let _ = |$($argument),*| $function($($argument),*);
        }
        // SAFETY: the facts of `atrous::rt::wide`.
        unsafe { $function($($argument),*) }
    }};
}
