//! Plans: the loop nest and vector programs that both back ends print.
//!
//! `schedule` decides, `build` writes the decisions out as a [`Plan`], `verify` checks it, `eval` defines what it means.

pub mod affine;
mod buffer;
mod build;
pub mod eval;
mod print;
pub mod schedule;
pub mod target;
pub mod types;
pub mod verify;

pub use affine::Affine;
pub use build::{Origin, build, origins};
pub use target::Target;
pub use types::*;
pub use verify::{Checked, Violation, verify};

#[cfg(test)]
mod tests;
