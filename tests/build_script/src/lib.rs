//! Layers that the build script has compiled.
#![forbid(unsafe_code)]
#![deny(warnings, missing_docs)]

include!(concat!(env!("OUT_DIR"), "/upsample.rs"));

/// A net in a module of its own.
pub mod residual {
    include!(concat!(env!("OUT_DIR"), "/residual.rs"));
}
