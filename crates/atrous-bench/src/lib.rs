//! The layers that Atrous is timed on, and what the harness in `peers/` cannot do in Python: a measure of the machine, and
//! the layers as compiled Rust.
//!
//! Built as a C library. With the feature `compiled` it holds every layer of the suite `layers`.

#[cfg(feature = "compiled")]
mod compiled;
mod handles;
mod machine;
pub mod suite;

pub use handles::{
    Layer, atrous_bench_count, atrous_bench_free, atrous_bench_name, atrous_bench_pack, atrous_bench_run,
};
pub use machine::{atrous_bench_additions, atrous_bench_multiply_adds};
