//! Convolution layers compiled to specialised code.
//!
//! [`conv!`] takes the spec of layers and networks, inline or from a file, and makes a type of each: its weights are
//! packed once, and it runs on plain `f32` slices.
//!
//! ```ignore
//! atrous::conv! {
//!     layer upscale {
//!         input: [1, 16, 32, 32],
//!         channels: 3,
//!         kernel: 4,
//!         stride: 2,
//!         padding: 1,
//!         transposed,
//!         bias,
//!     }
//! }
//!
//! let upscale = Upscale::new(&weight, &bias)?;
//! let image: Vec<f32> = upscale.infer(&features)?;
//! ```
#![deny(unsafe_code)]

mod error;
mod parameters;
#[doc(hidden)]
pub mod rt;

pub use error::Error;
pub use parameters::{Tensors, Weight, WeightBias};
