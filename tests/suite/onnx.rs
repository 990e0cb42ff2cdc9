//! ONNX's own tests on every executor, against the outputs that they expect.

use crate::specs::passes_with_other_instruction_sets;
use crate::support;
use atrous::jit;
use atrous_compiler::net::Net;
use atrous_compiler::oracle;
use atrous_tests::data::Data;
use atrous_tests::differential::{self, Expected, TOLERANCE, slices};
use atrous_tests::onnx::{self, Node};
use atrous_tests::{compiled, executors, specs};
use std::collections::BTreeMap;

type Tensors = BTreeMap<String, Vec<f32>>;

/// Runs a check on every test, and reports all that fail.
fn for_every_test(check: impl Fn(&Node, &Net, &Data, &[Expected]) -> Result<(), String>) {
    let tensors = support::read_tensors(&specs::root().join("tests/onnx/nodes.safetensors")).expect("the tensors");
    let run = |node: &Node| {
        let net = specs::parse(&node.spec(), &Default::default())?;
        let (data, expected) = read(node, &net, &tensors)?;
        check(node, &net, &data, &[expected])
    };
    let failure = |node: &Node| run(node).err().map(|error| format!("{}: {error}", node.name));
    let failures: Vec<String> = onnx::all().iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// What the net of a test reads, and what it should write.
fn read(node: &Node, net: &Net, tensors: &Tensors) -> Result<(Data, Expected), String> {
    let layer = net.layers().next().ok_or("no layer")?;
    let shapes = &node.shapes;
    let same = layer.weight_shape() == shapes.w && layer.output_shape() == shapes.y;
    if !same || layer.bias != shapes.b.is_some() {
        return Err(format!("not the weight and output of {shapes:?}:\n{net}"));
    }
    let tensor = |name: &str| tensors.get(&format!("{}.{name}", node.name)).ok_or(format!("no tensor {name}"));
    let mut parameters = vec![tensor("W")?.clone()];
    if layer.bias {
        parameters.push(tensor("B")?.clone());
    }
    let values: Vec<f64> = tensor("Y")?.iter().map(|&value| f64::from(value)).collect();
    let scale = values.iter().fold(1.0, |scale: f64, value| scale.max(value.abs()));
    let expected = Expected { name: "Y".into(), values, tolerance: TOLERANCE * scale };
    Ok((Data { inputs: vec![tensor("X")?.clone()], parameters }, expected))
}

#[test]
fn onnx_tests_are_all_there() {
    let names = onnx::all().into_iter().map(|node| node.name);
    let mut counts = BTreeMap::new();
    for name in names {
        let kinds = ["test_causal_conv_", "test_convtranspose", "test_operator_", "test_Conv", "test_"];
        let kind = kinds.into_iter().find(|kind| name.starts_with(kind)).expect("the name of a test");
        *counts.entry(kind).or_insert(0) += 1;
    }
    let expected =
        [("test_", 6), ("test_Conv", 28), ("test_causal_conv_", 7), ("test_convtranspose", 11), ("test_operator_", 2)];
    assert_eq!(counts, BTreeMap::from(expected));
}

#[test]
fn oracle_passes_onnx_tests() {
    for_every_test(|_, net, data, expected| {
        let (inputs, parameters) = (differential::widen(&data.inputs), differential::widen(&data.parameters));
        differential::compare("oracle", expected, &oracle::net(net, &slices(&inputs), &slices(&parameters)))
    });
}

#[test]
fn machine_code_passes_onnx_tests() {
    for_every_test(|_, net, data, expected| {
        executors::targets().iter().try_for_each(|target| {
            let result = differential::check_plan(net, target, data, expected);
            result.map(drop).map_err(|error| format!("for {}: {error}", target.name))
        })
    });
}

#[test]
fn compiled_rust_passes_onnx_tests() {
    let target = jit::target().expect("a target of this machine");
    for_every_test(|node, net, data, expected| {
        let outputs = compiled::run(&node.name, net, data)?;
        differential::compare("compiled Rust", expected, &differential::widen(&outputs))?;
        let plan = differential::planned(net, &target)?;
        differential::compare_bits(["interpreter", "compiled Rust"], &executors::interpret(&plan, data)?, &outputs)
    });
}

#[test]
fn compiled_rust_of_other_instruction_sets_passes_onnx_tests() {
    passes_with_other_instruction_sets("onnx::compiled_rust_passes_onnx_tests");
}
