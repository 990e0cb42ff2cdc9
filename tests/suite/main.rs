//! Every spec and many random layers on every executor, what fuzzing found, snapshots of every level, and the order of the repository.

mod activations;
mod assembly;
mod buffers;
mod callers;
mod dependencies;
mod editors;
mod explain;
mod formatted;
mod fuzz;
mod geometry;
mod golden;
mod guarded;
mod networks;
mod numbers;
mod onnx;
mod random;
mod schedules;
mod specs;
// The tests write no pictures.
#[allow(dead_code)]
#[path = "../../crates/atrous/examples/support/mod.rs"]
mod support;
mod tidy;
mod upconv7;
mod wavelet;
