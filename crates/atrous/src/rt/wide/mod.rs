//! Vectors of machines that may not be the one at hand.
//!
//! Their methods need instructions that only some machines have, which methods of a trait cannot say.
//! So these types repeat the methods of [`Lanes`](super::Lanes), each with a `target_feature`: whoever has the same
//! features calls them without `unsafe`, and nobody else can.
//!
//! # Safety
//!
//! - [`vector!`] reads and writes registers as arrays. Both types have the same size, which
//!   `SAME_SIZE` checks; neither has padding, and in both all bits are values.
//! - [`call!`](crate::__call) calls a function that needs features. A value of [`Avx2`](super::Avx2) or
//!   [`Avx512`](super::Avx512) exists only where they have been detected, and rustc has checked that the call needs
//!   nothing else: it stands once more in a function that has these features.
#![allow(unsafe_code)]

pub mod avx2;
pub mod avx512;
#[cfg(test)]
mod tests;

/// A vector type: lanes, register, features, and the functions that compute.
macro_rules! vector {
    (
        $(#[$attribute:meta])*
        $name:ident([f32; $lanes:literal] in $register:ty), $features:literal,
        splat: $splat:path, add: $add:path, sub: $sub:path, mul: $mul:path, div: $div:path, min: $min:path,
        max: $max:path, fused_multiply_add: $fused:path, select_less: $select:path, shift_left: $shift:path $(,)?
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy)]
        pub struct $name($register);

        impl $name {
            const SAME_SIZE: () = assert!(size_of::<$register>() == size_of::<[f32; $lanes]>());

            /// The number in every lane.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn splat(value: f32) -> Self {
                Self($splat(value))
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

            /// Lane `l` from position `at + l·stride`.
            #[inline]
            #[target_feature(enable = $features)]
            pub fn load_strided(window: &[f32], at: usize, stride: isize) -> Self {
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
                let () = Self::SAME_SIZE;
                // SAFETY: the facts of the module.
                let lanes = unsafe { std::ptr::from_ref(&self.0).cast::<[f32; $lanes]>().read_unaligned() };
                Lanes::store_strided(Array(lanes), window, at, stride);
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
                /// `a · b + c`, rounded once.
                fused_multiply_add(right, addend) => $fused;
                /// `if a < b { yes } else { no }`
                select_less(right, yes, no) => $select;
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
