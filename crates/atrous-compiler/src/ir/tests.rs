use super::axis::{Axis, Piece, Progression};
use super::graph::PiecewiseAxis;
use super::padding;
use crate::layer::PaddingMode;

/// Calls `check` with every relation of small numbers.
fn for_every_axis(mut check: impl FnMut(Axis)) {
    for (up, stride, dilation) in triples(1..=4) {
        for (input, output, taps) in triples(1..=5) {
            for pad in -3..=6 {
                check(Axis { input, output, taps, up, stride, dilation, pad });
            }
        }
    }
}

fn triples(range: std::ops::RangeInclusive<i64>) -> impl Iterator<Item = (i64, i64, i64)> {
    let all = range.clone();
    let pairs = move |a: i64| range.clone().map(move |b| (a, b));
    let inner = all.clone();
    all.clone().flat_map(pairs).flat_map(move |(a, b)| inner.clone().map(move |c| (a, b, c)))
}

/// Every `(output, tap, input)` that satisfies the relation, by its definition.
fn by_definition(axis: Axis) -> Vec<(i64, i64, i64)> {
    let satisfies = |&(o, k, i): &(i64, i64, i64)| axis.up * i == axis.stride * o + axis.dilation * k - axis.pad;
    let pairs = (0..axis.output).flat_map(|o| (0..axis.taps).map(move |k| (o, k)));
    pairs.flat_map(|(o, k)| (0..axis.input).map(move |i| (o, k, i))).filter(satisfies).collect()
}

fn by_pieces(pieces: &[Piece]) -> Vec<(i64, i64, i64)> {
    let mut triples: Vec<(i64, i64, i64)> = Vec::new();
    for Piece { outputs, taps, axis } in pieces {
        for q in 0..outputs.count {
            for j in 0..taps.count {
                triples.extend(axis.source(q, j).map(|i| (outputs.at(q), taps.at(j), i)));
            }
        }
    }
    triples.sort_unstable();
    triples
}

fn covered(pieces: &[Piece]) -> Vec<i64> {
    let mut outputs: Vec<i64> =
        pieces.iter().flat_map(|piece| (0..piece.outputs.count).map(|q| piece.outputs.at(q))).collect();
    outputs.sort_unstable();
    outputs
}

#[test]
fn sources_are_the_relation() {
    for_every_axis(|axis| {
        let pairs = (0..axis.output).flat_map(|o| (0..axis.taps).map(move |k| (o, k)));
        let sources: Vec<_> = pairs.filter_map(|(o, k)| axis.source(o, k).map(|i| (o, k, i))).collect();
        assert_eq!(sources, by_definition(axis), "{axis:?}");
    });
}

#[test]
fn phases_have_the_pairs_of_the_axis_and_no_inserted_zero() {
    for_every_axis(|axis| {
        let phases = axis.phases();
        assert_eq!(by_pieces(&phases), by_definition(axis), "{axis:?}");
        assert_eq!(covered(&phases), (0..axis.output).collect::<Vec<_>>(), "{axis:?}");
        assert!(phases.iter().all(|piece| piece.axis.up == 1), "{axis:?}");
        if axis.output >= axis.up {
            let taps: i64 = phases.iter().map(|piece| piece.taps.count).sum();
            assert!(axis.stride != 1 || taps == axis.taps, "{axis:?}: each tap belongs to one phase");
        }
    });
}

#[test]
fn trimmed_pieces_have_the_same_pairs_and_are_dense() {
    for_every_axis(|axis| {
        let pieces: Vec<Piece> = axis.phases().into_iter().flat_map(Piece::trim).collect();
        assert_eq!(by_pieces(&pieces), by_definition(axis), "{axis:?}");
        assert_eq!(covered(&pieces), (0..axis.output).collect::<Vec<_>>(), "{axis:?}");
        assert!(pieces.iter().all(|piece| piece.axis.is_dense()), "{axis:?}: {pieces:?}");
        assert_eq!(axis.useful_pairs(), by_definition(axis).len() as u128, "{axis:?}");
    });
}

#[test]
fn the_adjoint_has_the_pairs_backwards_and_is_an_involution() {
    for_every_axis(|axis| {
        let mut backwards: Vec<_> =
            by_definition(axis).into_iter().map(|(o, k, i)| (i, axis.taps - 1 - k, o)).collect();
        backwards.sort_unstable();
        assert_eq!(by_definition(axis.adjoint()), backwards, "{axis:?}");
        assert_eq!(axis.adjoint().adjoint(), axis);
    });
}

#[test]
fn verify_sees_outputs_that_are_covered_twice_or_not_at_all() {
    let axis = Axis { input: 4, output: 7, taps: 3, up: 2, stride: 1, dilation: 1, pad: 1 };
    let whole = PiecewiseAxis { input: 4, output: 7, taps: 3, pieces: axis.phases(), empty: Vec::new() };
    assert_eq!(super::verify::verify_pieces(&whole), Ok(()));
    let change = |change: fn(&mut PiecewiseAxis)| {
        let mut changed = whole.clone();
        change(&mut changed);
        super::verify::verify_pieces(&changed)
    };
    let error = Err("pieces do not cover the outputs exactly once".to_string());
    let changes: [fn(&mut PiecewiseAxis); 5] = [
        |axis| axis.output = 8,
        |axis| axis.output = 6,
        |axis| axis.pieces.truncate(1),
        |axis| axis.pieces[1].outputs.start = 3,
        |axis| axis.empty.push(axis.pieces[0].outputs),
    ];
    for (index, changed) in changes.into_iter().enumerate() {
        assert_eq!(change(changed), error, "change {index}");
    }
}

/// Each position by itself, and no two neighbouring runs that are one.
#[test]
fn runs_of_a_padded_axis_have_the_source_of_each_position() {
    let sides = || (-6..=9_i64).flat_map(|low| (-6..=9_i64).map(move |high| (low, high)));
    for (mode, input) in PaddingMode::ALL.into_iter().flat_map(|mode| (1..=6_i64).map(move |input| (mode, input))) {
        for (low, high) in sides() {
            let runs = padding::runs(mode, input, [low, high]);
            let of_run = |(run, from): &(Progression, i64)| (0..run.count).map(|n| (run.at(n), from + n)).collect();
            let found: Vec<(i64, i64)> = runs.iter().flat_map::<Vec<_>, _>(of_run).collect();
            let source = |position| padding::source(mode, input, position).map(|from| (position + low, from));
            let expected: Vec<(i64, i64)> = (-low..input + high).filter_map(source).collect();
            assert_eq!(found, expected, "{mode:?}, {input} with {low} and {high}");
            let is_one = |pair: &[(Progression, i64)]| pair[0].1 + pair[0].0.count == pair[1].1;
            assert!(!runs.windows(2).any(is_one), "{mode:?}, {input} with {low} and {high}: {runs:?}");
        }
    }
}
