//! A short dimension instead of a long one, with as many different positions.
//!
//! The positions of a set repeat, between the places where one of its progressions begins or ends, with the common
//! multiple of all their strides. So a stretch between two such places may lose whole repetitions but for one: each
//! position that is left out is in the same sets, as many times, as one that stays.
//!
//! ```text
//! period 2, sets { 0, 2, …, 98 }, { 1, 3, …, 99 } and { 100 }      0 1 2 3 4 5 … 98 99 | 100
//! →                                                                0 1 | 2
//! ```

use std::collections::BTreeMap;

use super::grid::{Pattern, Progression};
use crate::numbers::gcd;

/// The longest period with which a dimension is shortened.
const MAX_PERIOD: usize = 1 << 12;

/// The most progressions of one step that take the place of one of several.
const MAX_RUNS: i64 = 1 << 10;

/// A short dimension.
pub(super) struct Short {
    /// How many positions there are.
    pub positions: usize,
    /// The patterns in it, in the order of those in the long one.
    pub patterns: Vec<Pattern>,
    /// Where stretches begin, in order.
    pub cuts: Vec<Cut>,
}

/// Where a stretch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Its first position in the short dimension.
    pub short: usize,
    /// The same in the long dimension.
    pub long: usize,
}

/// The positions `start + stride·i` for `i` in `0..count`; the stride is at least 1, and so is the count.
#[derive(Clone, Copy)]
struct Run {
    start: i64,
    stride: i64,
    count: i64,
}

impl Run {
    /// One more than the last position.
    fn end(self) -> i64 {
        self.start + self.stride * (self.count - 1) + 1
    }
}

impl Short {
    /// A dimension that is shorter, if there is one; the patterns are inside the long one.
    pub fn new(positions: usize, patterns: &[&Pattern]) -> Option<Short> {
        let runs: Vec<Vec<Run>> = patterns.iter().map(|pattern| runs_of_pattern(pattern)).collect::<Option<_>>()?;
        let period = runs.iter().flatten().try_fold(1, |period: usize, run| {
            let stride = if run.count > 1 { run.stride as usize } else { 1 };
            let common = period / gcd(period, stride) * stride;
            (common <= MAX_PERIOD).then_some(common)
        })?;
        let mut places: Vec<i64> = runs.iter().flatten().flat_map(|run| [run.start, run.end()]).collect();
        places.extend([0, positions as i64]);
        places.sort_unstable();
        places.dedup();
        let mut cuts = Vec::new();
        let mut end = 0;
        for pair in places.windows(2) {
            let length = (pair[1] - pair[0]) as usize;
            cuts.push(Cut { short: end, long: pair[0] as usize });
            end += if length < 2 * period { length } else { period + length % period };
        }
        let last = Cut { short: end, long: positions };
        let places: BTreeMap<i64, i64> =
            cuts.iter().chain([&last]).map(|cut| (cut.long as i64, cut.short as i64)).collect();
        let shortened = |run: &Run| {
            let (start, end) = (places[&run.start], places[&run.end()]);
            let count = (end - 1 - start) / run.stride + 1;
            let steps = if count > 1 { vec![(run.stride, count)] } else { Vec::new() };
            Progression { start, steps }
        };
        let patterns = runs.iter().map(|runs| runs.iter().map(shortened).collect()).collect();
        (end < positions).then_some(Short { positions: end, patterns, cuts })
    }
}

fn runs_of_pattern(pattern: &Pattern) -> Option<Vec<Run>> {
    let runs: Vec<Vec<Run>> = pattern.iter().map(runs).collect::<Option<_>>()?;
    Some(runs.concat())
}

/// The same positions, as many times each, as progressions of one step; nothing where they would be many, or a step
/// does not go up.
fn runs(progression: &Progression) -> Option<Vec<Run>> {
    if progression.steps.iter().any(|step| step.1 == 0) {
        return Some(Vec::new());
    }
    let mut steps: Vec<(i64, i64)> = Vec::new();
    for &(stride, count) in progression.steps.iter().filter(|step| step.1 != 1) {
        if stride < 1 {
            return None;
        }
        // Steps are sorted. One that goes on where the one before ends makes it longer.
        match steps.last_mut() {
            Some(last) if last.0 * last.1 == stride => last.1 *= count,
            _ => steps.push((stride, count)),
        }
    }
    let longest = (0..steps.len()).max_by_key(|&step| steps[step].1);
    let (stride, count) = longest.map_or((1, 1), |longest| steps.remove(longest));
    let number = steps.iter().try_fold(1, |number: i64, step| number.checked_mul(step.1));
    number.filter(|&number| number <= MAX_RUNS)?;
    let mut starts = vec![progression.start];
    for (stride, count) in steps {
        starts = starts.iter().flat_map(|start| (0..count).map(move |number| start + stride * number)).collect();
    }
    Some(starts.into_iter().map(|start| Run { start, stride, count }).collect())
}

#[cfg(test)]
mod tests {
    use super::super::grid::{Flaw, cover_exactly};
    use super::*;

    /// For each position, how many times it is in each pattern.
    fn members(positions: usize, patterns: &[Pattern]) -> Vec<Vec<usize>> {
        let mut members = vec![vec![0; patterns.len()]; positions];
        for (number, pattern) in patterns.iter().enumerate() {
            for progression in pattern {
                let mut found = vec![progression.start];
                for &(stride, count) in &progression.steps {
                    found = found.iter().flat_map(|start| (0..count).map(move |step| start + stride * step)).collect();
                }
                found.into_iter().for_each(|position| members[position as usize][number] += 1);
            }
        }
        members
    }

    /// Some progression inside of so many positions, from digits of a number.
    fn progression(positions: i64, mut number: u64) -> Progression {
        let mut digit = |base: i64| {
            let digit = number % base as u64;
            number /= base as u64;
            digit as i64
        };
        let mut progression = Progression { start: digit(positions), steps: Vec::new() };
        let mut end = progression.start;
        for _ in 0..digit(3) {
            let stride = 1 + digit(6);
            let count = 2 + digit(60);
            if end + stride * (count - 1) < positions {
                end += stride * (count - 1);
                progression.steps.push((stride, count));
            }
        }
        progression.steps.sort_unstable();
        progression
    }

    #[test]
    fn short_dimensions_have_the_same_different_positions() {
        let mut shortened = 0;
        let mut random = 1_u64;
        let mut next = || {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            random >> 20
        };
        for round in 0..4000 {
            let positions = 40 + 97 * (round % 5);
            let patterns: Vec<Pattern> = (0..1 + round % 3)
                .map(|_| (0..1 + next() % 3).map(|_| progression(positions, next())).collect())
                .collect();
            let all = members(positions as usize, &patterns);
            let Some(short) = Short::new(positions as usize, &patterns.iter().collect::<Vec<_>>()) else { continue };
            shortened += 1;
            let found = members(short.positions, &short.patterns);
            // Each position of the short dimension is one of the long dimension, and none of its kinds is missing.
            let long = |position: usize| {
                let cut = short.cuts.iter().rfind(|cut| cut.short <= position).expect("the first cut is at 0");
                cut.long + position - cut.short
            };
            for (position, members) in found.iter().enumerate() {
                assert_eq!(*members, all[long(position)], "{patterns:?}");
            }
            assert!(all.iter().all(|members| found.contains(members)), "{patterns:?}");
        }
        assert!(shortened > 500, "{shortened}");
    }

    #[test]
    fn long_dimensions_become_short() {
        let up_to = |start, stride, count| Progression { start, steps: vec![(stride, count)] };
        let halves = [vec![up_to(0, 2, 1 << 40)], vec![up_to(1, 2, 1 << 40)], vec![up_to(1 << 41, 1, 1)]];
        let short = Short::new((1 << 41) + 1, &halves.iter().collect::<Vec<_>>()).expect("it is shorter");
        assert!(short.positions < 10, "{}", short.positions);
        let tiles = [vec![Progression { start: 0, steps: vec![(1, 16), (16, 4), (64, 1 << 30)] }]];
        let short = Short::new(1 << 36, &tiles.iter().collect::<Vec<_>>()).expect("it is shorter");
        assert_eq!(short.positions, 1);
    }

    #[test]
    fn dimensions_with_a_long_period_stay_long() {
        let progression = |start| Progression { start, steps: vec![(4099, 1 << 15)] };
        let pattern = vec![progression(0), progression(1)];
        assert!(Short::new(1 << 28, &[&pattern]).is_none());
        assert_eq!(cover_exactly(&[1 << 28], &[vec![pattern]]), Err(Flaw::TooLarge));
    }
}
