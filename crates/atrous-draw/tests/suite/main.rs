//! Pictures of all specs and of random layers.

mod gallery;
mod pictures;
#[cfg(feature = "png")]
mod png;
mod taps;
