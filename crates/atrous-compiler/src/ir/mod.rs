//! The intermediate form: a graph of tensor operations whose geometry is a list of [`Axis`] relations.
//!
//! Shapes are logical, `[N, C, S…]`; the memory order is a decision of the plan.

pub mod axis;
pub mod eval;
mod graph;
pub mod macs;
pub mod padding;
mod print;
#[cfg(test)]
mod tests;
mod verify;

pub use axis::{AXIS_NAMES, Axis, Piece, Progression};
pub use graph::*;
pub use verify::verify;
