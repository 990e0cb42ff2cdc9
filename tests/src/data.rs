//! Test data from seeds: small integers, on which `f32` arithmetic is exact in any order, and real numbers.

use atrous_compiler::net::{Net, Op};

/// What a net reads, in the order of `Net::inputs` and `Net::parameters`.
#[derive(Clone, Debug)]
pub struct Data {
    /// In memory order.
    pub inputs: Vec<Vec<f32>>,
    /// In PyTorch's order.
    pub parameters: Vec<Vec<f32>>,
}

/// The splitmix64 generator.
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A whole number in `-bound..=bound`.
    pub fn integer(&mut self, bound: u32) -> f32 {
        (self.bits() % u64::from(2 * bound + 1)) as f32 - bound as f32
    }

    /// A number in `[-1, 1)` with 24 random bits.
    pub fn real(&mut self) -> f32 {
        (self.bits() >> 40) as f32 / (1 << 23) as f32 - 1.0
    }
}

/// Small integers: inputs and biases in −3 … 3. The weights of a lone layer are dense in −2 … 2; those of a net are ±1 and
/// sparse, about three per output, so that sums stay far below 2²⁴ however many layers follow each other.
pub fn integers(net: &Net, seed: u64) -> Data {
    let lone = net.layers().count() == 1;
    generate(
        net,
        seed,
        |random| random.integer(3),
        |random, fan_in| match lone {
            true => random.integer(2),
            false if random.bits() % fan_in as u64 >= 3 => 0.0,
            false => 1.0 - 2.0 * (random.bits() % 2) as f32,
        },
    )
}

/// Real numbers: inputs and biases in ±3, weights scaled so that values neither grow nor vanish from layer to layer.
pub fn reals(net: &Net, seed: u64) -> Data {
    let weight = |random: &mut Random, fan_in: usize| random.real() * (3.0 / fan_in as f32).sqrt();
    generate(net, seed, |random| 3.0 * random.real(), weight)
}

/// Denormal numbers, and weights as of [`reals`], so that sums are denormal too.
pub fn denormals(net: &Net, seed: u64) -> Data {
    let weight = |random: &mut Random, fan_in: usize| random.real() * (3.0 / fan_in as f32).sqrt();
    generate(net, seed, |random| random.real() * 2f32.powi(-128), weight)
}

/// Small integers with an infinity, a NaN or a negative zero in each tensor.
pub fn with_specials(net: &Net, seed: u64) -> Data {
    let mut data = integers(net, seed);
    let mut random = Random(!seed);
    for tensor in data.inputs.iter_mut().chain(&mut data.parameters) {
        let place = (random.bits() % tensor.len() as u64) as usize;
        tensor[place] = [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, -0.0][(random.bits() % 4) as usize];
    }
    data
}

/// Fills inputs and biases by one function and weights by another that knows how many weights reach one output.
fn generate(
    net: &Net,
    seed: u64,
    value: impl Fn(&mut Random) -> f32,
    weight: impl Fn(&mut Random, usize) -> f32,
) -> Data {
    let mut random = Random(seed);
    let mut values = |count: usize| (0..count).map(|_| value(&mut random)).collect::<Vec<f32>>();
    let inputs = net.inputs.iter().map(|input| values(input.shape.iter().product())).collect();
    let mut random = Random(seed ^ 0x5EED);
    let mut parameters = Vec::new();
    for layer in net.steps.iter().filter_map(|step| if let Op::Conv(layer) = &step.op { Some(layer) } else { None }) {
        let stride = |axis: &atrous_compiler::layer::LayerAxis| if layer.transposed { axis.stride } else { 1 };
        let taps: usize = layer.axes.iter().map(|axis| axis.kernel.div_ceil(stride(axis))).product();
        let fan_in = layer.input_channels / layer.groups * taps;
        let count: usize = layer.weight_shape().iter().product();
        parameters.push((0..count).map(|_| weight(&mut random, fan_in)).collect());
        if layer.bias {
            parameters.push((0..layer.output_channels).map(|_| value(&mut random)).collect());
        }
    }
    Data { inputs, parameters }
}

impl Data {
    /// The inputs as slices.
    pub fn inputs(&self) -> Vec<&[f32]> {
        self.inputs.iter().map(Vec::as_slice).collect()
    }

    /// The parameters as slices.
    pub fn parameters(&self) -> Vec<&[f32]> {
        self.parameters.iter().map(Vec::as_slice).collect()
    }
}
