//! The geometry of one spatial axis. All of it lives here.

use crate::numbers::gcd;

/// Names of the spatial axes by rank, outermost first.
pub const AXIS_NAMES: [&[&str]; 4] = [&[], &["x"], &["y", "x"], &["z", "y", "x"]];

/// The relation `up·i = stride·o + dilation·k − pad` between input positions `i`, output positions `o` and taps `k`.
///
/// The output at `o` is the sum of `x[i]·w[k]` over the pairs that satisfy it, for `0 ≤ i < input`, `0 ≤ k < taps`.
/// With `up = 1` this is an ordinary convolution; `up > 1` reads its input as if `up − 1` zeros stood between
/// neighbours, which is what a transposed convolution does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    /// Input positions.
    pub input: i64,
    /// Output positions.
    pub output: i64,
    /// Kernel taps.
    pub taps: i64,
    /// Zero-insertion factor of the input; at least 1.
    pub up: i64,
    /// Steps of the (zero-inserted) input per output; at least 1.
    pub stride: i64,
    /// Steps of the (zero-inserted) input per tap; at least 1.
    pub dilation: i64,
    /// Position of input 0 relative to the first tap of output 0; may be negative.
    pub pad: i64,
}

impl Axis {
    /// The same relation read backwards: inputs become outputs, and tap `k` becomes tap `taps − 1 − k`.
    ///
    /// From `up·i = stride·o + dilation·k − pad` follows, with `k = taps − 1 − k'`,
    /// `stride·o = up·i + dilation·k' − (dilation·(taps − 1) − pad)`.
    pub fn adjoint(self) -> Axis {
        Axis {
            input: self.output,
            output: self.input,
            up: self.stride,
            stride: self.up,
            pad: self.dilation * (self.taps - 1) - self.pad,
            ..self
        }
    }

    /// The same with all zeros written out, `up − 1` between neighbouring inputs and `dilation − 1` between neighbouring
    /// taps: input `i` becomes `up·i`, tap `k` becomes `dilation·k`. It saturates.
    pub fn with_zeros(self) -> Axis {
        let spread = |count: i64, factor: i64| (count - 1).saturating_mul(factor).saturating_add(1).max(0);
        let (input, taps) = (spread(self.input, self.up), spread(self.taps, self.dilation));
        Axis { input, taps, up: 1, dilation: 1, ..self }
    }

    /// The position in the zero-inserted input that output `o` meets with tap `k`; input 0 is at 0.
    pub fn position(self, o: i64, k: i64) -> i64 {
        self.stride * o + self.dilation * k - self.pad
    }

    /// The input at a position of the zero-inserted input, or `None` for padding and inserted zeros.
    pub fn input_at(self, position: i64) -> Option<i64> {
        let i = position.div_euclid(self.up);
        (position.rem_euclid(self.up) == 0 && (0..self.input).contains(&i)).then_some(i)
    }

    /// The input that output `o` reads with tap `k`, or `None` for padding and inserted zeros.
    pub fn source(self, o: i64, k: i64) -> Option<i64> {
        self.input_at(self.position(o, k))
    }

    /// Whether every output reads a real input with every tap.
    pub fn is_dense(self) -> bool {
        let first = self.position(0, 0);
        let last = self.position(self.output - 1, self.taps - 1);
        self.up == 1 && (self.output == 0 || self.taps == 0 || (first >= 0 && last < self.input))
    }

    /// The number of pairs of an output and a tap.
    pub fn pairs(self) -> u128 {
        self.output as u128 * self.taps as u128
    }

    /// The number of pairs that read a real input.
    pub fn useful_pairs(self) -> u128 {
        self.phases().into_iter().flat_map(Piece::trim).map(|piece| piece.axis.pairs()).sum()
    }

    /// The phases: outputs `o = r + P·q` with `P = up / gcd(up, stride)`, each of which reads the taps
    /// `k = k₀ + T·j` with `T = up / gcd(up, dilation)` and no inserted zero. (Polyphase decomposition; a phase
    /// may have no tap.)
    pub fn phases(self) -> Vec<Piece> {
        let phases = self.up / gcd(self.up, self.stride);
        (0..phases.min(self.output)).map(|phase| self.phase(phase, phases)).collect()
    }

    fn phase(self, phase: i64, phases: i64) -> Piece {
        let step = self.up / gcd(self.up, self.dilation);
        let outputs = Progression { start: phase, step: phases, count: (self.output - phase + phases - 1) / phases };
        let (first, count) = match solve(self.dilation, self.pad - self.stride * phase, self.up) {
            Some(first) if first < self.taps => (first, (self.taps - first + step - 1) / step),
            _ => (0, 0),
        };
        // Exact when there are taps: the first tap solves the congruence.
        let offset = (self.stride * phase + self.dilation * first - self.pad).div_euclid(self.up);
        Piece {
            outputs,
            taps: Progression { start: first, step, count },
            axis: Axis {
                input: self.input,
                output: outputs.count,
                taps: count,
                up: 1,
                stride: self.stride / gcd(self.up, self.stride),
                dilation: self.dilation / gcd(self.up, self.dilation),
                pad: -offset,
            },
        }
    }
}

/// The numbers `start + step·n` for `n` in `0..count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Progression {
    /// The first number.
    pub start: i64,
    /// The distance between neighbours; at least 1.
    pub step: i64,
    /// How many numbers.
    pub count: i64,
}

impl Progression {
    /// The number with index `n`.
    pub fn at(self, n: i64) -> i64 {
        self.start + self.step * n
    }

    fn slice(self, from: i64, count: i64) -> Progression {
        Progression { start: self.at(from), count, ..self }
    }
}

/// Some outputs of an axis together with the taps they use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Piece {
    /// Output number `q` of the piece is output `outputs.at(q)` of the axis.
    pub outputs: Progression,
    /// Tap number `j` of the piece is tap `taps.at(j)` of the axis.
    pub taps: Progression,
    /// The relation between inputs, `q` and `j`; `up` is 1.
    pub axis: Axis,
}

impl Piece {
    /// The piece cut where a tap enters or leaves the input: each part has a constant set of taps, all of which read
    /// real inputs. A part may have no tap.
    pub fn trim(self) -> Vec<Piece> {
        let Axis { input, output, taps, stride, dilation, pad, .. } = self.axis;
        let enters = |tap: i64| div_ceil(pad - dilation * tap, stride).clamp(0, output);
        let leaves = |tap: i64| div_ceil(input + pad - dilation * tap, stride).clamp(0, output);
        let mut cuts: Vec<i64> = (0..taps).flat_map(|tap| [enters(tap), leaves(tap)]).chain([0, output]).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let part = |(&from, &to): (&i64, &i64)| {
            let low = div_ceil(pad - stride * from, dilation).clamp(0, taps);
            let high = div_ceil(input + pad - stride * from, dilation).clamp(low, taps);
            self.part(from, to - from, low, high - low)
        };
        cuts.iter().zip(cuts.iter().skip(1)).map(part).collect()
    }

    fn part(self, output: i64, outputs: i64, tap: i64, taps: i64) -> Piece {
        Piece {
            outputs: self.outputs.slice(output, outputs),
            taps: self.taps.slice(tap, taps),
            axis: Axis {
                output: outputs,
                taps,
                pad: self.axis.pad - self.axis.stride * output - self.axis.dilation * tap,
                ..self.axis
            },
        }
    }
}

fn div_ceil(a: i64, b: i64) -> i64 {
    -(-a).div_euclid(b)
}

/// The smallest `x ≥ 0` with `a·x ≡ b (mod modulus)`, if there is one.
fn solve(a: i64, b: i64, modulus: i64) -> Option<i64> {
    let (divisor, inverse) = bezout(a.rem_euclid(modulus), modulus);
    let reduced = modulus / divisor;
    let product = i128::from(b / divisor) * i128::from(inverse);
    (b % divisor == 0).then(|| product.rem_euclid(i128::from(reduced)) as i64)
}

/// `(g, x)` with `g = gcd(a, b)` and `a·x ≡ g (mod b)`: the extended Euclidean algorithm.
fn bezout(a: i64, b: i64) -> (i64, i64) {
    let (mut rest, mut factor) = ([a, b], [1, 0]);
    while rest[1] != 0 {
        let quotient = rest[0] / rest[1];
        rest = [rest[1], rest[0] - quotient * rest[1]];
        factor = [factor[1], factor[0] - quotient * factor[1]];
    }
    (rest[0], factor[0])
}
