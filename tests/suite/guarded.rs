//! Many and larger layers between pages that nobody may touch, on every target, in both memory orders, on one thread and
//! on several, each by the schedule that is expected to be the fastest and by another one.
//!
//! `cargo test -p atrous-tests guarded -- --ignored --nocapture` takes some minutes; `ATROUS_CASES` says how many layers there
//! are of each rank, `ATROUS_SEED` which. `random` says what to do when the process ends.

use crate::random;
use atrous_compiler::layer::{Layer, LayerAxis, Layout};
use atrous_compiler::net::Net;
use atrous_compiler::{Target, compile_with, oracle};
use atrous_tests::data::{self, Data, Random};
use atrous_tests::differential::{self, Expected};
use atrous_tests::{executors, layers};
use proptest::prelude::*;
use std::cell::Cell;
use std::time::Instant;

/// More than this takes the oracle too long.
const MOST_MACS: u64 = 1_000_000;
const MOST_OUTPUTS: usize = 40_000;

/// A layer of the random tests, with more channels and positions than interpreters have patience for.
fn larger(rank: usize) -> impl Strategy<Value = Layer> {
    let longer = [0..=90usize, 0..=20, 0..=6][rank - 1].clone();
    let growth = (1..=4usize, 0..=9usize, 1..=4usize, 0..=9usize, proptest::collection::vec(longer, rank));
    let layer = (layers::layers(rank), growth).prop_map(|(layer, (times, more, times_out, more_out, longer))| {
        let grown = |channels: usize, times: usize, more: usize| channels / layer.groups * times + more;
        // Depthwise layers stay depthwise.
        let is_deep = layer.groups > 1 && layer.input_channels == layer.groups;
        let inputs = if is_deep { 1 } else { grown(layer.input_channels, times, more) };
        let outputs = if is_deep { 1 + more_out % 2 } else { grown(layer.output_channels, times_out, more_out) };
        let groups = if is_deep { layer.groups * times + more } else { layer.groups };
        let grown_axis = |(axis, more): (&LayerAxis, usize)| LayerAxis { input: axis.input + more, ..*axis };
        let axes = layer.axes.iter().zip(longer).map(grown_axis).collect();
        Layer { groups, input_channels: groups * inputs, output_channels: groups * outputs, axes, ..layer.clone() }
    });
    layer.prop_filter("too large for the oracle", |layer| {
        let outputs: usize = layer.output_shape().iter().product();
        outputs <= MOST_OUTPUTS && oracle::useful_macs(layer) <= MOST_MACS
    })
}

/// Runs a layer on every target in a memory order. `choice` chooses the other schedule.
fn check(net: &Net, choice: u64) -> Result<(), String> {
    let data = data::integers(net, choice);
    let expected = differential::expected(net, &data);
    executors::targets().iter().try_for_each(|target| {
        let result = check_target(net, target, choice, &data, &expected);
        result.map_err(|error| format!("{:?} for {}: {error}", net.layout, target.name))
    })
}

fn check_target(net: &Net, target: &Target, choice: u64, data: &Data, expected: &[Expected]) -> Result<(), String> {
    let run = |choice: u64| {
        let mut choose = |_: &str, ranked: &[_]| (choice % ranked.len() as u64) as usize;
        let plan = compile_with(net, target, &mut choose).map_err(|error| error.to_string())?;
        executors::jit(&plan, data)
    };
    let (first, other) = (run(0)?, run(choice)?);
    differential::compare("JIT", expected, &differential::widen(&first))?;
    differential::compare_bits(["the first schedule", "another"], &first, &other)
}

fn in_both_layouts(net: &Net) -> Result<(), String> {
    // The same for the same layer, so that a failure is one again when it is made smaller.
    let choice = Random(net.to_string().len() as u64).bits();
    [Layout::Nchw, Layout::Nhwc].iter().try_for_each(|layout| check(&net.clone().with_layout(*layout), choice))
}

fn larger_layers_stay_in_their_buffers(cases: u64) {
    let start = Instant::now();
    for rank in 1..=3 {
        let done = Cell::new(0);
        let check = |net: &Net| {
            done.set(done.get() + 1);
            in_both_layouts(net)
        };
        let (seed, cases) = (random::setting("ATROUS_SEED", 1), random::setting("ATROUS_CASES", cases));
        random::for_nets(larger(rank).prop_map(Net::of_layer), seed, cases, check);
        println!("rank {rank}: {} layers, {:.0} s", done.get(), start.elapsed().as_secs_f64());
    }
}

#[test]
fn a_few_larger_layers() {
    larger_layers_stay_in_their_buffers(4);
}

#[test]
#[ignore = "takes some minutes"]
fn thousands_of_larger_layers() {
    larger_layers_stay_in_their_buffers(1_200);
}
