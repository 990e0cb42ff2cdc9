//! Random layers as compiled Rust, which the build script writes.

// What the generated code knows as parts of its own crate.
pub use atrous_tests::{compiled, facade};

#[allow(missing_docs)]
mod generated {
    use super::compiled;

    include!(concat!(env!("OUT_DIR"), "/compiled.rs"));
}

pub use generated::COMPILED;

/// The text of the layers.
pub const TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/layers.conv"));
