//! Runs a net on every executor and compares.

use crate::data::Data;
use crate::executors;
use atrous_compiler::ir::macs::{self, Macs};
use atrous_compiler::layer::{Activation, Layout, Number};
use atrous_compiler::net::{Net, Op, ValueId};
use atrous_compiler::{Checked, Plan, Target, compile, ir, lower, oracle, passes};

/// The largest error of a value behind an activation that is not exact on small integers, relative to the largest
/// magnitude in its tensor or to 1. The transcendental activations themselves state less; sums of their values add to it.
pub const TOLERANCE: f64 = 4e-6;

/// What an output should be.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The output's name.
    pub name: String,
    /// In memory order.
    pub values: Vec<f64>,
    /// The largest absolute error; zero where arithmetic on small integers is exact.
    pub tolerance: f64,
}

/// The oracle's outputs on small integers.
pub fn expected(net: &Net, data: &Data) -> Vec<Expected> {
    let exact = exact_values(net);
    let (inputs, parameters) = (widen(&data.inputs), widen(&data.parameters));
    let outputs = oracle::net(net, &slices(&inputs), &slices(&parameters));
    let one = |(output, values): (&ValueId, Vec<f64>)| {
        let scale = values.iter().fold(1.0, |scale: f64, value| scale.max(value.abs()));
        let tolerance = if exact[output.0] { 0.0 } else { TOLERANCE * scale };
        Expected { name: net.value_name(*output).to_string(), values, tolerance }
    };
    net.outputs.iter().zip(outputs).map(one).collect()
}

/// The same on real numbers, where every `f32` sum rounds.
pub fn expected_of_reals(net: &Net, data: &Data) -> Vec<Expected> {
    let mut outputs = expected(net, data);
    for output in &mut outputs {
        let scale = output.values.iter().fold(1.0, |scale: f64, value| scale.max(value.abs()));
        output.tolerance = TOLERANCE * scale;
    }
    outputs
}

/// Which values of a net are exact on small integers: those behind nothing but sums, products, and activations that
/// multiply by a short binary fraction at most.
fn exact_values(net: &Net) -> Vec<bool> {
    let mut exact = vec![true; net.inputs.len()];
    for step in &net.steps {
        let activation = match &step.op {
            Op::Conv(layer) => layer.activation,
            Op::Add(activation) | Op::Mul(activation) => *activation,
        };
        exact.push(is_exact(activation) && step.reads.iter().all(|read| exact[read.0]));
    }
    exact
}

/// Whether `f32` arithmetic on small integers gives exactly what the oracle gives.
pub fn is_exact(activation: Activation) -> bool {
    let short = |number: Number| (number.get() * 16.0).fract() == 0.0 && number.get().abs() < 256.0;
    match activation {
        Activation::None | Activation::Relu | Activation::Relu6 => true,
        Activation::LeakyRelu(slope) => short(slope),
        Activation::Clamp(low, high) => short(low) && short(high),
        Activation::Sigmoid | Activation::Tanh | Activation::Silu | Activation::Gelu | Activation::Hardswish => false,
    }
}

/// Compares one executor's outputs with what they should be. NaN equals NaN.
pub fn compare(executor: &str, expected: &[Expected], outputs: &[Vec<f64>]) -> Result<(), String> {
    if expected.len() != outputs.len() {
        return Err(format!("{executor}: {} outputs, not {}", outputs.len(), expected.len()));
    }
    for (Expected { name, values, tolerance }, output) in expected.iter().zip(outputs) {
        if values.len() != output.len() {
            return Err(format!("{executor}: {name} has {} elements, not {}", output.len(), values.len()));
        }
        let differs = |(&value, &expected): (&f64, &f64)| {
            let same = value == expected || (value.is_nan() && expected.is_nan());
            let close = (value - expected).abs() <= *tolerance;
            !(same || close)
        };
        let wrong: Vec<usize> = (0..values.len()).filter(|&index| differs((&output[index], &values[index]))).collect();
        if let Some(&first) = wrong.first() {
            let (value, expected, count, all) = (output[first], values[first], wrong.len(), values.len());
            return Err(format!(
                "{executor}: {name}[{first}] is {value}, not {expected} (tolerance {tolerance:e}); {count} of {all} differ"
            ));
        }
    }
    Ok(())
}

/// Compares the outputs of two executors bit for bit; NaNs are equal.
pub fn compare_bits(executors: [&str; 2], left: &[Vec<f32>], right: &[Vec<f32>]) -> Result<(), String> {
    let bits = |value: f32| if value.is_nan() { f32::NAN.to_bits() } else { value.to_bits() };
    let [first, second] = executors;
    if left.len() != right.len() {
        return Err(format!("{first} has {} outputs, {second} {}", left.len(), right.len()));
    }
    for (output, (left, right)) in left.iter().zip(right).enumerate() {
        if left.len() != right.len() {
            return Err(format!("output {output} has {} elements by {first}, {} by {second}", left.len(), right.len()));
        }
        if let Some(at) = (0..left.len()).find(|&at| bits(left[at]) != bits(right[at])) {
            let (left, right) = (left[at], right[at]);
            return Err(format!("output {output}[{at}] is {left:?} by {first}, {right:?} by {second}"));
        }
    }
    Ok(())
}

/// Runs the graph of a net as lowered and after each pass. Graphs know no memory order, so only nets in `nchw` order can
/// be compared.
pub fn check_graphs(net: &Net, data: &Data, expected: &[Expected]) -> Result<(), String> {
    assert_eq!(net.layout, Layout::Nchw);
    let (inputs, parameters) = (widen(&data.inputs), widen(&data.parameters));
    let run = |graph: &ir::Graph| ir::eval::run(graph, &slices(&inputs), &slices(&parameters));
    let lowered = lower::lower(net);
    let mut result = compare("graph as lowered", expected, &run(&lowered));
    passes::run(lowered, &mut |pass, graph, changed| {
        if changed && result.is_ok() {
            result = compare(&format!("graph after {}", pass.name), expected, &run(graph));
        }
    });
    result
}

/// Runs the graph of a net after all passes. Only the passes make it true that padding and inserted zeros are skipped,
/// so that this is the first graph that infinities do not tell from the oracle.
pub fn check_last_graph(net: &Net, data: &Data, expected: &[Expected]) -> Result<(), String> {
    assert_eq!(net.layout, Layout::Nchw);
    let (inputs, parameters) = (widen(&data.inputs), widen(&data.parameters));
    let graph = passes::run(lower::lower(net), &mut |_, _, _| {});
    compare("graph after all passes", expected, &ir::eval::run(&graph, &slices(&inputs), &slices(&parameters)))
}

/// Checks the counts of multiply-adds: graphs after the passes, and plans, execute exactly the useful ones, and these are
/// never more than the nominal ones. Activations are left out, since their series multiply and add as well.
pub fn check_macs(net: &Net, target: &Target) -> Result<(), String> {
    let net = without_activations(net.clone());
    let lowered = lower::lower(&net);
    let Macs { nominal, useful } = macs::of_layers(&lowered);
    let executed = macs::executed(&passes::run(lowered, &mut |_, _, _| {}));
    let plan = planned(&net, target)?;
    let in_plan = atrous_compiler::plan::eval::count_macs(&plan);
    let counted: u64 = net.layers().map(oracle::useful_macs).sum();
    if [useful, executed, u128::from(in_plan)] == [u128::from(counted); 3] && useful <= nominal {
        return Ok(());
    }
    Err(format!(
        "multiply-adds: {nominal} nominal, {useful} useful, {counted} by the oracle, {executed} after the passes, \
         {in_plan} in the plan"
    ))
}

fn without_activations(mut net: Net) -> Net {
    for step in &mut net.steps {
        match &mut step.op {
            Op::Conv(layer) => layer.activation = Activation::None,
            Op::Add(activation) | Op::Mul(activation) => *activation = Activation::None,
        }
    }
    net
}

/// The verified plan of a net.
pub fn planned(net: &Net, target: &Target) -> Result<Checked<Plan>, String> {
    compile(net, target).map_err(|error| error.to_string())
}

/// Runs the plan of a net by the interpreter, against what the oracle expects, and by the JIT, against the interpreter
/// bit for bit. Returns the outputs.
pub fn check_plan(net: &Net, target: &Target, data: &Data, expected: &[Expected]) -> Result<Vec<Vec<f32>>, String> {
    let plan = planned(net, target)?;
    let outputs = check_jit(&plan, data)?;
    compare("interpreter", expected, &widen(&outputs))?;
    Ok(outputs)
}

/// Runs a plan by the interpreter and by the JIT, bit for bit. Returns the outputs.
pub fn check_jit(plan: &Checked<Plan>, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let interpreted = executors::interpret(plan, data)?;
    compare_bits(["interpreter", "JIT"], &interpreted, &executors::jit(plan, data)?)?;
    Ok(interpreted)
}

/// Machines that no back end has to know, to show that plans are right for any of them.
#[rustfmt::skip]
pub const MACHINES: &[Target] = &[
    Target { name: "scalar", lanes: 1, registers: 8,  fused: false, pipes: 2 },
    Target { name: "wide",   lanes: 8, registers: 32, fused: true,  pipes: 2 },
];

/// Runs the plans for [`MACHINES`] by the interpreter, against what the oracle expects.
pub fn check_machines(net: &Net, data: &Data, expected: &[Expected]) -> Result<(), String> {
    MACHINES.iter().try_for_each(|target| {
        let interpreted = executors::interpret(&planned(net, target)?, data)?;
        compare(&format!("interpreter for {}", target.name), expected, &widen(&interpreted))
    })
}

/// The numbers as the oracle has them.
pub fn widen(tensors: &[Vec<f32>]) -> Vec<Vec<f64>> {
    tensors.iter().map(|tensor| tensor.iter().map(|&value| f64::from(value)).collect()).collect()
}

/// The tensors as the oracle reads them.
pub fn slices(tensors: &[Vec<f64>]) -> Vec<&[f64]> {
    tensors.iter().map(Vec::as_slice).collect()
}
