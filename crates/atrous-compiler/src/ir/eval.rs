//! The interpreter of graphs, in `f64`, for graphs after any pass.

use super::axis::{Axis, Piece};
use super::graph::{Contraction, Conv, Graph, Node, Op};
use super::padding;
use crate::layer::Activation;

/// Runs a graph on inputs and parameters in the order of its nodes and returns its outputs.
///
/// Tensors are row-major in their logical shapes (`[N, C, S…]`; weights as the framework stores them), whatever the
/// graph's layout.
///
/// # Panics
///
/// If a tensor is missing or has the wrong length.
pub fn run(graph: &Graph, inputs: &[&[f64]], parameters: &[&[f64]]) -> Vec<Vec<f64>> {
    let (mut inputs, mut parameters) = (inputs.iter(), parameters.iter());
    let mut values: Vec<Vec<f64>> = Vec::new();
    for node in &graph.nodes {
        let reads: Vec<Operand> =
            node.reads.iter().map(|read| (&values[read.0][..], &graph.node(*read).shape[..])).collect();
        let value = match node.op {
            Op::Input => inputs.next().expect("one tensor per input").to_vec(),
            Op::Parameter => parameters.next().expect("one tensor per parameter").to_vec(),
            _ => compute(node, &reads),
        };
        assert_eq!(value.len(), node.shape.iter().product::<usize>(), "length of {}", node.name);
        values.push(value);
    }
    graph.outputs.iter().map(|(_, value)| values[value.0].clone()).collect()
}

/// Data and shape.
type Operand<'a> = (&'a [f64], &'a [usize]);

fn compute(node: &Node, reads: &[Operand]) -> Vec<f64> {
    match (&node.op, reads) {
        (Op::Pad { mode, sides }, [input]) => gather(&node.shape, *input, |axis, position| {
            padding::source(*mode, input.1[axis + 2] as i64, position - sides[axis][0])
        }),
        (Op::ZeroInsert { factors }, [input]) => gather(&node.shape, *input, |axis, position| {
            (position % factors[axis] == 0).then_some(position / factors[axis])
        }),
        (Op::FlipTaps { groups }, [weight]) => flip_taps(&node.shape, *weight, *groups),
        (Op::TransposedConv(conv), [input, weight]) => transposed_conv(&node.shape, conv, *input, *weight),
        (Op::Conv(conv), [input, weight]) => conv_whole(&node.shape, conv, *input, *weight),
        (Op::Contraction(contraction), [input, weight]) => contract(&node.shape, contraction, *input, *weight),
        (Op::Epilogue { activation }, [input, bias @ ..]) => {
            let inner: usize = node.spatial().iter().product();
            let bias = |index: usize| bias.first().map_or(0.0, |(bias, _)| bias[index / inner % bias.len()]);
            input.0.iter().enumerate().map(|(index, x)| activate(*activation, x + bias(index))).collect()
        }
        (Op::Add, [first, rest @ ..]) => rest.iter().fold(first.0.to_vec(), |sum, next| zip(sum, next.0, |a, b| a + b)),
        (Op::Mul, [first, rest @ ..]) => rest.iter().fold(first.0.to_vec(), |sum, next| zip(sum, next.0, |a, b| a * b)),
        _ => unreachable!("a verified graph has the operands of each operation"),
    }
}

fn zip(left: Vec<f64>, right: &[f64], op: fn(f64, f64) -> f64) -> Vec<f64> {
    left.into_iter().zip(right).map(|(a, &b)| op(a, b)).collect()
}

/// All index tuples below `sizes`, in row-major order.
fn indices(sizes: &[i64]) -> impl Iterator<Item = Vec<i64>> {
    let total: i64 = sizes.iter().product();
    let sizes = sizes.to_vec();
    (0..total).map(move |flat| {
        let mut rest = flat;
        let mut tuple: Vec<i64> = sizes.iter().rev().map(|size| (rest % size, rest /= size).0).collect();
        tuple.reverse();
        tuple
    })
}

fn flat(index: &[i64], shape: &[usize]) -> usize {
    index.iter().zip(shape).fold(0, |flat, (&i, &size)| flat * size + i as usize)
}

fn sizes(shape: &[usize]) -> Vec<i64> {
    shape.iter().map(|&size| size as i64).collect()
}

/// Copies each output position from the input position that `source` gives for each axis, or zero.
fn gather(shape: &[usize], input: Operand, source: impl Fn(usize, i64) -> Option<i64>) -> Vec<f64> {
    let value = |index: Vec<i64>| {
        let spatial: Option<Vec<i64>> =
            index[2..].iter().enumerate().map(|(axis, &position)| source(axis, position)).collect();
        spatial.map_or(0.0, |spatial| input.0[flat(&[&index[..2], &spatial].concat(), input.1)])
    };
    indices(&sizes(shape)).map(value).collect()
}

fn flip_taps(shape: &[usize], weight: Operand, groups: usize) -> Vec<f64> {
    let (group_outputs, group_inputs) = ((shape[0] / groups) as i64, shape[1] as i64);
    let value = |index: Vec<i64>| {
        let (group, output) = (index[0] / group_outputs, index[0] % group_outputs);
        let taps = index[2..].iter().zip(&shape[2..]).map(|(tap, &taps)| taps as i64 - 1 - tap);
        let from: Vec<i64> = [group * group_inputs + index[1], output].into_iter().chain(taps).collect();
        weight.0[flat(&from, weight.1)]
    };
    indices(&sizes(shape)).map(value).collect()
}

/// Adds, for one combination of outputs and taps, the products of all channels.
struct Accumulate<'a> {
    shape: &'a [usize],
    groups: usize,
    input: Operand<'a>,
    weight: Operand<'a>,
    sums: Vec<f64>,
}

impl<'a> Accumulate<'a> {
    fn new(shape: &'a [usize], groups: usize, input: Operand<'a>, weight: Operand<'a>) -> Accumulate<'a> {
        Accumulate { shape, groups, input, weight, sums: vec![0.0; shape.iter().product()] }
    }

    /// `y[n, g·O + o, output] += x[n, g·I + i, source]·w[g·O + o, i, tap]` for all `n`, `g`, `o`, `i`.
    fn add(&mut self, output: &[i64], source: &[i64], tap: &[i64]) {
        let (group_outputs, group_inputs) = (self.shape[1] / self.groups, self.weight.1[1]);
        let area = |shape: &[usize]| shape[2..].iter().product::<usize>();
        let [to, from, at] = [(output, self.shape), (source, self.input.1), (tap, self.weight.1)]
            .map(|(index, shape)| flat(index, &shape[2..]));
        let [to_area, from_area, tap_area] = [self.shape, self.input.1, self.weight.1].map(area);
        for n in 0..self.shape[0] {
            for channel in 0..self.shape[1] {
                let first_input = n * self.input.1[1] + channel / group_outputs * group_inputs;
                let products = (0..group_inputs).map(|i| {
                    let x = self.input.0[(first_input + i) * from_area + from];
                    x * self.weight.0[(channel * group_inputs + i) * tap_area + at]
                });
                self.sums[(n * self.shape[1] + channel) * to_area + to] += products.sum::<f64>();
            }
        }
    }
}

/// Every output with every tap; what is not a real input contributes nothing.
fn conv_whole(shape: &[usize], conv: &Conv, input: Operand, weight: Operand) -> Vec<f64> {
    let mut sums = Accumulate::new(shape, conv.groups, input, weight);
    let taps: Vec<i64> = conv.axes.iter().map(|axis| axis.taps).collect();
    for output in indices(&sizes(&shape[2..])) {
        for tap in indices(&taps) {
            if let Some(source) = sources(&conv.axes, &output, &tap) {
                sums.add(&output, &source, &tap);
            }
        }
    }
    sums.sums
}

fn sources(axes: &[Axis], output: &[i64], tap: &[i64]) -> Option<Vec<i64>> {
    axes.iter().zip(output).zip(tap).map(|((axis, &o), &k)| axis.source(o, k)).collect()
}

/// The adjoint, by its own definition: each input is scattered to the outputs that its taps reach.
fn transposed_conv(shape: &[usize], conv: &Conv, input: Operand, weight: Operand) -> Vec<f64> {
    let flipped_shape = [&[shape[1], conv.group_inputs], &weight.1[2..]].concat();
    let flipped = flip_taps(&flipped_shape, weight, conv.groups);
    let mut sums = Accumulate::new(shape, conv.groups, input, (&flipped, &flipped_shape));
    let taps: Vec<i64> = conv.axes.iter().map(|axis| axis.taps).collect();
    for from in indices(&sizes(&input.1[2..])) {
        for tap in indices(&taps) {
            if let Some(to) = sources(&conv.axes, &from, &tap) {
                let reversed: Vec<i64> = taps.iter().zip(&tap).map(|(taps, tap)| taps - 1 - tap).collect();
                sums.add(&to, &from, &reversed);
            }
        }
    }
    sums.sums
}

/// Every combination of pieces; a pair that reads no real input contributes nothing.
fn contract(shape: &[usize], contraction: &Contraction, input: Operand, weight: Operand) -> Vec<f64> {
    let mut sums = Accumulate::new(shape, contraction.groups, input, weight);
    let counts: Vec<i64> = contraction.axes.iter().map(|axis| axis.pieces.len() as i64).collect();
    for choice in indices(&counts) {
        let pieces: Vec<Piece> =
            contraction.axes.iter().zip(choice).map(|(axis, piece)| axis.pieces[piece as usize]).collect();
        contract_pieces(&mut sums, &pieces);
    }
    sums.sums
}

fn contract_pieces(sums: &mut Accumulate, pieces: &[Piece]) {
    let axes: Vec<Axis> = pieces.iter().map(|piece| piece.axis).collect();
    let at = |index: &[i64], part: fn(&Piece, i64) -> i64| -> Vec<i64> {
        pieces.iter().zip(index).map(|(piece, &n)| part(piece, n)).collect()
    };
    for q in indices(&axes.iter().map(|axis| axis.output).collect::<Vec<_>>()) {
        for j in indices(&axes.iter().map(|axis| axis.taps).collect::<Vec<_>>()) {
            if let Some(source) = sources(&axes, &q, &j) {
                let output = at(&q, |piece, n| piece.outputs.at(n));
                let tap = at(&j, |piece, n| piece.taps.at(n));
                sums.add(&output, &source, &tap);
            }
        }
    }
}

/// The activations by their definitions, in `f64`.
fn activate(activation: Activation, x: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let number = |number: crate::layer::Number| f64::from(number.get());
    match activation {
        Activation::None => x,
        Activation::Relu => {
            if x < 0.0 {
                0.0
            } else {
                x
            }
        }
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::LeakyRelu(slope) => {
            if x > 0.0 {
                x
            } else {
                x * number(slope)
            }
        }
        Activation::Sigmoid => sigmoid(x),
        Activation::Tanh => x.tanh(),
        Activation::Silu => x * sigmoid(x),
        Activation::Gelu => x * normal_distribution(x),
        Activation::Hardswish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Clamp(low, high) => x.clamp(number(low), number(high)),
    }
}

/// `Φ(x)`, by the series `½ + φ(x)·Σ x²ⁿ⁺¹/(2n+1)!!` (Marsaglia 2004); absolute error below 1e-12.
fn normal_distribution(x: f64) -> f64 {
    if x.abs() > 9.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while term.abs() > 1e-18 * sum.abs() {
        n += 2.0;
        term *= x * x / n;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt()
}
