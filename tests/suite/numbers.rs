//! Infinities, NaN, zeros of both signs and denormal numbers: every executor makes of them what the README says.

use crate::random;
use crate::specs::passes_with_other_instruction_sets;
use atrous::jit;
use atrous_compiler::layer::{Activation, Layer, Layout};
use atrous_compiler::net::Net;
use atrous_compiler::{Target, oracle};
use atrous_tests::data::{self, Data};
use atrous_tests::{compiled, differential, executors, specs};

/// The smallest number that is not zero.
const TINY: f32 = f32::from_bits(1);

/// Where functions end or bend.
fn edges() -> Vec<f32> {
    let magnitudes = [
        0.0,
        TINY,
        f32::MIN_POSITIVE / 2.0,
        f32::MIN_POSITIVE,
        1.0,
        1.5,
        3.0,
        6.0,
        87.5,
        88.0,
        88.4,
        89.0,
        104.0,
        1e30,
        f32::MAX / 6.0,
        f32::MAX,
        f32::INFINITY,
    ];
    let mut edges: Vec<f32> = magnitudes.into_iter().flat_map(|edge| [edge, -edge]).collect();
    edges.extend([f32::NAN, -f32::NAN]);
    edges
}

/// The spec with every activation behind a layer of one tap, and data with which each of them sees `inputs` as they are.
fn activations(inputs: &[f32]) -> (Net, Data) {
    let spec = specs::all().into_iter().find(|spec| spec.name == "activations").expect("there is such a spec");
    let net = spec.net();
    let parameters = net.layers().flat_map(|_| [vec![1.0], vec![-0.0]]).collect();
    (net, Data { inputs: vec![inputs.to_vec()], parameters })
}

/// Whether a value is what an activation gives by its definition: the same infinity or a NaN where that is one, and as near
/// as is stated otherwise.
fn is_right(activation: Activation, x: f32, value: f32) -> bool {
    let expected = oracle::apply(activation, f64::from(x));
    // `hardswish` multiplies by 6 before it divides by 6, as its definition does.
    let largest = if activation == Activation::Hardswish { 6.0 * expected.abs() } else { expected.abs() };
    let overflows = largest > f64::from(f32::MAX);
    if !expected.is_finite() || overflows {
        return if expected.is_nan() { value.is_nan() } else { f64::from(value) == expected.signum() * f64::INFINITY };
    }
    (f64::from(value) - expected).abs() <= 4e-7 * f64::from(x).abs().max(1.0)
}

#[test]
fn activations_of_the_edges() {
    for inputs in edges().chunks_exact(9) {
        let (net, data) = activations(inputs);
        let compiled = compiled::run("activations", &net, &data).unwrap();
        for (layer, values) in net.layers().zip(&compiled) {
            for (&x, &value) in inputs.iter().zip(values) {
                assert!(is_right(layer.activation, x, value), "{:?} of {x:e} is {value:e}", layer.activation);
            }
        }
        // No activation fuses a multiplication with an addition: all targets agree.
        for target in executors::targets() {
            let values = differential::check_jit(&differential::planned(&net, &target).unwrap(), &data).unwrap();
            differential::compare_bits(["compiled Rust", target.name], &compiled, &values).unwrap();
        }
    }
}

#[test]
fn activations_of_the_edges_by_other_instruction_sets() {
    passes_with_other_instruction_sets("numbers::activations_of_the_edges");
}

/// What the README says of activations, with the bits of zeros.
#[test]
fn activations_of_infinities_and_nan() {
    let nan = f32::NAN;
    let inputs = [f32::INFINITY, f32::NEG_INFINITY, nan, f32::MAX, f32::MIN, -0.0, 0.0, TINY, -TINY];
    let (infinite, negative) = (f32::INFINITY, f32::NEG_INFINITY);
    #[rustfmt::skip]
    let expected = [
        ("plain",     [infinite, negative, nan, f32::MAX, f32::MIN, -0.0, 0.0, TINY, -TINY]),
        ("relu",      [infinite, 0.0, nan, f32::MAX, 0.0, -0.0, 0.0, TINY, 0.0]),
        ("relu6",     [6.0, 0.0, nan, 6.0, 0.0, -0.0, 0.0, TINY, 0.0]),
        ("leaky",     [infinite, negative, nan, f32::MAX, f32::MIN / 4.0, -0.0, 0.0, TINY, -0.0]),
        ("steep",     [infinite, negative, nan, f32::MAX, negative, -0.0, 0.0, TINY, -2.0 * TINY]),
        ("sigmoid",   [1.0, 0.0, nan, 1.0, 0.0, 0.5, 0.5, 0.5, 0.5]),
        ("tanh",      [1.0, -1.0, nan, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0]),
        ("silu",      [infinite, nan, nan, f32::MAX, -0.0, -0.0, 0.0, 0.0, -0.0]),
        ("gelu",      [infinite, nan, nan, f32::MAX, -0.0, -0.0, 0.0, 0.0, -0.0]),
        ("hardswish", [infinite, nan, nan, infinite, -0.0, -0.0, 0.0, 0.0, -0.0]),
        ("clamp",     [2.0, -1.5, nan, 2.0, -1.5, -0.0, 0.0, TINY, -TINY]),
    ];
    let (net, data) = activations(&inputs);
    let found = compiled::run("activations", &net, &data).unwrap();
    let names = net.outputs.iter().map(|&output| net.value_name(output));
    assert!(names.eq(expected.iter().map(|(name, _)| *name)));
    for ((name, expected), found) in expected.iter().zip(found) {
        differential::compare_bits([name, "compiled Rust"], &[expected.to_vec()], &[found]).unwrap();
    }
}

atrous::conv! {
    layer behind_padding { input: [1, 1, 2], channels: 1, kernel: 2, padding: [[1, 0]] }
    layer between_zeros { input: [1, 1, 2], channels: 1, kernel: 2, stride: 2, padding: [[1, 0]], transposed }
    layer cropped { input: [1, 1, 3], channels: 1, kernel: 1, padding: -1 }
    layer of_copies { input: [1, 1, 2], channels: 1, kernel: 2, padding: [[1, 0]], padding_mode: replicate }
}

/// A weight counts where it meets an input, and an input where it meets a weight: neither padding nor an inserted zero is
/// multiplied by infinity, what is cropped is not read, and copies of inputs are inputs.
#[test]
fn weights_meet_inputs_only() {
    const INF: f32 = f32::INFINITY;
    let check = |spec: &str, compiled: Vec<f32>, weight: &[f32], input: &[f32], expected: &[f32]| {
        let name = spec.split_whitespace().nth(1).expect("a name");
        differential::compare_bits([name, "compiled Rust"], &[expected.to_vec()], &[compiled]).unwrap();
        let net = jit::net(spec, &[]).unwrap();
        let data = Data { inputs: vec![input.to_vec()], parameters: vec![weight.to_vec()] };
        for target in executors::targets() {
            let found = differential::check_jit(&differential::planned(&net, &target).unwrap(), &data).unwrap();
            differential::compare_bits([name, target.name], &[expected.to_vec()], &found).unwrap();
        }
    };
    let (weight, input) = ([INF, 1.0], [2.0, -3.0]);
    check(
        "layer behind_padding { input: [1, 1, 2], channels: 1, kernel: 2, padding: [[1, 0]] }",
        BehindPadding::new(&weight).unwrap().infer(&input).unwrap(),
        &weight,
        &input,
        &[2.0, INF],
    );
    check(
        "layer between_zeros { input: [1, 1, 2], channels: 1, kernel: 2, stride: 2, padding: [[1, 0]], transposed }",
        BetweenZeros::new(&weight).unwrap().infer(&input).unwrap(),
        &weight,
        &input,
        &[2.0, -INF, -3.0],
    );
    check(
        "layer cropped { input: [1, 1, 3], channels: 1, kernel: 1, padding: -1 }",
        Cropped::new(&[2.0]).unwrap().infer(&[f32::NAN, 5.0, INF]).unwrap(),
        &[2.0],
        &[f32::NAN, 5.0, INF],
        &[10.0],
    );
    check(
        "layer of_copies { input: [1, 1, 2], channels: 1, kernel: 2, padding: [[1, 0]], padding_mode: replicate }",
        OfCopies::new(&weight).unwrap().infer(&input).unwrap(),
        &weight,
        &input,
        &[INF, INF],
    );
}

/// The layer with an activation that is exact on numbers of any size.
fn scalable(net: &Net) -> Net {
    let layer = net.layers().next().expect("a net of one layer").clone();
    let activation = if layer.activation == Activation::Relu { Activation::Relu } else { Activation::None };
    Net::of_layer(Layer { activation, ..layer })
}

/// Integers times the smallest number are denormal, and their sums are exact: whoever takes them for zeros is found out.
fn check_denormals(net: &Net) -> Result<(), String> {
    let net = scalable(net);
    let small = |tensor: &mut Vec<f32>| tensor.iter_mut().for_each(|number| *number *= TINY);
    let mut of_inputs = data::integers(&net, 1);
    of_inputs.inputs.iter_mut().chain(of_inputs.parameters.iter_mut().skip(1)).for_each(small);
    let mut of_weights = data::integers(&net, 2);
    of_weights.parameters.iter_mut().for_each(small);
    for data in [of_inputs, of_weights] {
        let expected = differential::expected(&net, &data);
        let exact = expected.iter().all(|output| output.tolerance == 0.0);
        assert!(exact, "no layer of these rounds");
        for target in executors::targets() {
            let result = differential::check_plan(&net, &target, &data, &expected);
            result.map_err(|error| format!("for {}: {error}", target.name))?;
        }
    }
    Ok(())
}

#[test]
fn denormal_numbers_are_numbers() {
    (1..=3).for_each(|rank| random::for_random_layers(rank, 60, check_denormals));
}

/// The product of numbers that are not denormal may be.
#[test]
fn denormal_products_are_numbers() {
    let net = jit::net("layer a { input: [1, 1, 19], channels: 1, kernel: 1 }", &[]).unwrap();
    for layout in [Layout::Nchw, Layout::Nhwc] {
        let net = net.clone().with_layout(layout);
        let inputs = vec![f32::MIN_POSITIVE; 19];
        let data = Data { inputs: vec![inputs], parameters: vec![vec![0.25]] };
        for target in Target::all().iter().filter(|target| executors::targets().contains(target)) {
            let found = differential::check_jit(&differential::planned(&net, target).unwrap(), &data).unwrap();
            assert_eq!(found, [vec![f32::MIN_POSITIVE / 4.0; 19]], "{}", target.name);
        }
    }
}
