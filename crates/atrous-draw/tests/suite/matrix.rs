//! The matrices that are shown against the oracle: a matrix is what its map makes of each unit vector.

use std::cell::Cell;

use atrous_compiler::layer::{Activation, Layer, LayerAxis, Layout, PaddingMode};
use atrous_compiler::oracle;
use atrous_draw::matrix::{Channels, Limit, Matrices, Matrix, Row};
use atrous_tests::{layers, specs};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// The largest matrices that are compared.
const MOST: Limit = Limit { elements: 150 };

#[test]
fn matrices_of_random_layers_are_what_the_definition_makes_of_unit_vectors() {
    for rank in 1..=3 {
        let compared = Cell::new(0);
        let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
        let result = runner.run(&layers::layers(rank), |layer| {
            compared.set(compared.get() + check(&layer).map_err(TestCaseError::fail)?);
            Ok(())
        });
        result.unwrap_or_else(|error| panic!("{error}"));
        assert!(compared.get() > 100, "only {} matrices of rank {rank} are small enough", compared.get());
    }
}

#[test]
fn every_spec_has_its_matrices_or_is_too_large() {
    let mut shown = 0;
    for spec in specs::all() {
        for layer in spec.net().layers() {
            for limit in [Limit::TEXT, Limit::PICTURE] {
                match Matrices::of(layer, Channels::One, limit) {
                    Ok(matrices) => shown += usize::from(!matrices.to_string().is_empty()),
                    Err(error) => assert!(error.to_string().contains("at most"), "{}: {error}", spec.name),
                }
            }
            check(layer).unwrap_or_else(|error| panic!("{}: {error}", spec.name));
        }
    }
    assert!(shown > 100, "only {shown} matrices are small enough");
}

/// Compares the matrices of a layer with the oracle, unless they are too large: for one pair of channels, and for all.
/// Gives how many are compared.
fn check(layer: &Layer) -> Result<usize, String> {
    let linear = Layer { batch: 1, bias: false, activation: Activation::None, layout: Layout::Nchw, ..layer.clone() };
    let single = Layer { input_channels: 1, output_channels: 1, groups: 1, ..linear.clone() };
    let mut compared = 0;
    for (layer, channels) in [(&single, Channels::One), (&linear, Channels::All)] {
        let Ok(matrices) = Matrices::of(layer, channels, MOST) else { continue };
        // The same as for the layer with all its channels.
        let shown = Matrices::of(&linear, channels, MOST).map_err(|error| error.to_string())?;
        if shown.own != matrices.own {
            return Err("channels change the matrix of one pair".into());
        }
        equal(layer, &matrices.own)?;
        if layer.padding_mode == PaddingMode::Zeros {
            equal(&twin(layer), &matrices.twin)?;
        }
        if elements(&matrices.own, false) != elements(&matrices.twin, true) {
            return Err("the twin's matrix is not the transpose".into());
        }
        adjoint(&matrices)?;
        counts(layer, &matrices, channels)?;
        compared += 1;
    }
    Ok(compared)
}

/// Some number for each weight, all of them different.
fn weights(layer: &Layer) -> Vec<f64> {
    (0..layer.weight_shape().iter().product::<usize>()).map(|index| (index * 7919 % 100_003 + 1) as f64).collect()
}

fn equal(layer: &Layer, matrix: &Matrix) -> Result<(), String> {
    let weights = weights(layer);
    let columns: usize = matrix.column_shape.iter().product();
    if columns != layer.input_shape().iter().product::<usize>() {
        return Err("the matrix has not one column per input".into());
    }
    for column in 0..columns {
        let mut unit = vec![0.0; columns];
        unit[column] = 1.0;
        if oracle::layer(layer, &unit, &weights, None) != times(matrix, &weights, &unit) {
            return Err(format!("column {column} is wrong"));
        }
    }
    Ok(())
}

fn times(matrix: &Matrix, weights: &[f64], vector: &[f64]) -> Vec<f64> {
    let row = |row: &Row| {
        let products = row
            .entries
            .iter()
            .flat_map(|(column, terms)| terms.iter().map(|term| weights[term.weight] * vector[*column]));
        products.sum()
    };
    matrix.rows.iter().map(row).collect()
}

/// `⟨W·x, y⟩ = ⟨x, Wᵀ·y⟩`
fn adjoint(matrices: &Matrices) -> Result<(), String> {
    let weights = weights(&matrices.layer);
    let vector = |shape: &[usize], seed: usize| -> Vec<f64> {
        (0..shape.iter().product::<usize>()).map(|index| (index * seed % 13) as f64 - 6.0).collect()
    };
    let inner = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (x, y) = (vector(&matrices.own.column_shape, 5), vector(&matrices.own.row_shape, 7));
    let [forward, backward] =
        [inner(&times(&matrices.own, &weights, &x), &y), inner(&x, &times(&matrices.twin, &weights, &y))];
    if forward == backward {
        Ok(())
    } else {
        Err(format!("⟨W·x, y⟩ = {forward}, but ⟨x, Wᵀ·y⟩ = {backward}"))
    }
}

/// Every weight of every entry, with its place.
fn elements(matrix: &Matrix, transposed: bool) -> Vec<([usize; 2], usize, bool)> {
    let rows = matrix.rows.iter().enumerate();
    let of_row = |(index, row): (usize, &Row)| {
        let entries = row.entries.clone().into_iter();
        let place = move |column| if transposed { [column, index] } else { [index, column] };
        entries
            .flat_map(move |(column, terms)| terms.into_iter().map(move |term| (place(column), term.weight, term.copy)))
            .collect::<Vec<_>>()
    };
    let mut elements: Vec<_> = rows.flat_map(of_row).collect();
    elements.sort_unstable();
    elements
}

/// Each row reads with each tap once, except for inputs that are cropped away or have copies; and those taps of a phase
/// that it does not have meet no source.
fn counts(layer: &Layer, matrices: &Matrices, channels: Channels) -> Result<(), String> {
    let taps: usize = layer.axes.iter().map(|axis| axis.kernel).product();
    for matrix in [&matrices.own, &matrices.twin] {
        for row in &matrix.rows {
            let entries = row.entries.iter().flat_map(|(_, terms)| terms.iter().map(|term| term.weight));
            let (entries, all): (Vec<usize>, _) = (entries.collect(), row.inserted.len() + row.padding.len());
            let is_whole = (entries.len() + all) % taps == 0;
            let is_of_phase = |weight: &usize| row.phase.is_none_or(|phase| matrix.phases[phase].contains(weight));
            let are_of_phase = layer.padding_mode != PaddingMode::Zeros || entries.iter().all(is_of_phase);
            if !is_whole || channels == Channels::One && !are_of_phase {
                return Err(format!("the taps of a row are wrong: {row:?}"));
            }
        }
    }
    Ok(())
}

/// The layer that computes the transpose with the same weights.
fn twin(layer: &Layer) -> Layer {
    let axis = |axis: &LayerAxis| {
        let input = axis.output(layer.transposed);
        if layer.transposed {
            // More output padding than the stride would give the twin an output more.
            let padding = [axis.padding[0], axis.padding[1] - axis.output_padding as i64];
            return LayerAxis { input, padding, output_padding: 0, ..*axis };
        }
        let output = LayerAxis { input, ..*axis }.checked_output(true).expect("small numbers");
        LayerAxis { input, output_padding: (axis.input as i64 - output) as usize, ..*axis }
    };
    Layer {
        transposed: !layer.transposed,
        input_channels: layer.output_channels,
        output_channels: layer.input_channels,
        axes: layer.axes.iter().map(axis).collect(),
        ..layer.clone()
    }
}
