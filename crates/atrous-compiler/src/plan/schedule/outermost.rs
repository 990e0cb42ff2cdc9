//! Which loops of a contraction stand outside of the others.

use super::problem::{Problem, product};
use super::{FEW, LINE, LaneAxis, Outermost, SECOND_LEVEL};
use crate::layer::Layout;
use crate::plan::Target;

/// Bytes of weights up to which those of all blocks stay near: a good part of a second-level cache.
pub const NEAR: usize = 384 << 10;

/// Bytes of the inputs of a part of the outputs.
const PART: usize = SECOND_LEVEL / 2;

/// The loops for tiles of so many channels, rows, and outputs of each phase in a row.
pub fn choose(problem: &Problem, target: &Target, along: LaneAxis, tile: [usize; 3]) -> Outermost {
    let Problem { weights, outputs_above, width, rows, .. } = problem;
    match (along, width.kernel) {
        // The channels of a run are neighbours in memory, which come from far as neighbours. With one pipe for vectors of 512
        // bits, each of a line, nothing was measured.
        (LaneAxis::Groups, _) if (target.is_dual() || target.lanes < LINE) && problem.is_far() => Outermost::Runs,
        (LaneAxis::Groups, _) => Outermost::Rows,
        _ if *weights > NEAR => parts(problem, tile).unwrap_or(Outermost::Blocks),
        // A product of matrices has all its outputs in one row, whose input is too long to stay near.
        (LaneAxis::Width, 1) if *outputs_above == 1 => Outermost::Runs,
        (LaneAxis::Width, _) if *outputs_above == 1 && target.is_dual() && problem.reads_from_far() => Outermost::Runs,
        // The only row is read once for each block.
        (LaneAxis::OutputChannels, _) if *outputs_above == 1 && problem.channels > tile[0] => {
            parts(problem, tile).unwrap_or(Outermost::Rows)
        }
        // Neighbours of all phases share what they read.
        _ if rows.as_ref().is_some_and(|rows| rows.phases > 1) => parts(problem, tile).unwrap_or(Outermost::Rows),
        _ => Outermost::Rows,
    }
}

/// Parts of as many rows, or of as many runs where there is one row, as have few enough inputs to stay near: where those of
/// all do not, and where all weights are read faster for each part than all inputs for each block.
fn parts(problem: &Problem, [channels, height, units]: [usize; 3]) -> Option<Outermost> {
    let Problem { inputs, width, rows, outputs_above, inputs_read, weights, .. } = problem;
    // Weights are read in the order of memory, inputs with channels first from plane to plane, which takes twice as long.
    let (near, slower) = match problem.input_layout() {
        Layout::Nchw => (SECOND_LEVEL / 4 * 3, 2),
        Layout::Nhwc => (SECOND_LEVEL / 4 * 5, 1),
    };
    // Of few channels, tiles have rows that are written out, which parts would not keep together.
    if *inputs_read <= near || *inputs <= FEW {
        return None;
    }
    let (all, read): (usize, &dyn Fn(usize) -> [usize; 2]) = match rows {
        Some(rows) if *outputs_above > 1 => (rows.units(), &|size| [rows.read_by(size), width.read_by(width.units())]),
        _ => (width.units().div_ceil(units), &|size| [1, width.read_by(units * size)]),
    };
    let bytes = |[rows, columns]: [usize; 2]| product(&[4, *inputs, rows, columns]);
    let fitting = most(all, &|size| bytes(read(size)) <= PART);
    // Rows that go together are in one part.
    let size = (fitting / height).max(1) * height;
    let blocks = problem.channels.div_ceil(channels);
    let pays = *weights <= NEAR || product(&[slower, *inputs_read, blocks]) > product(&[*weights, all.div_ceil(size)]);
    (size < all && pays).then_some(Outermost::Parts(size))
}

/// The largest number up to `all` that fits, where all smaller ones do; at least 1.
fn most(all: usize, fits: &dyn Fn(usize) -> bool) -> usize {
    let (mut least, mut most) = (1, all.max(1));
    while least < most {
        let middle = (least + most).div_ceil(2);
        if fits(middle) {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::most;

    #[test]
    fn the_largest_number_that_fits() {
        for all in 1..9 {
            for fitting in 0..12 {
                assert_eq!(most(all, &|size| size <= fitting), fitting.clamp(1, all));
            }
        }
    }
}
