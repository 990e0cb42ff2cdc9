//! What each output along an axis reads, and which runs of outputs read alike.
//!
//! ```text
//! taps 3, padding 1, runs of 3 outputs      0 1 2 | 3 4 5 | 6 7 8 | 9 10 11
//! output 0 reads taps 1 and 2, output 11 taps 0 and 1   ⇒   the first run, twice the next, the last
//! ```

use super::AxisTable;

/// What one output reads: tap `tap + j`, in packed order, with input `input + dilation·j`, for `j` in `0..taps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// The place of the first tap among the packed ones.
    pub tap: i64,
    /// How many taps.
    pub taps: i64,
    /// The input of the first tap.
    pub input: i64,
}

impl Reads {
    /// The packed taps, each with its input.
    pub fn pairs(self, dilation: i64) -> impl Iterator<Item = (i64, i64)> {
        (0..self.taps).map(move |number| (self.tap + number, self.input + dilation * number))
    }
}

/// What the outputs of an axis read, in their order.
pub fn of(table: &AxisTable) -> Vec<Reads> {
    let mut reads: Vec<(i64, Reads)> = Vec::new();
    for row in &table.rows {
        let of_output = |q: i64| {
            let read = Reads { tap: row.tap, taps: row.taps, input: row.input + table.stride * q };
            (row.first + table.output_step * q, read)
        };
        reads.extend((0..row.count).map(of_output));
    }
    reads.sort_unstable_by_key(|(output, _)| *output);
    reads.into_iter().map(|(_, read)| read).collect()
}

/// What the outputs of one phase of an axis read, in their order.
pub fn of_phase(reads: &[Reads], phase: usize, phases: usize) -> Vec<Reads> {
    reads.iter().skip(phase).step_by(phases).copied().collect()
}

/// Runs of `size` neighbouring outputs that read alike: run number `n` starts at output `first + size·n`, and reads
/// what run 0 reads with all inputs moved by `input_step·n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// The first output of run 0.
    pub first: usize,
    /// Outputs of one run.
    pub size: usize,
    /// How many runs.
    pub count: usize,
    /// From the inputs of one run to those of the next.
    pub input_step: i64,
}

/// Joins neighbouring runs that read alike; of so many with each size.
pub fn join(reads: &[Reads], sizes: &[(usize, usize)]) -> Vec<Runs> {
    let mut joined: Vec<Runs> = Vec::new();
    let mut first = 0;
    for size in sizes.iter().flat_map(|&(size, count)| std::iter::repeat_n(size, count)) {
        let next = Runs { first, size, count: 1, input_step: 0 };
        let step = joined.last().and_then(|last| step_to(reads, last, &next));
        match (joined.last_mut(), step) {
            (Some(last), Some(step)) => {
                last.count += 1;
                last.input_step = step;
            }
            _ => joined.push(next),
        }
        first += size;
    }
    joined
}

/// By how much the inputs of a run are those of the last one of some runs moved, if it can be one more of them.
fn step_to(reads: &[Reads], runs: &Runs, next: &Runs) -> Option<i64> {
    if runs.size != next.size {
        return None;
    }
    let last = runs.first + runs.size * (runs.count - 1);
    let pairs = || reads[last..last + runs.size].iter().zip(&reads[next.first..next.first + next.size]);
    let reading = pairs().find(|(before, _)| before.taps > 0);
    let step = reading.map_or(0, |(before, after)| after.input - before.input);
    let alike = |(before, after): (&Reads, &Reads)| {
        before.taps == after.taps
            && (before.taps == 0 || (before.tap == after.tap && after.input - before.input == step))
    };
    (pairs().all(alike) && (runs.count == 1 || step == runs.input_step)).then_some(step)
}

/// `total` outputs in as few runs of at most `most` as there can be, all of nearly the same size: a multiple of
/// `period`, where one fits, but for the last. Neighbours of equal size stand there once, with their number.
pub fn sizes(total: usize, most: usize, period: usize) -> Vec<(usize, usize)> {
    let Split { period, runs, least, longer, missing } = Split::new(total, most, period);
    let last = usize::from(missing > 0);
    let groups = [(least + 1, longer, 0), (least, runs - longer - last, 0), (least, last, missing)];
    let groups = groups.map(|(periods, count, missing)| ((periods * period).saturating_sub(missing), count));
    groups.into_iter().filter(|&(size, count)| size > 0 && count > 0).collect()
}

/// The first of the [`sizes`].
pub fn first_size(total: usize, most: usize, period: usize) -> usize {
    let Split { period, runs, least, longer, missing } = Split::new(total, most, period);
    period * (least + usize::from(longer > 0)) - if runs == 1 { missing } else { 0 }
}

/// Outputs in runs of nearly the same size.
struct Split {
    period: usize,
    runs: usize,
    /// Periods of the shorter runs.
    least: usize,
    /// How many runs have one more.
    longer: usize,
    /// What the last run lacks.
    missing: usize,
}

impl Split {
    fn new(total: usize, most: usize, period: usize) -> Split {
        let period = if period <= most { period } else { 1 };
        let units = total.div_ceil(period);
        let runs = units.div_ceil((most / period).max(1)).max(1);
        Split { period, runs, least: units / runs, longer: units % runs, missing: units * period - total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_even_and_make_the_total() {
        assert_eq!(sizes(33, 14, 1), [(11, 3)]);
        assert_eq!(sizes(34, 14, 1), [(12, 1), (11, 2)]);
        assert_eq!(sizes(33, 14, 2), [(12, 2), (9, 1)]);
        for (total, most, period) in
            (1..50).flat_map(|total| (1..9).flat_map(move |m| (1..5).map(move |p| (total, m, p))))
        {
            let sizes = sizes(total, most, period);
            assert_eq!(sizes.iter().map(|(size, count)| size * count).sum::<usize>(), total);
            assert_eq!(sizes[0].0, first_size(total, most, period));
            let period = if period <= most { period } else { 1 };
            let fewest = total.div_ceil(period).div_ceil(most / period);
            assert_eq!(sizes.iter().map(|(_, count)| count).sum::<usize>(), fewest);
            assert!(sizes.iter().all(|(size, _)| *size <= most), "{sizes:?}");
        }
    }
}
