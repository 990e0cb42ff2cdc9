//! What a tile costs.

use super::machine::Machine;
use super::memory::collisions;
use super::{CALL, LATENCY};
use crate::layer::Layout;
use crate::plan::schedule::problem::{Axis, Problem, product};
use crate::plan::schedule::{
    LEAST_TRANSPOSED, LINE, LaneAxis, Outermost, Schedule, are_neighbours, loads_windows, vectors,
};

impl Machine {
    pub fn channel_tile(
        &self,
        problem: &Problem,
        schedule: &Schedule,
        [channels, lanes]: [usize; 2],
        [rows, size]: [usize; 2],
    ) -> usize {
        let Schedule { along, outermost, .. } = *schedule;
        let Problem { inputs, taps_above, width: Axis { taps, phases, stride, .. }, .. } = *problem;
        if along == LaneAxis::Groups
            && let Some(streamed) = self.streamed(problem, lanes, size)
        {
            return streamed;
        }
        let vectors = channels * rows * size;
        let taps_of_tile = taps * phases.min(size);
        let loads = match along {
            LaneAxis::Groups => {
                let apart = if inputs == 1 { self.load(lanes) } else { 2 * lanes };
                taps_of_tile * self.load(lanes) + (stride * size.div_ceil(phases) + taps) * apart
            }
            LaneAxis::OutputChannels | LaneAxis::Width => {
                taps_of_tile * channels * self.load(lanes) + taps * rows * size
            }
        };
        let multiply_adds = vectors * taps * self.multiply_add(lanes);
        let weights = 4 * channels * lanes * taps_of_tile;
        let new = 4 * stride * size.div_ceil(phases);
        let touched = new.max(4 * problem.width.inputs_of(size)) + 4 * (LINE - 1);
        let far_inputs = self.far_inputs(problem, outermost, inputs * taps_above, rows, [new, touched]);
        let thrown_out = self.thrown_out(problem, along, rows, size);
        let far = self.far_weights(inputs * taps_above, weights).max(far_inputs).max(thrown_out);
        let steps = self.together(inputs * taps_above, multiply_adds, loads, far.max(self.latency() * taps));
        let per_cent = self.conflict(problem, along, channels, [rows, size]) + self.spread(problem, along, size);
        let steps = product(&[steps, per_cent]) / 100;
        let collisions = collisions(problem, channels * lanes) + self.near_collisions(problem, rows, touched);
        let steps = steps + inputs * taps_above * collisions;
        let steps = steps + self.scattered_inputs(problem, rows, touched);
        let outputs = match (problem.layout, along) {
            (Layout::Nchw, LaneAxis::OutputChannels) => self.transposed(problem, [channels, lanes], [rows, size]),
            (_, LaneAxis::Groups) if problem.channels > 1 => 2 * lanes * vectors,
            // Memory is written with gaps, which others fill later; with short vectors even parts of lines.
            (_, LaneAxis::OutputChannels) if problem.leaves_gaps(channels * lanes) => {
                let gaps = if !self.fused && channels * lanes < LINE { 18 } else { 8 };
                vectors * (self.store(lanes) + gaps)
            }
            _ => vectors * self.store(lanes),
        };
        steps + outputs + CALL
    }

    /// The outputs of a tile with vectors of channels, where those of a row are neighbours in memory.
    fn transposed(&self, problem: &Problem, [channels, lanes]: [usize; 2], [rows, size]: [usize; 2]) -> usize {
        let stored = rows * channels * lanes;
        let gaps = self.gaps(problem.phases_apart);
        let scattered = self.scattered_outputs(problem, stored, size);
        if size.min(lanes) < LEAST_TRANSPOSED {
            return stored * (2 * size + gaps) + scattered;
        }
        let steps = size.min(lanes).next_power_of_two().ilog2() as usize;
        let stores = match problem.phases_apart {
            Some(phases) => self.store_phase(size, lanes, phases),
            None => self.store_transposed(size, lanes),
        };
        let vectors = channels * rows * size;
        let pages = self.far_pages(problem, channels * lanes);
        vectors.next_multiple_of(4) * steps * self.shuffle(lanes) + stored * (stores + gaps + pages) + scattered
    }

    pub fn width_tile(&self, problem: &Problem, schedule: &Schedule, channels: usize, size: usize) -> usize {
        let Problem { inputs, taps_above, width: Axis { taps, phases, stride, .. }, .. } = *problem;
        let vectors = vectors(size.div_ceil(phases), schedule.lanes);
        let distances = taps + usize::from(phases > 1);
        let loads: usize = vectors.iter().map(|&lanes| self.shifted_load(lanes, stride)).sum();
        let products: usize = vectors.iter().map(|&lanes| self.multiply_add(lanes)).sum();
        let kinds = 1 + usize::from(vectors.first() != vectors.last());
        let (rows, rows_read, taps_of_rows, loops) = match (schedule.rows, &problem.rows) {
            (Some(rows), &Some(Axis { stride, taps, .. })) => {
                (rows, stride * (rows - 1) + taps, rows * taps, taps_above / taps.max(1))
            }
            _ => (1, 1, 1, taps_above),
        };
        let used = taps_of_rows * taps * phases * channels;
        let keeps =
            channels * taps * phases * taps_of_rows / rows * kinds <= schedule.kept_weights && inputs * loops == 1;
        let weights = if keeps { 0 } else { used * kinds };
        // Products of one sum that follow each other.
        let chain = taps_of_rows / rows * taps;
        let gathers: usize = vectors.iter().map(|&lanes| self.gather(lanes, stride)).sum();
        let reads = rows_read * distances;
        // Pairs of taps share what they load.
        let shared = loads_windows(schedule.rows, stride) && problem.width.dilation == 1;
        let loaded = if shared { rows_read * distances.div_ceil(2) } else { reads };
        let multiply_adds = used * products + reads * gathers;
        let of_row: usize = vectors.iter().map(|lanes| 4 * lanes * stride).sum();
        let bytes = product(&[rows_read, of_row]);
        let touched = bytes.saturating_add(if schedule.outermost == Outermost::Runs { 4 * (LINE - 1) } else { 0 });
        let far = self.far_inputs(problem, schedule.outermost, inputs * loops.max(1), 1, [bytes, touched]);
        let least = far.max(LATENCY * chain);
        let steps = self.together(inputs * loops.max(1), multiply_adds, loaded * loads + weights, least);
        let touched = of_row + 4 * (LINE - 1);
        let collisions = collisions(problem, channels) + self.near_collisions(problem, 1, touched);
        let steps = steps + inputs * loops.max(1) * collisions;
        // What is read of a line is a vector, and not one number after the other.
        let steps = steps + self.scattered_inputs(problem, rows_read, touched) / 2;
        let zip = match phases {
            1 => 0,
            _ if phases.is_power_of_two() => phases.ilog2() as usize,
            _ => schedule.lanes,
        };
        let are_neighbours = are_neighbours(problem.layout, problem.groups * problem.channels);
        let store = |&lanes: &usize| match are_neighbours {
            true => channels * (self.store(lanes) + zip * self.shuffle(lanes)),
            false => self.store_channels(channels, lanes),
        };
        let outputs = vectors.iter().map(store).sum::<usize>() * phases * rows;
        // Otherwise the next tile writes what follows in the same lines.
        let walks_planes = schedule.outermost == Outermost::Runs && are_neighbours;
        let scattered = if walks_planes { self.scattered_outputs(problem, channels * rows, size) } else { 0 };
        let far_rows = product(&[self.far_row(problem, channels, size), rows_read]);
        (steps + outputs + scattered + CALL).saturating_add(far_rows)
    }
}
