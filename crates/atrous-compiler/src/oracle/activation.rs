//! The activation functions by their definitions, in `f64`.

use crate::layer::Activation;
use std::f64::consts::{PI, SQRT_2};

/// The value of an activation function.
///
/// Slopes and bounds are the layer's `f32` numbers. The absolute error of `gelu` is below 10⁻¹² times `max(|x|, 1)`;
/// the other functions are exact to a few units in the last place. NaN stays NaN.
pub fn apply(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::None => x,
        Activation::Relu => at_least(x, 0.0),
        Activation::Relu6 => between(x, 0.0, 6.0),
        Activation::LeakyRelu(_) if x > 0.0 => x,
        Activation::LeakyRelu(slope) => x * f64::from(slope.get()),
        Activation::Sigmoid => sigmoid(x),
        Activation::Tanh => x.tanh(),
        Activation::Silu => x * sigmoid(x),
        Activation::Gelu => x * 0.5 * complementary_error_function(-x / SQRT_2),
        Activation::Hardswish => x * between(x + 3.0, 0.0, 6.0) / 6.0,
        Activation::Clamp(low, high) => between(x, f64::from(low.get()), f64::from(high.get())),
    }
}

fn at_least(x: f64, low: f64) -> f64 {
    if x < low { low } else { x }
}

fn between(x: f64, low: f64, high: f64) -> f64 {
    let x = at_least(x, low);
    if x > high { high } else { x }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `erfc(x) = 1 − erf(x)`, with an absolute error below 10⁻¹⁴.
///
/// For small arguments the series `erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ·x^(2n+1) / (1·3·…·(2n+1))`, whose terms have one sign;
/// for large ones the continued fraction `erfc(x) = e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 3/2/(x + …))))`
/// (Abramowitz and Stegun, 7.1.6 and 7.1.14).
pub(super) fn complementary_error_function(x: f64) -> f64 {
    let gauss = (-x * x).exp() / PI.sqrt();
    if x.abs() < 3.0 {
        let mut term = x;
        let mut sum = x;
        for n in 1..100 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        return 1.0 - 2.0 * gauss * sum;
    }
    let magnitude = x.abs();
    let fraction = (1..100).rev().fold(magnitude, |tail, n| magnitude + f64::from(n) / 2.0 / tail);
    let tail = gauss / fraction;
    if x < 0.0 { 2.0 - tail } else { tail }
}
