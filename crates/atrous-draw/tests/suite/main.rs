//! Pictures and matrices of all specs and of random layers.

#[cfg(feature = "page")]
mod browser;
mod matrix;
mod taps;
