//! The macro where users write it, with all lints that they may have on, and values computed by hand.
#![deny(warnings, missing_docs, unsafe_code, unused_qualifications, clippy::all)]

use atrous::{Error, Serial, Weight, WeightBias};
use std::collections::{BTreeMap, HashMap};

atrous::conv! {
    /// A layer may have a comment.
    layer blur { input: [1, 1, 4], channels: 1, kernel: 3, padding: 1, bias, relu }

    layer up_2x { input: [1, 1, 3], channels: 1, kernel: 2, stride: 2, transposed }
}

atrous::conv!("tests/specs/residual.conv", L = 4);

mod of_another_length {
    atrous::conv!("tests/specs/residual.conv", L = 2);
}

#[test]
fn a_layer() {
    let blur = Blur::new(&[1.0, 2.0, 3.0], &[0.5]).unwrap();
    let input = [1.0, 2.0, 3.0, -4.0];
    // [2·1 + 3·2, 1·1 + 2·2 + 3·3, 1·2 + 2·3 − 3·4, 1·3 − 2·4], each plus ½ and not below 0
    assert_eq!(blur.infer(&input).unwrap(), [8.5, 14.5, 0.0, 0.0]);
    let mut output = [f32::NAN; 4];
    blur.clone().forward(&input, &mut output).unwrap();
    assert_eq!(output, [8.5, 14.5, 0.0, 0.0]);
    assert_eq!((Blur::INPUT_SHAPE, Blur::OUTPUT_SHAPE, Blur::MACS), ([1, 1, 4], [1, 1, 4], 10));
    assert_eq!(format!("{blur:?}"), "Blur { .. }");
}

#[test]
fn a_transposed_layer() {
    let up = Up2x::new(&[1.0, 10.0]).unwrap();
    assert_eq!(up.infer(&[1.0, 2.0, 3.0]).unwrap(), [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]);
    assert_eq!((Up2x::OUTPUT_SHAPE, Up2x::MACS), ([1, 1, 6], 6));
}

#[test]
fn a_net_from_a_file() {
    let parameters = ResidualParameters {
        wide: WeightBias { weight: &[1.0, 0.0, 0.0, 0.0, 0.0, 1.0], bias: &[0.0, 1.0] },
        narrow: Weight { weight: &[10.0, 100.0] },
    };
    let residual = Residual::new(parameters).unwrap();
    // wide: the signal one to the right, and one to the left plus 1
    let expected = [1.0 + 300.0, 2.0 + 10.0 + 400.0, 3.0 + 20.0 + 500.0, 4.0 + 30.0 + 100.0];
    assert_eq!(residual.infer(&[1.0, 2.0, 3.0, 4.0]).unwrap(), expected);
    assert_eq!(of_another_length::Residual::INPUT_SHAPE, [1, 1, 2]);
}

#[test]
fn scratch_memory_of_the_callers() {
    let tensors = [("wide.weight", vec![1.0; 6]), ("wide.bias", vec![1.0; 2]), ("narrow.weight", vec![1.0; 2])];
    let residual = Residual::from_tensors(&tensors).unwrap();
    // Longer than needed and full of nonsense, and used again with what the run before has left there.
    let mut scratch = vec![f32::NAN; Residual::SCRATCH_LEN + 3];
    for signal in [[1.0, 2.0, 3.0, 4.0], [0.5, -8.0, 0.0, 0.25]] {
        let mut output = [f32::NAN; 4];
        residual.forward_with(&Serial, &mut scratch, &signal, &mut output).unwrap();
        assert_eq!(output[..], residual.infer(&signal).unwrap());
    }
    let mut output = [9.0; 4];
    let too_short = residual.forward_with(&Serial, &mut scratch[..1], &[0.0; 4], &mut output).unwrap_err();
    let needed = Residual::SCRATCH_LEN;
    assert_eq!(too_short.to_string(), format!("`residual`: scratch memory has 1 elements, but {needed} are needed"));
    assert_eq!(output, [9.0; 4]);
}

#[test]
fn several_in_a_function() {
    atrous::conv! { layer a { input: [1, 1, 1], channels: 1, kernel: 1 } }
    atrous::conv! { layer b { input: [1, 1, 1], channels: 1, kernel: 1 } }
    atrous::conv!("tests/specs/residual.conv", L = 1);
    assert_eq!(A::new(&[2.0]).unwrap().infer(&[3.0]).unwrap(), [6.0]);
    assert_eq!(B::new(&[4.0]).unwrap().infer(&[3.0]).unwrap(), [12.0]);
    assert_eq!(Residual::INPUT_SHAPE, [1, 1, 1]);
}

#[test]
fn several_inputs_and_outputs() {
    atrous::conv! {
        net ends {
            input x: [1, 1, 2];
            input packed: [1, 1, 2];
            sum = add(x, packed);
            product = mul(x, packed, sum) { relu };
            output product, sum;
        }
    }
    let ends = Ends::new().unwrap();
    let [product, sum] = ends.infer(&[1.0, 2.0], &[3.0, -5.0]).unwrap();
    assert_eq!((product, sum), (vec![12.0, 30.0], vec![4.0, -3.0]));
    assert_eq!(Ends::INPUTS, [("x", &[1, 1, 2][..]), ("packed", &[1, 1, 2])]);
    assert_eq!(Ends::OUTPUTS, [("product", &[1, 1, 2][..]), ("sum", &[1, 1, 2])]);
}

/// The same numbers in both memory orders, through every kind of lane, with scratch memory and an activation.
#[test]
fn layouts_agree() {
    atrous::conv! {
        net first {
            input x: [2, 8, 5, 7];
            a = conv(x) { channels: 8, kernel: 3, padding: 1, groups: 2, bias, relu };
            b = conv(a) { channels: 8, kernel: 3, dilation: 2, padding: 2, depthwise, bias };
            c = conv(b) { channels: 5, kernel: 4, stride: 2, padding: 1, transposed, bias, gelu };
            output c;
        }
        net last {
            input x: [2, 8, 5, 7];
            a = conv(x) { channels: 8, kernel: 3, padding: 1, groups: 2, bias, relu, layout: nhwc };
            b = conv(a) { channels: 8, kernel: 3, dilation: 2, padding: 2, depthwise, bias, layout: nhwc };
            c = conv(b) { channels: 5, kernel: 4, stride: 2, padding: 1, transposed, bias, gelu, layout: nhwc };
            output c;
        }
    }
    let some = |len: usize| -> Vec<f32> { (0..len).map(|index| (index * 37 % 19) as f32 / 16.0 - 0.5).collect() };
    let sizes = [("a.weight", 288), ("a.bias", 8), ("b.weight", 72), ("b.bias", 8), ("c.weight", 640), ("c.bias", 5)];
    let tensors: HashMap<&str, Vec<f32>> = sizes.map(|(name, len)| (name, some(len))).into();
    let to_nhwc = |nchw: &[f32], [n, c, s]: [usize; 3]| -> Vec<f32> {
        let index = (0..n * c * s).map(|at| (at / (c * s), at % c, at / c % s));
        index.map(|(image, channel, position)| nchw[(image * c + channel) * s + position]).collect()
    };
    let x = some(2 * 8 * 35);
    let first = First::from_tensors(&tensors).unwrap().infer(&x).unwrap();
    let last = Last::from_tensors(&tensors).unwrap().infer(&to_nhwc(&x, [2, 8, 35])).unwrap();
    assert_eq!(to_nhwc(&first, [2, 5, 140]), last);
    assert!(first.iter().any(|&value| value != first[0]));
}

#[test]
fn tensors_by_name() {
    let expected = [301.0, 412.0, 523.0, 134.0];
    let check = |residual: Result<Residual, Error>| {
        assert_eq!(residual.unwrap().infer(&[1.0, 2.0, 3.0, 4.0]).unwrap(), expected);
    };
    let (weight, bias, narrow) = ([1.0, 0.0, 0.0, 0.0, 0.0, 1.0], [0.0, 1.0], [10.0, 100.0]);
    let pairs = [("wide.weight", &weight[..]), ("narrow.weight", &narrow), ("wide.bias", &bias)];
    check(Residual::from_tensors(&pairs));
    check(Residual::from_tensors(&pairs[..]));
    let owned = || pairs.iter().map(|(name, tensor)| (name.to_string(), tensor.to_vec()));
    check(Residual::from_tensors(&owned().collect::<HashMap<String, Vec<f32>>>()));
    check(Residual::from_tensors(&owned().collect::<BTreeMap<String, Vec<f32>>>()));
    let blur = Blur::from_tensors(&[("blur.bias", [0.0].to_vec()), ("blur.weight", [0.0, 1.0, 0.0].to_vec())]);
    assert_eq!(blur.unwrap().infer(&[1.0, 2.0, 3.0, 4.0]).unwrap(), [1.0, 2.0, 3.0, 4.0]);
}

#[test]
fn errors() {
    let check = |error: Error, expected: &str| assert_eq!(error.to_string(), expected);
    let blur = Blur::new(&[1.0, 2.0, 3.0], &[0.5]).unwrap();
    check(
        Blur::new(&[1.0], &[0.5]).unwrap_err(),
        "`blur`: `blur.weight` has 1 elements, but its shape [1, 1, 3] has 3",
    );
    check(blur.infer(&[]).unwrap_err(), "`blur`: `input` has 0 elements, but its shape [1, 1, 4] has 4");
    check(
        blur.forward(&[0.0; 4], &mut [0.0; 5]).unwrap_err(),
        "`blur`: `output` has 5 elements, but its shape [1, 1, 4] has 4",
    );
    check(
        Residual::from_tensors(&[("wide.bias", [0.0; 2])]).unwrap_err(),
        "`residual`: no tensor named `wide.weight`, `narrow.weight`",
    );
    check(
        Residual::from_tensors(&[("wide.weight", [0.0; 2]), ("wide.bias", [0.0; 2]), ("narrow.weight", [0.0; 2])])
            .unwrap_err(),
        "`residual`: `wide.weight` has 2 elements, but its shape [2, 1, 3] has 6",
    );
}
