//! Pictures of convolution layers: which input each output reads with which weight.
//!
//! A [`scene::Scene`] is the picture as data, without pixels. The crate is pure: no IO, no environment, no fonts of the
//! system, the same bytes for the same layer.
#![forbid(unsafe_code)]

pub mod matrix;
#[cfg(feature = "page")]
pub mod page;
pub mod palette;
pub mod picture;
#[cfg(feature = "png")]
pub mod png;
pub mod scene;
pub mod svg;

pub use picture::{Picture, Refusal, Request, picture};
pub use scene::{Scene, View};
pub use svg::Background;
