//! Arithmetic that does not depend on what is counted.

use std::ops::Rem;

/// The greatest common divisor of numbers that are not negative.
pub(crate) fn gcd<T: Copy + Default + PartialEq + Rem<Output = T>>(a: T, b: T) -> T {
    if b == T::default() { a } else { gcd(b, a % b) }
}
