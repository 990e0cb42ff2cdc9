//! Pieces without taps become outputs to which nothing contributes.
//!
//! ```text
//! pieces: o = 0 + 2q with k = 0..2;   o = 1 + 2q with no tap
//! →
//! pieces: o = 0 + 2q with k = 0..2;   empty: o = 1 + 2q
//! ```
//!
//! AFTER THIS POINT: every piece has outputs and taps.

use crate::ir::{Graph, Op, Piece, PiecewiseAxis};

pub fn run(graph: &Graph) -> Graph {
    super::map_axes(graph, |axis| {
        let (pieces, dropped): (Vec<Piece>, Vec<Piece>) =
            axis.pieces.iter().partition(|piece| piece.outputs.count > 0 && piece.taps.count > 0);
        let dropped = dropped.iter().map(|piece| piece.outputs).filter(|outputs| outputs.count > 0);
        PiecewiseAxis { pieces, empty: axis.empty.iter().copied().chain(dropped).collect(), ..axis.clone() }
    })
}

pub fn holds(op: &Op) -> bool {
    super::all_axes(op, |axis| axis.pieces.iter().all(|piece| piece.outputs.count > 0 && piece.taps.count > 0))
}
