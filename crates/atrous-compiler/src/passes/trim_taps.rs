//! Pieces are cut where a tap enters or leaves the input, and keep only the taps that are inside.
//!
//! ```text
//! o < 4, k < 3, i = o + k − 1, input 4:        . a b c d .
//! →
//! o = 0:          k = 1..3
//! o = 1..3:       k = 0..3
//! o = 3:          k = 0..2
//! ```
//!
//! AFTER THIS POINT: no multiply by padding.

use crate::ir::{Graph, Op, Piece, PiecewiseAxis};

pub fn run(graph: &Graph) -> Graph {
    super::map_axes(graph, |axis| PiecewiseAxis {
        pieces: axis.pieces.iter().copied().flat_map(Piece::trim).collect(),
        ..axis.clone()
    })
}

pub fn holds(op: &Op) -> bool {
    super::all_axes(op, |axis| axis.pieces.iter().all(|piece| piece.axis.is_dense()))
}
