//! Pictures of all specs and of random layers.

mod taps;
