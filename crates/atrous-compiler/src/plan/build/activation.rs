//! Activations as plan arithmetic, so that every executor computes the same bits.
//!
//! Absolute errors, measured over all finite inputs against `f64`: sigmoid 2e-7, tanh 3e-7; silu and gelu 4e-7
//! relative to `max(1, |x|)`. The others are exact or correctly rounded once per operation. NaN stays NaN; infinities give
//! what the definitions give in IEEE 754 arithmetic, so that `silu`, `gelu` and `hardswish` of −∞ are −∞·0, which is NaN.

use super::nest::TileBuilder;
use crate::layer::Activation;
use crate::plan::{BinaryOp, Instr, Reg};

/// Appends `activation(x)`; the result is in the returned register.
pub fn apply(tile: &mut TileBuilder, activation: Activation, x: Reg) -> Reg {
    // A series has more constants than there are registers: each is made where it is needed. The others share theirs.
    let series = matches!(activation, Activation::Sigmoid | Activation::Tanh | Activation::Silu | Activation::Gelu);
    let mut math = Math { lanes: tile.lanes(x), share_constants: !series, tile };
    match activation {
        Activation::None => x,
        Activation::Relu => math.at_least(0.0, x),
        Activation::Relu6 => math.clamp(0.0, x, 6.0),
        Activation::LeakyRelu(slope) => {
            let zero = math.number(0.0);
            let scaled = math.times(x, slope.get());
            math.select_less(zero, x, x, scaled)
        }
        Activation::Sigmoid => math.sigmoid(x),
        Activation::Tanh => math.tanh(x),
        Activation::Silu => {
            let sigmoid = math.sigmoid(x);
            math.mul(x, sigmoid)
        }
        Activation::Gelu => math.gelu(x),
        Activation::Hardswish => {
            let shifted = math.plus(x, 3.0);
            let clamped = math.clamp(0.0, shifted, 6.0);
            let product = math.mul(x, clamped);
            let six = math.number(6.0);
            math.div(product, six)
        }
        Activation::Clamp(low, high) => math.clamp(low.get(), x, high.get()),
    }
}

/// The registers that an activation needs beside the one that it is applied to.
pub fn registers(activation: Activation) -> usize {
    match activation {
        Activation::None => 0,
        Activation::Relu => 2,
        Activation::Relu6 | Activation::Clamp(..) => 3,
        Activation::LeakyRelu(_) => 4,
        Activation::Hardswish => 5,
        Activation::Sigmoid | Activation::Tanh | Activation::Silu | Activation::Gelu => 6,
    }
}

/// `1.5·2²³`: the sum with a number below `2²²` has the number, rounded to an integer, in its low mantissa bits.
const ROUND: f32 = 12_582_912.0;
/// ln 2 as a number of few bits, so that products with small integers are exact, and the rest.
const LN_2_HIGH: f32 = 355.0 / 512.0;
const LN_2_LOW: f32 = -2.121_944_4e-4;

struct Math<'a> {
    lanes: usize,
    share_constants: bool,
    tile: &'a mut TileBuilder,
}

impl Math<'_> {
    fn number(&mut self, value: f32) -> Reg {
        if self.share_constants {
            self.tile.shared_constant(value, self.lanes)
        } else {
            self.tile.constant(value, self.lanes)
        }
    }

    fn add(&mut self, left: Reg, right: Reg) -> Reg {
        self.tile.binary(BinaryOp::Add, left, right)
    }

    fn sub(&mut self, left: Reg, right: Reg) -> Reg {
        self.tile.binary(BinaryOp::Sub, left, right)
    }

    fn mul(&mut self, left: Reg, right: Reg) -> Reg {
        self.tile.binary(BinaryOp::Mul, left, right)
    }

    fn div(&mut self, left: Reg, right: Reg) -> Reg {
        self.tile.binary(BinaryOp::Div, left, right)
    }

    fn plus(&mut self, x: Reg, number: f32) -> Reg {
        let number = self.number(number);
        self.add(x, number)
    }

    fn times(&mut self, x: Reg, number: f32) -> Reg {
        let number = self.number(number);
        self.mul(x, number)
    }

    /// `x·factor + addend`, rounded twice on every target: activations do not depend on the target's arithmetic.
    fn times_plus(&mut self, x: Reg, factor: Reg, addend: Reg) -> Reg {
        let to = self.tile.register("value", self.lanes);
        self.tile.push(Instr::MultiplyAdd { to, left: x, right: factor, addend, fused: false, part: None });
        to
    }

    /// The larger one; NaN when `x` is, for which the number stands first.
    fn at_least(&mut self, low: f32, x: Reg) -> Reg {
        let low = self.number(low);
        self.tile.binary(BinaryOp::Max, low, x)
    }

    /// The smaller one; NaN when `x` is.
    fn at_most(&mut self, x: Reg, high: f32) -> Reg {
        let high = self.number(high);
        self.tile.binary(BinaryOp::Min, high, x)
    }

    fn clamp(&mut self, low: f32, x: Reg, high: f32) -> Reg {
        let raised = self.at_least(low, x);
        self.at_most(raised, high)
    }

    fn select_less(&mut self, left: Reg, right: Reg, yes: Reg, no: Reg) -> Reg {
        let to = self.tile.register("value", self.lanes);
        self.tile.push(Instr::SelectLess { to, left, right, yes, no });
        to
    }

    /// `Σ cᵢ·xⁱ` by Horner's rule, coefficients from the highest power down.
    fn polynomial(&mut self, x: Reg, coefficients: &[f32]) -> Reg {
        let first = self.number(coefficients[0]);
        coefficients[1..].iter().fold(first, |sum, &coefficient| {
            let coefficient = self.number(coefficient);
            self.times_plus(sum, x, coefficient)
        })
    }

    /// `eˣ = 2ⁿ·eʳ` with `n = round(x / ln 2)` and `|r| ≤ ln(2)/2`, where the series of `eʳ` to the 7th power is below
    /// 6e-9 off. `x` is clamped to where `2ⁿ` is a normal number or, for the largest, infinite: `n` is 128 then, whose
    /// exponent field is that of infinity.
    fn exp(&mut self, x: Reg) -> Reg {
        let x = self.clamp(-87.0, x, 89.0);
        let (per_octave, round) = (self.number(std::f32::consts::LOG2_E), self.number(ROUND));
        let rounded = self.times_plus(x, per_octave, round);
        let n = self.plus(rounded, -ROUND);
        let high = self.number(-LN_2_HIGH);
        let rest = self.times_plus(n, high, x);
        let low = self.number(-LN_2_LOW);
        let rest = self.times_plus(n, low, rest);
        const SERIES: [f32; 8] = [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0];
        let series = self.polynomial(rest, &SERIES);
        // The exponent field of 2ⁿ is n + 127; the shift drops everything else.
        let biased = self.plus(rounded, 127.0);
        let power = self.tile.register("value", self.lanes);
        self.tile.push(Instr::ShiftLeft { to: power, from: biased, bits: 23 });
        self.mul(series, power)
    }

    /// `1 / (1 + e⁻ˣ)`
    fn sigmoid(&mut self, x: Reg) -> Reg {
        let negative = self.times(x, -1.0);
        let exp = self.exp(negative);
        let denominator = self.plus(exp, 1.0);
        let one = self.number(1.0);
        self.div(one, denominator)
    }

    /// `1 − 2 / (e²ˣ + 1)`
    fn tanh(&mut self, x: Reg) -> Reg {
        let double = self.add(x, x);
        let exp = self.exp(double);
        let denominator = self.plus(exp, 1.0);
        let two = self.number(2.0);
        let quotient = self.div(two, denominator);
        let one = self.number(1.0);
        self.sub(one, quotient)
    }

    /// `x·Φ(x)` with `1 − Φ(|x|) = ½·erfc(|x|/√2)` by Abramowitz and Stegun 7.1.26.
    fn gelu(&mut self, x: Reg) -> Reg {
        let negative = self.times(x, -1.0);
        let magnitude = self.tile.binary(BinaryOp::Max, negative, x);
        const P: f32 = 0.327_591_1 * std::f32::consts::FRAC_1_SQRT_2;
        let scaled = self.times(magnitude, P);
        let denominator = self.plus(scaled, 1.0);
        let one = self.number(1.0);
        let t = self.div(one, denominator);
        const HALF_SERIES: [f32; 6] = [0.530_702_7, -0.726_576, 0.710_706_9, -0.142_248_37, 0.127_414_8, 0.0];
        let series = self.polynomial(t, &HALF_SERIES);
        let square = self.mul(x, x);
        let exponent = self.times(square, -0.5);
        let exp = self.exp(exponent);
        let tail = self.mul(series, exp);
        let one = self.number(1.0);
        let body = self.sub(one, tail);
        let zero = self.number(0.0);
        let distribution = self.select_less(x, zero, tail, body);
        self.mul(x, distribution)
    }
}
