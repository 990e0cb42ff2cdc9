//! What pictures say is read, compared with the oracle: the response of each output to each input.

use atrous_compiler::layer::{Activation, Layer, Layout};
use atrous_compiler::oracle;
use atrous_draw::scene::{Kind, MOST_CELLS};
use atrous_draw::{Scene, View};
use atrous_tests::layers;
use atrous_tests::specs;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use std::collections::BTreeSet;

/// The index of a weight, an input and an output, each row by row, which are multiplied and added.
type Triples = BTreeSet<[usize; 3]>;

/// Weights that one run tells apart: as many bits as are exact in `f64`.
const WEIGHTS: usize = 52;

/// The layer with one channel, and nothing but the sum.
fn plain(layer: &Layer) -> Layer {
    let [batch, input_channels, output_channels, groups] = [1; 4];
    let (bias, activation, layout) = (false, Activation::None, Layout::Nchw);
    Layer { batch, input_channels, output_channels, groups, bias, activation, layout, ..layer.clone() }
}

/// What the definition multiplies: with weights 1, 2, 4, … the response to one input tells which of them it meets.
fn defined(layer: &Layer) -> Triples {
    let layer = plain(layer);
    let [inputs, weights] = [layer.input_shape(), layer.weight_shape()].map(|shape| shape.iter().product::<usize>());
    let mut triples = Triples::new();
    for first in (0..weights).step_by(WEIGHTS) {
        let bit = |weight: usize| {
            if (first..first + WEIGHTS).contains(&weight) { (1_u64 << (weight - first)) as f64 } else { 0.0 }
        };
        let weight: Vec<f64> = (0..weights).map(bit).collect();
        for input in 0..inputs {
            let mut signal = vec![0.0; inputs];
            signal[input] = 1.0;
            let response = oracle::layer(&layer, &signal, &weight, None);
            for (output, bits) in response.into_iter().map(|value| value as u64).enumerate() {
                let met = (0..WEIGHTS).filter(|bit| bits >> bit & 1 == 1);
                triples.extend(met.map(|bit| [first + bit, input, output]));
            }
        }
    }
    triples
}

/// What a picture shows, in the direction of the layer.
fn drawn(scene: &Scene) -> Triples {
    let layer = &scene.layer;
    let spatial = |shape: Vec<usize>| shape[2..].to_vec();
    let (inputs, outputs) = (spatial(layer.input_shape()), spatial(layer.output_shape()));
    let (from, to) = if scene.adjoint { (&outputs, &inputs) } else { (&inputs, &outputs) };
    let mut triples = Triples::new();
    for output in every(&scene.outputs()) {
        let index = target(scene, &output);
        for reading in scene.reads(&output) {
            let is_real = matches!(reading.kind, Kind::Input | Kind::Copy);
            assert_eq!(is_real, reading.input.is_some(), "{reading:?}");
            assert!(is_real || scene.view == View::Zeros, "{reading:?}");
            assert!(reading.cells.iter().zip(&scene.lines).all(|(&cell, line)| line.inputs[cell].is_read));
            let Some(input) = &reading.input else { continue };
            let pair = [flat(input, from), flat(&index, to)];
            let [input, output] = if scene.adjoint { [pair[1], pair[0]] } else { pair };
            assert!(triples.insert([reading.weight, input, output]), "{output:?} reads {reading:?} twice");
        }
    }
    triples
}

/// The output that a position of the picture is or adds to.
fn target(scene: &Scene, output: &[usize]) -> Vec<usize> {
    scene.lines.iter().zip(output).map(|(line, &output)| line.outputs[output].output).collect()
}

/// All indices below some sizes, row by row.
fn every(sizes: &[usize]) -> Vec<Vec<usize>> {
    sizes.iter().fold(vec![Vec::new()], |outer, &size| {
        outer.iter().flat_map(|index| (0..size).map(move |last| [&index[..], &[last]].concat())).collect()
    })
}

fn flat(index: &[usize], sizes: &[usize]) -> usize {
    index.iter().zip(sizes).fold(0, |flat, (index, size)| flat * size + index)
}

/// Compares the pictures of a layer, in both views and both directions; whether there was one.
fn check(layer: &Layer) -> Result<bool, String> {
    let mut expected = None;
    for (view, adjoint) in [(View::Zeros, false), (View::Phases, false), (View::Zeros, true), (View::Phases, true)] {
        let scene = match Scene::new(layer, view, adjoint) {
            Ok(scene) => scene,
            Err(error) if error.cells > MOST_CELLS as u64 => continue,
            Err(error) => return Err(format!("{error}")),
        };
        let expected: &Triples = expected.get_or_insert_with(|| defined(layer));
        let drawn = drawn(&scene);
        if drawn != *expected {
            let difference = expected.symmetric_difference(&drawn).next();
            return Err(format!("{view:?}, adjoint {adjoint}: [weight, input, output] {difference:?}\n{layer}"));
        }
    }
    Ok(expected.is_some())
}

#[test]
fn drawn_specs_read_what_the_definition_reads() {
    let layers = specs::all().into_iter().flat_map(|spec| spec.net().layers().cloned().collect::<Vec<_>>());
    let results: Vec<bool> =
        layers.filter(is_small).map(|layer| check(&layer).unwrap_or_else(|error| panic!("{error}"))).collect();
    assert!(results.iter().filter(|drawn| **drawn).count() > 60, "{}", results.len());
}

#[test]
fn drawn_random_layers_read_what_the_definition_reads() {
    let config = || Config { cases: 400, failure_persistence: None, ..Config::default() };
    for rank in 1..=3 {
        let mut runner = TestRunner::new_with_rng(config(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let result = runner.run(&layers::layers(rank), |layer| {
            let checked = if is_small(&layer) { check(&layer).map(drop) } else { Ok(()) };
            checked.map_err(TestCaseError::fail)
        });
        result.unwrap_or_else(|error| panic!("{error}"));
    }
}

/// Whether the definition is quick with one channel.
fn is_small(layer: &Layer) -> bool {
    layers::is_small(&plain(layer), 1_000, 20_000)
}
