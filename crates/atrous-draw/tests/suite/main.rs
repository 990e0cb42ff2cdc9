//! Pictures and matrices of all specs and of random layers.

mod matrix;
mod taps;
