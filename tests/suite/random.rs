//! Random layers on every executor.
//!
//! `ATROUS_SEED` (a number; default 1) chooses other layers, `ATROUS_CASES` how many per rank and memory order. A failing
//! layer is made as small as still fails and printed as spec text: paste it into a file under `specs/regressions/`.
//!
//! An access outside of a buffer ends the process before it can say of which layer. With `ATROUS_TRACE=1` and the arguments
//! `--nocapture --test-threads 1` each layer is printed before it runs: the last one is it.

use atrous_compiler::Target;
use atrous_compiler::layer::{Activation, Layer, Layout, PaddingMode};
use atrous_compiler::net::Net;
use atrous_tests::{data, differential, executors, layers, nets, specs};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// A number from the environment, or its default.
pub fn setting(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} should be a number, not {text:?}")),
        Err(_) => default,
    }
}

/// Runs a check on random layers of a rank: as many as the environment says, or `cases`.
pub fn for_random_layers(rank: usize, cases: u64, check: impl Fn(&Net) -> Result<(), String>) {
    for_layers(rank, setting("ATROUS_SEED", 1), setting("ATROUS_CASES", cases), check);
}

fn for_layers(rank: usize, seed: u64, cases: u64, check: impl Fn(&Net) -> Result<(), String>) {
    for_nets(layers::layers(rank).prop_map(Net::of_layer), seed, cases, check);
}

/// Runs a check on nets by way of their texts, as they will be when they have become specs.
pub fn for_nets(nets: impl Strategy<Value = Net>, seed: u64, cases: u64, check: impl Fn(&Net) -> Result<(), String>) {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config =
        Config { cases: cases as u32, max_shrink_iters: 2_000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let trace = setting("ATROUS_TRACE", 0) > 0;
    let test = |net: Net| {
        if trace {
            println!("{net}");
        }
        parsed(&net).and_then(|net| check(&net)).map_err(TestCaseError::fail)
    };
    match runner.run(&nets, test) {
        Ok(()) => {}
        Err(TestError::Fail(reason, net)) => panic!("\n\n// {reason}\n{net}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

fn parsed(net: &Net) -> Result<Net, String> {
    let again = specs::parse(&net.to_string(), &Default::default())?;
    if again == *net { Ok(again) } else { Err(format!("the text means another net:\n{again}")) }
}

/// The same without an activation whose value at an infinity is a matter of taste.
fn without_rounded_activation(net: &Net) -> Net {
    let layer = net.layers().next().expect("a net of one layer").clone();
    let activation = if differential::is_exact(layer.activation) { layer.activation } else { Activation::None };
    Net::of_layer(Layer { activation, ..layer })
}

fn check_graphs(net: &Net) -> Result<(), String> {
    let net = net.clone().with_layout(Layout::Nchw);
    let data = data::integers(&net, 1);
    differential::check_graphs(&net, &data, &differential::expected(&net, &data))?;
    let net = without_rounded_activation(&net);
    let data = data::with_specials(&net, 2);
    differential::check_last_graph(&net, &data, &differential::expected(&net, &data))
}

#[test]
fn graphs_of_rank_1() {
    for_random_layers(1, 600, check_graphs);
}

#[test]
fn graphs_of_rank_2() {
    for_random_layers(2, 300, check_graphs);
}

#[test]
fn graphs_of_rank_3() {
    for_random_layers(3, 200, check_graphs);
}

#[test]
fn nets_of_several_steps() {
    for_nets(nets::nets(), setting("ATROUS_SEED", 1), setting("ATROUS_CASES", 300), |net| {
        let data = data::integers(net, 1);
        let expected = differential::expected(net, &data);
        executors::targets().iter().try_for_each(|target| {
            let result = differential::check_plan(net, target, &data, &expected);
            result.map(drop).map_err(|error| format!("for {}: {error}", target.name))
        })?;
        differential::check_machines(net, &data, &expected)?;
        let net = &net.clone().with_layout(Layout::Nchw);
        differential::check_graphs(net, &data, &differential::expected(net, &data))
    });
}

/// What a layer may have.
type Feature = (&'static str, fn(&Layer) -> bool);

#[rustfmt::skip]
const FEATURES: &[Feature] = &[
    ("transposed",                  |layer| layer.transposed),
    ("transposed, gcd(s, d) > 1",   |layer| layer.transposed && layer.axes.iter().any(|axis| gcd(axis.stride, axis.dilation) > 1)),
    ("transposed, empty phases",    |layer| layer.transposed && layer.axes.iter().any(|axis| axis.stride > axis.kernel)),
    ("output padding",              |layer| layer.axes.iter().any(|axis| axis.output_padding > 0)),
    ("stride over kernel",          |layer| !layer.transposed && layer.axes.iter().any(|axis| axis.stride > axis.kernel)),
    ("stride and dilation",         |layer| layer.axes.iter().any(|axis| axis.stride > 1 && axis.dilation > 1)),
    ("asymmetric padding",          |layer| layer.axes.iter().any(|axis| axis.padding[0] != axis.padding[1])),
    ("negative padding",            |layer| layer.axes.iter().any(|axis| axis.padding.iter().any(|&side| side < 0))),
    ("reflect",                     |layer| layer.padding_mode == PaddingMode::Reflect),
    ("replicate",                   |layer| layer.padding_mode == PaddingMode::Replicate),
    ("circular",                    |layer| layer.padding_mode == PaddingMode::Circular),
    ("grouped",                     |layer| layer.groups > 1 && layer.input_channels > layer.groups),
    ("groups for a vector",         |layer| layer.groups >= 4 && layer.input_channels > layer.groups),
    ("a vector of a group",         |layer| layer.groups > 1 && layer.output_channels >= 16 * layer.groups),
    ("many outputs of an input",    |layer| layer.groups >= 4 && layer.input_channels == layer.groups && layer.output_channels >= 3 * layer.groups),
    ("depthwise",                   |layer| layer.groups > 1 && layer.input_channels == layer.groups),
    ("bias",                        |layer| layer.bias),
    ("activation",                  |layer| layer.activation != Activation::None),
    ("nhwc",                        |layer| layer.layout == Layout::Nhwc),
    ("several images",              |layer| layer.batch > 1),
    ("channels for a vector",       |layer| layer.output_channels >= 8),
];

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The generator reaches everything that it promises, in every rank.
#[test]
fn features_of_random_layers() {
    for rank in 1..=3 {
        let counts = std::cell::RefCell::new(vec![0; FEATURES.len()]);
        for_layers(rank, 1, 500, |net| {
            let layer = net.layers().next().expect("a net of one layer");
            let mut counts = counts.borrow_mut();
            counts.iter_mut().zip(FEATURES).for_each(|(count, (_, has))| *count += usize::from(has(layer)));
            Ok(())
        });
        for (count, (feature, _)) in counts.into_inner().into_iter().zip(FEATURES) {
            assert!(count >= 20, "rank {rank}: {feature} only {count} times in 500");
        }
    }
}

fn check_plan(net: &Net) -> Result<(), String> {
    let data = data::integers(net, 1);
    differential::check_machines(net, &data, &differential::expected(net, &data))?;
    executors::targets()
        .iter()
        .try_for_each(|target| check_target(net, target).map_err(|error| format!("for {}: {error}", target.name)))
}

fn check_target(net: &Net, target: &Target) -> Result<(), String> {
    differential::check_macs(net, target)?;
    let data = data::integers(net, 1);
    differential::check_plan(net, target, &data, &differential::expected(net, &data))?;
    let data = data::reals(net, 3);
    differential::check_plan(net, target, &data, &differential::expected_of_reals(net, &data))?;
    let net = &without_rounded_activation(net);
    let data = data::with_specials(net, 2);
    differential::check_plan(net, target, &data, &differential::expected(net, &data)).map(drop)
}

#[test]
fn plans_of_rank_1() {
    for_random_layers(1, 1000, check_plan);
}

#[test]
fn plans_of_rank_2() {
    for_random_layers(2, 600, check_plan);
}

#[test]
fn plans_of_rank_3() {
    for_random_layers(3, 400, check_plan);
}
