//! Random layers as compiled Rust, between pages that nobody may touch, against the interpreter of plans.
//!
//! `cargo test -p atrous-tests-random -- --ignored --nocapture` draws layers, has a cargo of its own compile them, and runs
//! them for each target of this machine; `ATROUS_CASES` says how many of each rank, `ATROUS_SEED` which.

use atrous_compiler::front::{self, Model};
use atrous_compiler::layer::Layer;
use atrous_compiler::net::Net;
use atrous_tests::{compiled, data, differential, layers};
use atrous_tests_random::{COMPILED, TEXT};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

#[test]
fn compiled_rust_is_the_plan() {
    let target = atrous::jit::target().expect("a target of this machine");
    let models = front::text(TEXT, &Default::default()).models;
    assert!(models.len() == COMPILED.len() && !models.is_empty());
    for (model, (name, run)) in models.into_iter().zip(COMPILED) {
        let Model::Net(net) = model else { panic!("{name} is open") };
        check(&net, *run, &target).unwrap_or_else(|error| panic!("\n\n// {error}\n{net}"));
    }
    println!("{} layers for {}", COMPILED.len(), target.name);
}

fn check(net: &Net, run: compiled::Run, target: &atrous_compiler::Target) -> Result<(), String> {
    let plan = differential::planned(net, target)?;
    for data in [data::integers(net, 1), data::reals(net, 2), data::with_specials(net, 3), data::denormals(net, 4)] {
        let interpreted = differential::check_jit(&plan, &data)?;
        let compiled = compiled::run_all_ways(run, net, &data)?;
        differential::compare_bits(["interpreter", "compiled Rust"], &interpreted, &compiled)?;
    }
    Ok(())
}

/// A number from the environment, or its default.
fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} should be a number")))
}

fn draw(rank: usize, seed: u64, count: u64) -> Vec<Layer> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let layers = layers::layers(rank);
    (0..count).map(|_| layers.new_tree(&mut runner).expect("a layer").current()).collect()
}

#[test]
#[ignore = "takes minutes"]
fn many_layers_as_compiled_rust() {
    let (seed, count) = (setting("ATROUS_SEED", 1), setting("ATROUS_CASES", 100));
    let layers = (1..=3).flat_map(|rank| draw(rank, seed, count)).enumerate();
    let texts = layers.map(|(index, layer)| Layer { name: format!("random_{index}"), ..layer }.to_string());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layers.conv");
    fs::write(&path, texts.collect::<Vec<_>>().join("\n")).expect("a file for the layers");
    for target in atrous::rt::available() {
        let arguments = ["test", "-p", env!("CARGO_PKG_NAME"), "compiled_rust_is_the_plan", "--", "--nocapture"];
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments).env("ATROUS_LAYERS", &path).env("ATROUS_TARGET", target);
        let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo starts");
        assert!(status.success(), "for {target}: {}", path.display());
    }
}
