//! Which input position stands at a position outside the input.

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

/// A padded axis as runs of consecutive inputs: the positions of each run in the padded axis, and its first input.
pub fn runs(mode: PaddingMode, input: i64, [low, high]: [i64; 2]) -> Vec<(Progression, i64)> {
    let mut runs: Vec<(Progression, i64)> = Vec::new();
    for position in -low..input + high {
        let Some(from) = source(mode, input, position) else { continue };
        match runs.last_mut() {
            Some((run, first)) if *first + run.count == from => run.count += 1,
            _ => runs.push((Progression { start: position + low, step: 1, count: 1 }, from)),
        }
    }
    runs
}
