//! Pictures and matrices of all specs and of random layers.

#[cfg(feature = "page")]
mod browser;
mod gallery;
mod matrix;
mod pictures;
#[cfg(feature = "png")]
mod png;
mod taps;
