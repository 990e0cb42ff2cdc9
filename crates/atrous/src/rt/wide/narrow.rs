//! Vectors with fewer numbers than the shortest register has: each is one number for LLVM, which would otherwise split
//! them, mend them, and keep the halves in integer registers.

use super::super::lanes::{Array, Lanes};
use std::arch::x86_64::*;
use std::cell::Cell;
use std::mem::transmute;

macro_rules! of_arrays {
    ($register:ty, $lanes:literal; $($name:ident($($operand:ident),*);)*) => {
        #[inline(always)]
        fn array(register: $register) -> Array<$lanes> {
            // SAFETY: the facts of the module above.
            Array(unsafe { transmute::<$register, [f32; $lanes]>(register) })
        }

        #[inline(always)]
        fn register(array: Array<$lanes>) -> $register {
            // SAFETY: the facts of the module above.
            unsafe { transmute::<[f32; $lanes], $register>(array.0) }
        }

        $(
            #[inline(always)]
            pub fn $name($($operand: $register),*) -> $register {
                register(Lanes::$name($(array($operand)),*))
            }
        )*

        #[inline(always)]
        pub fn shift_left(vector: $register, bits: u32) -> $register {
            register(array(vector).shift_left(bits))
        }

        #[inline(always)]
        pub fn shuffle(left: $register, right: $register, lanes: [i32; $lanes]) -> $register {
            register(array(left).shuffle(array(right), lanes))
        }

        #[inline(always)]
        pub fn load_part(active: &[f32], from: usize) -> $register {
            let lane = |lane: usize| lane.checked_sub(from).and_then(|lane| active.get(lane)).copied().unwrap_or(0.0);
            register(Array::from_fn(lane))
        }

        #[inline(always)]
        pub fn store_part(vector: $register, active: &[Cell<f32>], from: usize) {
            active.iter().zip(&array(vector).0[from..]).for_each(|(cell, &lane)| cell.set(lane));
        }

        #[inline(always)]
        pub fn blend(inside: $register, outside: $register, from: usize, to: usize) -> $register {
            let [inside, outside] = [array(inside).0, array(outside).0];
            register(Array::from_fn(|lane| if (from..to).contains(&lane) { inside[lane] } else { outside[lane] }))
        }
    };
}

/// One number.
pub mod one {
    use super::*;

    of_arrays! { f32, 1;
        add(left, right); sub(left, right); mul(left, right); div(left, right); min(left, right); max(left, right);
        select_less(left, right, yes, no); fused_multiply_add(left, right, addend);
    }

    #[inline(always)]
    pub fn splat(value: f32) -> f32 {
        value
    }
}

/// Two numbers, the first in the lower half.
pub mod two {
    use super::*;

    of_arrays! { f64, 2;
        add(left, right); sub(left, right); mul(left, right); div(left, right); min(left, right); max(left, right);
        select_less(left, right, yes, no);
    }

    #[inline]
    #[target_feature(enable = "sse2")]
    pub fn splat(value: f32) -> f64 {
        _mm_cvtsd_f64(_mm_castps_pd(_mm_set1_ps(value)))
    }
}

/// Multiply-adds that have the sum as addend and result. LLVM likes to put results elsewhere, and 16 registers are too few
/// for that; and it would mend what stands behind two numbers.
macro_rules! fused_multiply_add {
    ($($name:ident($register:ident in $class:ident as $format:literal), $features:literal;)*) => {
        $(
            #[inline]
            #[target_feature(enable = $features)]
            fn $name(left: $register, right: $register, mut sum: $register) -> $register {
                // SAFETY: the facts of the module above.
                unsafe {
                    std::arch::asm!(concat!("vfmadd231ps ", $format, ", ", $format, ", ", $format),
                        inlateout($class) sum, in($class) left, in($class) right, options(nostack, preserves_flags));
                }
                sum
            }
        )*
    };
}
pub(super) use fused_multiply_add;

/// The same with the right factor in memory, where position `AT` of a window is: LLVM reads no memory in an `asm!`.
macro_rules! fused_multiply_add_load {
    ($($name:ident([f32; $lanes:literal] in $register:ident as $class:ident $format:literal), $features:literal;)*) => {
        $(
            #[inline]
            #[target_feature(enable = $features)]
            fn $name<const AT: usize>(left: $register, window: &[f32], mut sum: $register) -> $register {
                assert!(AT + $lanes <= window.len(), "a window has all lanes");
                // SAFETY: the facts of the module above.
                unsafe {
                    std::arch::asm!(concat!("vfmadd231ps ", $format, ", ", $format, ", [{} + 4 * {}]"),
                        inlateout($class) sum, in($class) left, in(reg) window.as_ptr(), const AT,
                        options(nostack, preserves_flags));
                }
                sum
            }
        )*
    };
}
pub(super) use fused_multiply_add_load;

/// Such a vector type, for the functions of a module above.
macro_rules! narrow {
    ($(#[$attribute:meta])* $name:ident([f32; $lanes:literal] in $register:ty), $features:literal, $module:ident, $fused:path, $in_order:path) => {
        vector! {
            $(#[$attribute])*
            $name([f32; $lanes] in $register), $features,
            splat: $module::splat, add: $module::add, sub: $module::sub, mul: $module::mul, div: $module::div,
            min: $module::min, max: $module::max, fused_multiply_add: $fused,
            select_less: $module::select_less, shift_left: $module::shift_left, load_part: $module::load_part,
            store_part: $module::store_part, shuffle: $module::shuffle, blend: $module::blend, in_order: $in_order,
        }
    };
}
pub(super) use narrow;
