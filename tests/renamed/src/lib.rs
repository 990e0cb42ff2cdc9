//! The macro in a crate that knows atrous by another name, and that has taken every name in sight.
#![no_implicit_prelude]
#![deny(warnings, missing_docs)]

/// Not the crate.
pub mod atrous {}
/// Not the crate.
pub mod core {}
/// Not the crate.
pub mod std {}
/// Not the module of the crate.
pub mod rt {}
/// Not the type.
pub struct Vec;
/// Not the type.
pub struct Result;
/// Not the type.
pub struct Error;
/// Not the trait.
pub trait Clone {}

::convolution::conv! {
    layer blur { input: [1, 1, 4], channels: 1, kernel: 3, padding: 1, bias, relu }

    net residual {
        input x: [1, 2, 5];
        a = conv(x) { channels: 4, kernel: 3, padding: 1, bias, sigmoid };
        b = conv(a) { channels: 2, kernel: 4, transposed, stride: 2, padding: [[3, 4]] };
        sum = add(x, b);
        output a, sum;
    }
}

#[cfg(test)]
mod tests {
    use super::Blur;
    use ::std::assert_eq;

    #[test]
    fn it_runs() {
        let blur = Blur::new(&[0.0, 1.0, 0.0], &[1.0]).unwrap();
        assert_eq!(blur.infer(&[1.0, 2.0, 3.0, 4.0]).unwrap(), [2.0, 3.0, 4.0, 5.0]);
    }
}
