//! Compilation at run time, against the macro.
#![cfg(feature = "jit")]

use atrous::Serial;
use atrous::jit::compiler::Target;
use atrous::jit::{self, Error};

const SPEC: &str = include_str!("specs/residual.conv");

#[test]
fn the_bits_of_the_macro() {
    atrous::conv!("tests/specs/residual.conv", L = 13);
    let some = |len: usize| -> Vec<f32> { (0..len).map(|index| (index * 37 % 19) as f32 / 7.0 - 1.0).collect() };
    let tensors = [("wide.weight", some(6)), ("wide.bias", some(2)), ("narrow.weight", some(2))];
    let signal = some(13);
    let compiled = jit::compile(SPEC, &[("L", 13)]).unwrap();
    let by_jit = compiled.load(&tensors).unwrap().infer(&[&signal]).unwrap();
    let by_macro = Residual::from_tensors(&tensors).unwrap().infer(&signal).unwrap();
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&by_jit[0]), bits(&by_macro));
    assert_eq!(compiled.net().inputs[0].shape, Residual::INPUT_SHAPE);
}

#[test]
fn errors() {
    let check = |error: Error, expected: &str| assert_eq!(error.to_string(), expected);
    check(jit::compile(SPEC, &[]).unwrap_err(), "`residual` has sizes that are not bound: L; each needs a number");
    let two =
        "layer a { input: [1, 1, 1], channels: 1, kernel: 1 } layer b { input: [1, 1, 1], channels: 1, kernel: 1 }";
    check(jit::compile(two, &[]).unwrap_err(), "a spec of one layer or net is expected, this one has 2");
    let wrong = jit::compile("layer a { input: [1, 1, 1], channels: 1, kernel: 2 }", &[]).unwrap_err().to_string();
    assert!(wrong.starts_with("A0210: layer `a`: "), "{wrong}");
    assert!(wrong.contains("\n  --> spec:1:"), "{wrong}");
    let residual = jit::compile(SPEC, &[("L", 2)]).unwrap();
    check(
        residual.load(&[("narrow.weight", [0.0; 2])]).unwrap_err(),
        "`residual`: no tensor named `wide.weight`, `wide.bias`",
    );
    let tensors = [("wide.weight", vec![0.0; 6]), ("wide.bias", vec![0.0; 2]), ("narrow.weight", vec![0.0; 2])];
    let loaded = residual.load(&tensors).unwrap();
    check(loaded.infer(&[]).unwrap_err(), "expected 1 input, found 0");
    check(loaded.infer(&[&[0.0]]).unwrap_err(), "`signal` has shape [1, 1, 2]: expected 2 elements, found 1");
}

#[test]
fn scratch_is_reused() {
    let tensors = [("wide.weight", vec![1.0; 6]), ("wide.bias", vec![1.0; 2]), ("narrow.weight", vec![1.0; 2])];
    let compiled = jit::compile(SPEC, &[("L", 4)]).unwrap();
    let loaded = compiled.load(&tensors).unwrap();
    let mut scratch = loaded.scratch().unwrap();
    assert!(compiled.kernel().scratch_len() > 0 && scratch.len() == compiled.kernel().scratch_len());
    for signal in [[1.0, 2.0, 3.0, 4.0], [0.5, -8.0, 0.0, 0.25]] {
        let mut output = [f32::NAN; 4];
        loaded.forward_with(&Serial, &mut scratch, &[&signal], &mut [&mut output]).unwrap();
        assert_eq!(output[..], loaded.infer(&[&signal]).unwrap()[0]);
    }
    let mut none = jit::Scratch::new(0).unwrap();
    let too_short = loaded.forward_with(&Serial, &mut none, &[&[0.0; 4]], &mut [&mut [0.0; 4]]).unwrap_err();
    let needed = compiled.kernel().scratch_len();
    assert_eq!(too_short.to_string(), format!("expected {needed} elements of scratch memory or more, found 0"));
}

#[test]
fn in_steps() {
    let (spec, target) = ("layer a { input: [1, 2, 2], channels: 1, kernel: 1 }", jit::compiler::Target::portable());
    let net = jit::net(spec, &[]).unwrap().with_layout(jit::compiler::layer::Layout::Nhwc);
    let loaded = jit::compile_net(net, &target).unwrap().load(&[("a.weight", [1.0, 10.0])]).unwrap();
    assert_eq!(loaded.infer(&[&[1.0, 2.0, 3.0, 4.0]]).unwrap(), [[21.0, 43.0]]);
}

#[test]
fn memory_may_be_limited() {
    let blur = "layer blur { input: [1, 1, W], channels: 1, kernel: 3, padding: 1 }";
    let model = || jit::compile_for(blur, &[("W", 1000)], &Target::portable()).unwrap();
    let bytes = model().bytes();
    // Input and output, the weight, and its packed form of 64 bytes.
    assert_eq!(bytes, 4 * (1000 + 1000 + 3 + 16));
    assert!(model().within(bytes).is_ok());
    let refused = model().within(bytes - 1).unwrap_err();
    assert_eq!(refused, Error::Memory { net: "blur".to_string(), needed: bytes, limit: bytes - 1 });
    assert_eq!(refused.to_string(), "the tensors of `blur` take 8076 bytes, more than the limit of 8075");
}
