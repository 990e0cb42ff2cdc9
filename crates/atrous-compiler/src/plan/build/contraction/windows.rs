//! Inputs two apart: what several taps read is loaded once, as two vectors of neighbours.
//!
//! ```text
//! stride 2, taps at −1, 0 and 1, vectors of 4:      x₋₁ x₁ x₃ x₅ by itself (no two vectors hold it and x₆),
//!     x₀ x₁ x₂ x₃ and x₄ x₅ x₆ x₇ for the others    ⇒   x₀ x₂ x₄ x₆ and x₁ x₃ x₅ x₇
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use super::width::Start;

/// The distance between the inputs of neighbouring lanes that windows are for.
pub(super) const STRIDE: i64 = 2;

/// The inputs from the first to the last that a vector of outputs reads, by where they are without a distance.
pub(super) type Extents = BTreeMap<Start, Range<i64>>;

/// Distances whose inputs are loaded together: as many as two vectors hold. Given are the extents of each distance.
pub(super) fn windows(extents: &BTreeMap<i64, Extents>) -> Vec<(Vec<i64>, Extents)> {
    // First those that start at the same pair of inputs, which always fit; they are often aligned in memory.
    let mut pairs: BTreeMap<i64, (Vec<i64>, Extents)> = BTreeMap::new();
    for (&distance, of_distance) in extents {
        let (distances, extents) = pairs.entry(distance.div_euclid(STRIDE)).or_default();
        distances.push(distance);
        *extents = union(extents, of_distance);
    }
    let mut windows: Vec<(Vec<i64>, Extents)> = Vec::new();
    for (distances, extents) in pairs.into_values() {
        match windows.last_mut() {
            Some(last) if fits(&union(&last.1, &extents)) => {
                last.1 = union(&last.1, &extents);
                last.0.extend(distances);
            }
            _ => windows.push((distances, extents)),
        }
    }
    windows
}

fn union(one: &Extents, other: &Extents) -> Extents {
    let mut union = one.clone();
    for (&base, extent) in other {
        let of_base = union.entry(base).or_insert(extent.clone());
        *of_base = of_base.start.min(extent.start)..of_base.end.max(extent.end);
    }
    union
}

fn fits(extents: &Extents) -> bool {
    extents.iter().all(|((_, lanes), extent)| extent.end - extent.start <= STRIDE * *lanes as i64)
}

/// For each lane of a vector, the number of its input in two vectors whose first is `from`. `first` is the input of lane
/// 0, which may not be read, like those of other lanes outside of the vectors: they get any.
pub(super) fn lanes(first: i64, from: i64, lanes: usize) -> Vec<usize> {
    let both = STRIDE * lanes as i64;
    (0..lanes as i64).map(|lane| (first + STRIDE * lane - from).rem_euclid(both) as usize).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The windows for vectors of 4 outputs, the first of them at 0, that read taps of an input row of so many inputs.
    fn of(distances: Range<i64>, inputs: i64) -> Vec<(Vec<i64>, Range<i64>)> {
        let extent = |distance: i64| {
            let read = (0..4).map(|lane| distance + STRIDE * lane).filter(|input| (0..inputs).contains(input));
            let read: Vec<i64> = read.collect();
            (distance, Extents::from([((0, 4), read[0]..read[read.len() - 1] + 1)]))
        };
        let windows = windows(&distances.map(extent).collect());
        windows.into_iter().map(|(distances, extents)| (distances, extents[&(0, 4)].clone())).collect()
    }

    #[test]
    fn pairs_share_a_window() {
        assert_eq!(of(0..3, 100), [(vec![0, 1], 0..8), (vec![2], 2..9)]);
        assert_eq!(of(0..4, 100), [(vec![0, 1], 0..8), (vec![2, 3], 2..10)]);
    }

    #[test]
    fn a_short_row_is_one_window() {
        assert_eq!(of(-2..3, 8), [(vec![-2, -1, 0, 1, 2], 0..8)]);
        assert_eq!(of(-1..2, 100), [(vec![-1, 0, 1], 0..8)]);
    }

    #[test]
    fn lanes_outside_get_any() {
        assert_eq!(lanes(1, 0, 4), [1, 3, 5, 7]);
        assert_eq!(lanes(-2, 0, 4), [6, 0, 2, 4]);
    }
}
