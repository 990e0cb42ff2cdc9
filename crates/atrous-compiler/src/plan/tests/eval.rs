//! What plans compute, and how often they multiply.

use super::{parse, plans};
use crate::plan::{Checked, Plan, eval, verify};

fn checked(text: &str) -> Checked<Plan> {
    verify(parse::plan(text)).unwrap_or_else(|violation| panic!("{violation}"))
}

/// Small integers without a pattern that a wrong index would keep.
fn numbers(len: usize, seed: usize) -> Vec<f32> {
    (0..len).map(|index| ((index * index + 3 * index + seed) * 7 % 11) as f32 - 5.0).collect()
}

#[test]
fn a_convolution() {
    let plan = checked(plans::CONV);
    let (image, weight, bias) = (numbers(22, 1), numbers(24, 2), numbers(4, 3));
    let packed = eval::pack(&plan, &[&weight, &bias]).unwrap();
    let outputs = eval::run(&plan, &packed, &[&image]).unwrap();
    let mut expected = Vec::new();
    for (oc, x) in (0..4).flat_map(|oc| (0..11).map(move |x| (oc, x))) {
        let mut sum = bias[oc];
        for (ic, k) in (0..2).flat_map(|ic| (0..3).map(move |k| (ic, k))) {
            let inside = (x + k >= 1).then(|| x + k - 1).filter(|&i| i < 11);
            sum += inside.map_or(0.0, |i| image[11 * ic + i] * weight[6 * oc + 3 * ic + k]);
        }
        expected.push(sum);
    }
    assert_eq!(outputs, [expected]);
}

#[test]
fn a_transposed_convolution() {
    let plan = checked(plans::UP);
    let (image, weight) = (numbers(12, 1), numbers(4, 2));
    let packed = eval::pack(&plan, &[&weight]).unwrap();
    assert_eq!(packed, weight);
    let outputs = eval::run(&plan, &packed, &[&image]).unwrap();
    let expected = |index: usize| {
        let (y, x) = (index / 8, index % 8);
        image[4 * (y / 2) + x / 2] * weight[2 * (y % 2) + x % 2]
    };
    assert_eq!(outputs, [(0..48).map(expected).collect::<Vec<f32>>()]);
}

#[test]
fn pointwise_functions() {
    let plan = checked(plans::CHAIN);
    let (a, b) = (numbers(16, 1), numbers(16, 5));
    let outputs = eval::run(&plan, &[], &[&a, &b]).unwrap();
    let expected = a.iter().zip(&b).map(|(a, b)| {
        let largest = (a + b).min(a * b).max(a - b);
        let leaky = if largest < 0.0 { largest * 0.5 } else { largest };
        f32::from_bits(leaky.to_bits() << 1)
    });
    assert_eq!(outputs, [expected.collect::<Vec<f32>>(), vec![0.25]]);
}

/// A pointwise plan whose one tile of one lane computes `out` from `a`, `b` and `c`.
fn scalar(fused: bool, steps: &str, inputs: [f32; 3]) -> u32 {
    let rounds = if fused { "once" } else { "twice" };
    let text = format!(
        "\
plan scalar for portable (16 registers of 4 lanes, multiply-add rounds {rounds})
  input a [1]
  input b [1]
  input c [1]
  output out [1]
  arenas packed 0, scratch 0
run scalar
  tile of 1 lane
    a = load a[0]
    b = load b[0]
    c = load c[0]
    {steps}
    store out[0] = r
"
    );
    let inputs = inputs.map(|value| [value]);
    let inputs: Vec<&[f32]> = inputs.iter().map(|value| value.as_slice()).collect();
    eval::run(&checked(&text), &[], &inputs).unwrap()[0][0].to_bits()
}

#[test]
fn corners_of_arithmetic() {
    let nan = f32::NAN;
    let tiny = 1.0 + f32::EPSILON;
    let check = |steps: &str, inputs: [f32; 3], expected: f32| {
        assert_eq!(scalar(false, steps, inputs), expected.to_bits(), "{steps} of {inputs:?}");
    };
    check("r = min(a, b)", [nan, 1.0, 0.0], 1.0);
    check("r = min(a, b)", [1.0, nan, 0.0], nan);
    check("r = min(a, b)", [-0.0, 0.0, 0.0], 0.0);
    check("r = min(a, b)", [0.0, -0.0, 0.0], -0.0);
    check("r = max(a, b)", [nan, 1.0, 0.0], 1.0);
    check("r = max(a, b)", [1.0, nan, 0.0], nan);
    check("r = max(a, b)", [0.0, -0.0, 0.0], -0.0);
    check("r = if a < b then a else c", [nan, 1.0, 7.0], 7.0);
    check("r = if a < b then a else c", [-0.0, 0.0, 7.0], 7.0);
    check("r = a / b", [1.0, 0.0, 0.0], f32::INFINITY);
    check("r = a << 23", [f32::from_bits(127), 0.0, 0.0], 1.0);
    check("r = a*b + c", [tiny, tiny, -(1.0 + 2.0 * f32::EPSILON)], 0.0);
    check("r = fma(a, b, c)", [tiny, tiny, -(1.0 + 2.0 * f32::EPSILON)], f32::EPSILON * f32::EPSILON);
}

#[test]
fn wrong_lengths_are_errors() {
    let plan = checked(plans::CONV);
    let (weight, bias, image, packed) = ([0.0; 24], [0.0; 4], [0.0; 22], [0.0; 28]);
    let error = |result: Result<Vec<Vec<f32>>, eval::LengthError>| result.unwrap_err().to_string();
    let pack = |parameters: &[&[f32]]| error(eval::pack(&plan, parameters).map(|packed| vec![packed]));
    let messages = [
        pack(&[&weight]),
        pack(&[&bias, &weight]),
        pack(&[&weight, &bias, &bias]),
        error(eval::run(&plan, &packed[1..], &[&image])),
        error(eval::run(&plan, &packed, &[&image[..21]])),
        error(eval::run(&plan, &packed, &[&image, &image])),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    `bias` has 4 elements, but 0 were given
    `weight` has 24 elements, but 4 were given
    `parameter 2` has 0 elements, but 4 were given
    `packed` has 28 elements, but 27 were given
    `image` has 22 elements, but 21 were given
    `input 1` has 0 elements, but 22 were given
    ");
}

#[test]
fn multiply_adds_are_counted() {
    // Each of 4·11 outputs takes two channels of three taps, two at the borders.
    assert_eq!(eval::count_macs(&parse::plan(plans::CONV)), 4 * 2 * (9 * 3 + 2 * 2));
    assert_eq!(eval::count_macs(&parse::plan(plans::UP)), 48);
    assert_eq!(eval::count_macs(&parse::plan(plans::CHAIN)), 0);
}
