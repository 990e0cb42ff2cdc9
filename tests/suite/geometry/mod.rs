//! Every layer of one axis with few taps, small steps and few positions, against the definition: which layers are legal,
//! output sizes, phases, tables of taps, multiply-adds, and outputs on every executor.
//!
//! `cargo test -p atrous-tests geometry -- --ignored` checks all of them; the quick tests do every 101st.
//!
//! The inputs are 1, 2, 3, … and the weights 1, 10, 100, …: the digits of an output are the inputs that its taps meet.

mod definition;
mod words;

use atrous_compiler::ir::{Contraction, Graph, Op, PiecewiseAxis, Progression, macs};
use atrous_compiler::layer::PaddingMode;
use atrous_compiler::net::Net;
use atrous_compiler::plan::eval::count_macs;
use atrous_compiler::{Target, lower, oracle, passes};
use atrous_tests::data::Data;
use atrous_tests::differential::{self, Expected};
use atrous_tests::{executors, specs};
use definition::{Case, Kind, Table};
use std::panic::catch_unwind;

/// Inputs, taps, strides and dilations up to these, and paddings from the one to the other.
const INPUT: usize = 8;
const TAPS: usize = 4;
const STRIDE: usize = 4;
const DILATION: usize = 4;
const PADDING: [i64; 2] = [-2, 4];

/// The number of cases of one kind.
const CASES: usize = INPUT * TAPS * STRIDE * DILATION * 49;

/// The quick tests check one case of so many; it shares no factor with any range.
const THINNED: usize = 101;

const ORDINARY: [Kind; 4] = [
    Kind::Ordinary(PaddingMode::Zeros),
    Kind::Ordinary(PaddingMode::Reflect),
    Kind::Ordinary(PaddingMode::Replicate),
    Kind::Ordinary(PaddingMode::Circular),
];

/// The last is never legal.
const TRANSPOSED: [Kind; 5] = [
    Kind::Transposed { output_padding: 0 },
    Kind::Transposed { output_padding: 1 },
    Kind::Transposed { output_padding: 2 },
    Kind::Transposed { output_padding: 3 },
    Kind::Transposed { output_padding: 4 },
];

/// The case with a number below [`CASES`].
fn case(kind: Kind, number: usize) -> Case {
    let mut rest = number;
    let mut digit = |base: usize| {
        let digit = rest % base;
        rest /= base;
        digit
    };
    let paddings = (PADDING[1] - PADDING[0] + 1) as usize;
    Case {
        input: digit(INPUT) + 1,
        kernel: digit(TAPS) + 1,
        stride: digit(STRIDE) + 1,
        dilation: digit(DILATION) + 1,
        padding: [digit(paddings), digit(paddings)].map(|padding| padding as i64 + PADDING[0]),
        kind,
    }
}

/// Checks one case of every `step` of some kinds, and how many of these are legal.
fn check_all(kinds: &[Kind], step: usize, legal: usize) {
    let numbers = || (0..CASES).step_by(step);
    let cases = kinds.iter().flat_map(|&kind| numbers().map(move |number| case(kind, number)));
    let mut found = 0;
    for case in cases {
        match catch_unwind(|| check(&case)).unwrap_or_else(|_| Err("a panic".into())) {
            Ok(is_legal) => found += usize::from(is_legal),
            Err(error) => panic!("\n\n// {error}\n{case}"),
        }
    }
    assert_eq!(found, legal, "legal cases");
}

/// Whether a case is legal; the compiler says so too, and everything that it makes of a legal one is right.
fn check(case: &Case) -> Result<bool, String> {
    let parsed = specs::parse(&case.to_string(), &Default::default());
    match (case.table(), parsed) {
        (None, Err(_)) => Ok(false),
        (None, Ok(_)) => Err("an illegal layer is accepted".into()),
        (Some(_), Err(error)) => Err(format!("a legal layer is refused: {error}")),
        (Some(table), Ok(net)) => {
            let output = net.layers().next().ok_or("no layer")?.output_shape();
            if output != [1, 1, table.len()] {
                return Err(format!("the output has the shape {output:?}, not {} positions", table.len()));
            }
            check_graphs(case, &net, &table)?;
            check_macs(case, &net, &table)?;
            check_values(&net, &table)?;
            check_output_size(case, &net, &table)?;
            Ok(true)
        }
    }
}

/// Phases after the pass that makes them, and the table of taps at the end.
fn check_graphs(case: &Case, net: &Net, table: &Table) -> Result<(), String> {
    let positions = reads(case, table);
    let mut result = Ok(());
    passes::run(lower::lower(net), &mut |pass, graph, _| {
        let checked = match pass.name {
            "polyphase" => check_phases(case, axis(graph), table.len()),
            "drop_empty" => check_pieces(axis(graph), &positions),
            _ => Ok(()),
        };
        result = result.clone().and(checked);
    });
    result
}

/// The positions that a graph's convolution reads: of the input, or of what a pad makes of it. The graph of a transposed
/// layer has its taps in reverse.
fn reads(case: &Case, table: &Table) -> Table {
    match case.kind {
        Kind::Ordinary(PaddingMode::Zeros) => table.clone(),
        Kind::Transposed { .. } => table.iter().map(|row| row.iter().copied().rev().collect()).collect(),
        Kind::Ordinary(_) => {
            let position = |output, tap| Some(case.stride * output + case.dilation * tap);
            (0..table.len()).map(|output| (0..case.kernel).map(|tap| position(output, tap)).collect()).collect()
        }
    }
}

/// The one axis of the one contraction.
fn axis(graph: &Graph) -> &PiecewiseAxis {
    let contraction = |node: &&atrous_compiler::ir::Node| matches!(node.op, Op::Contraction(_));
    let Some(Op::Contraction(Contraction { axes, .. })) = graph.nodes.iter().find(contraction).map(|node| &node.op)
    else {
        panic!("no contraction in\n{graph}");
    };
    &axes[0]
}

fn numbers(progression: Progression) -> Vec<usize> {
    (0..progression.count).map(|n| (progression.start + progression.step * n) as usize).collect()
}

fn check_phases(case: &Case, axis: &PiecewiseAxis, outputs: usize) -> Result<(), String> {
    let expected = case.phases(outputs);
    let phases: Vec<_> = axis.pieces.iter().map(|piece| (numbers(piece.outputs), numbers(piece.taps))).collect();
    if phases == expected { Ok(()) } else { Err(format!("the phases are {phases:?}, not {expected:?}")) }
}

/// The pieces, laid out as a table again.
fn check_pieces(axis: &PiecewiseAxis, expected: &Table) -> Result<(), String> {
    let mut table = vec![vec![None; axis.taps as usize]; axis.output as usize];
    let mut covered = vec![0; table.len()];
    for piece in &axis.pieces {
        for (q, output) in numbers(piece.outputs).into_iter().enumerate() {
            covered[output] += 1;
            for (j, tap) in numbers(piece.taps).into_iter().enumerate() {
                let input = piece.axis.stride * q as i64 + piece.axis.dilation * j as i64 - piece.axis.pad;
                table[output][tap] = Some(usize::try_from(input).map_err(|_| "a piece reads before its input")?);
            }
        }
    }
    axis.empty.iter().flat_map(|&outputs| numbers(outputs)).for_each(|output| covered[output] += 1);
    if covered.iter().any(|&count| count != 1) {
        return Err(format!("the pieces cover outputs {covered:?} times"));
    }
    if table == *expected { Ok(()) } else { Err(format!("the taps read {table:?}, not {expected:?}")) }
}

/// The counts of multiply-adds, nominal and executed.
fn check_macs(case: &Case, net: &Net, table: &Table) -> Result<(), String> {
    let positions = if let Kind::Transposed { .. } = case.kind { case.input } else { table.len() };
    let useful = table.iter().flatten().flatten().count() as u128;
    let lowered = lower::lower(net);
    let counted = macs::of_layers(&lowered);
    let executed = macs::executed(&passes::run(lowered, &mut |_, _, _| {}));
    let plan = differential::planned(net, &Target::portable())?;
    let by_oracle: u64 = net.layers().map(oracle::useful_macs).sum();
    let counts = [counted.nominal, counted.useful, executed, count_macs(&plan).into(), by_oracle.into()];
    let expected = [(positions * case.kernel) as u128, useful, useful, useful, useful];
    if counts == expected {
        return Ok(());
    }
    Err(format!(
        "multiply-adds are {counts:?}, not {expected:?} (nominal, useful, after the passes, in the plan, by the oracle)"
    ))
}

/// The outputs, by the oracle and by every executor of plans.
fn check_values(net: &Net, table: &Table) -> Result<(), String> {
    let layer = net.layers().next().ok_or("no layer")?;
    let (inputs, taps) = (layer.axes[0].input, layer.axes[0].kernel);
    let input: Vec<f32> = (1..=inputs).map(|digit| digit as f32).collect();
    let weight: Vec<f32> = (0..taps).map(|tap| 10.0f32.powi(tap as i32)).collect();
    let digit = |(tap, input): (usize, &Option<usize>)| input.map_or(0, |input| (input + 1) * 10usize.pow(tap as u32));
    let value = |row: &Vec<Option<usize>>| row.iter().enumerate().map(digit).sum::<usize>() as f64;
    let values: Vec<f64> = table.iter().map(value).collect();
    let expected = [Expected { name: "output".into(), values, tolerance: 0.0 }];
    let data = Data { inputs: vec![input], parameters: vec![weight] };
    let (wide_inputs, wide_weights) = (differential::widen(&data.inputs), differential::widen(&data.parameters));
    let by_oracle = oracle::layer(layer, &wide_inputs[0], &wide_weights[0], None);
    differential::compare("oracle", &expected, &[by_oracle])?;
    executors::targets().iter().try_for_each(|target| {
        let result = differential::check_plan(net, target, &data, &expected);
        result.map(drop).map_err(|error| format!("for {}: {error}", target.name))
    })
}

/// A transposed layer that is told the output size instead of the output padding is the same.
fn check_output_size(case: &Case, net: &Net, table: &Table) -> Result<(), String> {
    let Kind::Transposed { output_padding } = case.kind else { return Ok(()) };
    let (field, size) = (format!("output_padding: {output_padding}"), format!("output_size: [{}]", table.len()));
    let again = specs::parse(&case.to_string().replace(&field, &size), &Default::default())?;
    if again == *net { Ok(()) } else { Err(format!("with {size} another layer:\n{again}")) }
}

#[test]
fn some_ordinary_geometries() {
    check_all(&ORDINARY, THINNED, 598);
}

#[test]
fn some_transposed_geometries() {
    check_all(&TRANSPOSED, THINNED, 735);
}

#[test]
#[ignore = "takes some minutes"]
fn all_ordinary_geometries() {
    check_all(&ORDINARY, 1, 59_964);
}

#[test]
#[ignore = "takes some minutes"]
fn all_transposed_geometries() {
    check_all(&TRANSPOSED, 1, 74_645);
}
