//! What a checked spec means: complete and valid, without spans and without anything left open.
//!
//! `Display` prints canonical spec text; parsing that text gives the same value back.

/// The parameters of one convolution. Meaning and weight layout are PyTorch's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Layer {
    /// The layer's name: a Rust identifier.
    pub name: String,
    /// Batch size `N`.
    pub batch: usize,
    /// Input channels over all groups.
    pub input_channels: usize,
    /// Output channels over all groups.
    pub output_channels: usize,
    /// Number of groups; divides both channel counts.
    pub groups: usize,
    /// One to three spatial axes, outermost first.
    pub axes: Vec<LayerAxis>,
    /// Whether this is the adjoint of the convolution with these parameters.
    pub transposed: bool,
    /// What stands in for input positions outside the input.
    pub padding_mode: PaddingMode,
    /// Whether a number is added per output channel.
    pub bias: bool,
    /// The function applied to each output.
    pub activation: Activation,
    /// Memory order of both input and output.
    pub layout: Layout,
}

/// One spatial axis of a [`Layer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LayerAxis {
    /// Input positions.
    pub input: usize,
    /// Kernel taps.
    pub kernel: usize,
    /// Distance between neighbouring outputs (inputs, when transposed); at least 1.
    pub stride: usize,
    /// Distance between neighbouring taps; 1 is dense.
    pub dilation: usize,
    /// Padding at the start and at the end; a negative side crops.
    pub padding: [i64; 2],
    /// Extra outputs at the end of a transposed layer; 0 for ordinary ones.
    pub output_padding: usize,
}

impl LayerAxis {
    /// Input positions with the padding: what the kernel walks.
    pub(crate) fn padded(&self) -> i64 {
        self.input as i64 + self.padding[0] + self.padding[1]
    }

    /// Output positions, by the formulas of PyTorch's `ConvNd` and `ConvTransposeNd`:
    /// `⌊(I + lo + hi − d·(K−1) − 1)/s⌋ + 1`, or transposed `(I−1)·s − lo − hi + d·(K−1) + output_padding + 1`.
    ///
    /// The result may be zero or negative when the kernel does not fit; `None` when the arithmetic overflows.
    pub fn checked_output(&self, transposed: bool) -> Option<i64> {
        let [input, kernel, stride, dilation, output_padding] =
            [self.input, self.kernel, self.stride, self.dilation, self.output_padding].map(|size| size as i128);
        let covers = dilation.checked_mul(kernel - 1)?.checked_add(1)?;
        let output = output_size(transposed, input, stride, covers, self.padding.map(i128::from), output_padding)?;
        i64::try_from(output).ok()
    }

    /// The formula of [`checked_output`](LayerAxis::checked_output) with the numbers of the axis, without the result:
    /// `⌊(224 + 3 + 3 − 1·(7 − 1) − 1)/2⌋ + 1`.
    pub fn output_formula(&self, transposed: bool) -> String {
        let LayerAxis { input, kernel, stride, dilation, padding, output_padding } = *self;
        let signed = |sign: [char; 2], number: i64| {
            let sign = if number < 0 { sign[1] } else { sign[0] };
            format!(" {sign} {}", number.unsigned_abs())
        };
        let padding = |sign| padding.map(|side| signed(sign, side)).concat();
        let covers = format!("{dilation}·({kernel} − 1)");
        if transposed {
            let extra = if output_padding > 0 { format!(" + {output_padding}") } else { String::new() };
            return format!("({input} − 1)·{stride}{} + {covers}{extra} + 1", padding(['−', '+']));
        }
        format!("⌊({input}{} − {covers} − 1)/{stride}⌋ + 1", padding(['+', '−']))
    }

    /// Output positions of an axis that a check has passed.
    pub fn output(&self, transposed: bool) -> usize {
        let output = self.checked_output(transposed).and_then(|output| usize::try_from(output).ok());
        output.expect("a checked layer has output positions")
    }
}

/// Output positions for a kernel that covers `d·(K−1) + 1` positions; see [`LayerAxis::checked_output`].
pub(crate) fn output_size(
    transposed: bool,
    input: i128,
    stride: i128,
    covers: i128,
    [lo, hi]: [i128; 2],
    output_padding: i128,
) -> Option<i128> {
    let padding = lo.checked_add(hi)?;
    if transposed {
        let spread = (input - 1).checked_mul(stride)?;
        spread.checked_sub(padding)?.checked_add(covers)?.checked_add(output_padding)
    } else {
        let room = input.checked_add(padding)?.checked_sub(covers)?;
        room.div_euclid(stride).checked_add(1)
    }
}

impl Layer {
    /// Shape of the input, `[N, C, S…]` whatever the layout.
    pub fn input_shape(&self) -> Vec<usize> {
        [self.batch, self.input_channels].into_iter().chain(self.axes.iter().map(|axis| axis.input)).collect()
    }

    /// Shape of the output, `[N, C, S…]` whatever the layout.
    pub fn output_shape(&self) -> Vec<usize> {
        let spatial = self.axes.iter().map(|axis| axis.output(self.transposed));
        [self.batch, self.output_channels].into_iter().chain(spatial).collect()
    }

    /// Shape of the weights as PyTorch stores them: `[O, I/g, K…]`, transposed `[I, O/g, K…]`.
    pub fn weight_shape(&self) -> Vec<usize> {
        let (outer, inner) = if self.transposed {
            (self.input_channels, self.output_channels)
        } else {
            (self.output_channels, self.input_channels)
        };
        [outer, inner / self.groups].into_iter().chain(self.axes.iter().map(|axis| axis.kernel)).collect()
    }
}

/// What stands in for input positions outside the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum PaddingMode {
    /// Zero.
    Zeros,
    /// The input mirrored about its first and last positions, which are not repeated: `c b | a b c | b a`.
    Reflect,
    /// The nearest input: `a a | a b c | c c`.
    Replicate,
    /// The input repeated: `b c | a b c | a b`.
    Circular,
}

impl PaddingMode {
    /// Every mode.
    pub const ALL: [PaddingMode; 4] =
        [PaddingMode::Zeros, PaddingMode::Reflect, PaddingMode::Replicate, PaddingMode::Circular];

    /// Its word in the language.
    pub fn name(self) -> &'static str {
        match self {
            PaddingMode::Zeros => "zeros",
            PaddingMode::Reflect => "reflect",
            PaddingMode::Replicate => "replicate",
            PaddingMode::Circular => "circular",
        }
    }
}

/// A function applied to each output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Activation {
    /// The identity.
    None,
    /// `max(x, 0)`
    Relu,
    /// `min(max(x, 0), 6)`
    Relu6,
    /// `x` where positive, else `slope·x`
    LeakyRelu(Number),
    /// `1 / (1 + e⁻ˣ)`
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// `x · sigmoid(x)`
    Silu,
    /// `x · Φ(x)` with the exact normal distribution function (not its tanh approximation).
    Gelu,
    /// `x · min(max(x + 3, 0), 6) / 6`
    Hardswish,
    /// `min(max(x, low), high)`
    Clamp(Number, Number),
}

/// Memory order of a tensor whose shape is `[N, C, S…]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Layout {
    /// Channels before the spatial axes, in any rank.
    Nchw,
    /// Channels innermost, in any rank.
    Nhwc,
}

impl Layout {
    /// Both memory orders.
    pub const ALL: [Layout; 2] = [Layout::Nchw, Layout::Nhwc];

    /// Its word in the language.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Nchw => "nchw",
            Layout::Nhwc => "nhwc",
        }
    }

    /// The other memory order.
    pub fn other(self) -> Layout {
        match self {
            Layout::Nchw => Layout::Nhwc,
            Layout::Nhwc => Layout::Nchw,
        }
    }

    /// The dimensions of a tensor of logical shape `[N, C, S…]` in memory order, outermost first.
    pub fn in_memory(self, shape: &[usize]) -> Vec<usize> {
        match self {
            Layout::Nchw => shape.to_vec(),
            Layout::Nhwc => [&shape[..1], &shape[2..], &shape[1..2]].concat(),
        }
    }
}

/// A finite `f32` that compares and hashes by its bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(into = "f32"))]
pub struct Number(u32);

impl Number {
    /// Wraps a number.
    pub fn new(value: f32) -> Number {
        Number(value.to_bits())
    }

    /// The number.
    pub fn get(self) -> f32 {
        f32::from_bits(self.0)
    }
}

impl From<Number> for f32 {
    fn from(number: Number) -> f32 {
        number.get()
    }
}

impl std::fmt::Debug for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.get())
    }
}
