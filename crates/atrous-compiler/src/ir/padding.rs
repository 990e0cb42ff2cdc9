//! Which input position stands at a position outside the input.

use std::ops::Range;

use super::axis::Progression;
use crate::layer::PaddingMode;

/// The input position at `position` (0 is the first input), or `None` for a zero.
pub fn source(mode: PaddingMode, input: i64, position: i64) -> Option<i64> {
    let inside = (0..input).contains(&position);
    match mode {
        _ if inside => Some(position),
        PaddingMode::Zeros => None,
        PaddingMode::Replicate => Some(position.clamp(0, input - 1)),
        PaddingMode::Circular => Some(position.rem_euclid(input)),
        PaddingMode::Reflect => {
            let period = (2 * (input - 1)).max(1);
            let folded = position.rem_euclid(period);
            Some(folded.min(period - folded))
        }
    }
}

/// A padded axis as runs of consecutive inputs: the positions of each run in the padded axis, and its first input. What lies
/// inside of the input, which may be long, is not walked.
pub fn runs(mode: PaddingMode, input: i64, [low, high]: [i64; 2]) -> Vec<(Progression, i64)> {
    let (start, end) = (-low, input + high);
    let outside = |positions: Range<i64>| {
        positions.filter_map(|position| source(mode, input, position).map(|from| (position, from, 1)))
    };
    let (first, behind) = (start.max(0), end.min(input));
    let inside = (first < behind).then_some((first, first, behind - first));
    let mut runs: Vec<(Progression, i64)> = Vec::new();
    for (position, from, count) in outside(start..end.min(0)).chain(inside).chain(outside(start.max(input)..end)) {
        match runs.last_mut() {
            Some((run, first)) if *first + run.count == from => run.count += count,
            _ => runs.push((Progression { start: position + low, step: 1, count }, from)),
        }
    }
    runs
}
