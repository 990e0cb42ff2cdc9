//! Convolution layers compiled to specialised code.
//!
//! [`conv!`] takes the spec of layers and networks, inline or from a file, and makes a type of each: its weights are
//! packed once, and it runs on plain `f32` slices.
//!
//! ```
//! atrous::conv! {
//!     layer upscale {
//!         input: [1, 2, 3, 3],
//!         channels: 1,
//!         kernel: 4,
//!         stride: 2,
//!         padding: 1,
//!         transposed,
//!         bias,
//!     }
//! }
//!
//! # fn main() -> Result<(), atrous::Error> {
//! let weight = [0.25; 2 * 1 * 4 * 4];
//! let upscale = Upscale::new(&weight, &[0.0])?;
//! let image = upscale.infer(&[1.0; 2 * 3 * 3])?;
//! assert_eq!(image.len(), 6 * 6);
//! assert_eq!(image[7], 2.0);
//! # Ok(())
//! # }
//! ```
//!
//! The same spec can be compiled while the program runs, with the feature `jit`.
#![deny(unsafe_code)]

#[cfg(any(feature = "jit", target_arch = "x86_64"))]
mod cpu;
mod error;
#[cfg(feature = "jit")]
pub mod jit;
mod parameters;
#[doc(hidden)]
pub mod rt;

pub use atrous_threads::{Job, Pool, Serial, Threads};
pub use error::Error;
pub use parameters::{Tensors, Weight, WeightBias};

/// Makes a type of each layer and net of a spec.
///
/// The spec stands in the braces, or in a file whose path is relative to the manifest of the crate. Sizes that the file
/// leaves free are bound behind the path.
///
/// ```
/// atrous::conv! { layer blur { input: [1, 3, 64, 64], channels: 3, kernel: 5, depthwise } }
/// atrous::conv!("tests/specs/residual.conv", L = 16);
/// assert_eq!((Blur::OUTPUT_SHAPE, Residual::INPUT_SHAPE), ([1, 3, 60, 60], [1, 1, 16]));
/// ```
///
/// A layer that takes the slow path (`atrous_compiler::plan::schedule::Slow` says what that is) on every target, so that it is expected to take many times the time that its work needs, is warned of. `#![deny(slow)]` at
/// the start makes that an error, and `#![allow(slow)]` silence:
///
/// ```compile_fail
/// atrous::conv! {
///     #![deny(slow)]
///     layer long { input: [1, 3, 64], channels: 3, kernel: 63, padding: 31 }
/// }
/// ```
///
/// `atrous::conv!(#![deny(slow)] "upconv7.conv", H = 160, W = 160)` does so for a file. `atrous explain` tells more.
///
/// A layer or net `upconv7` becomes a type `Upconv7` with
///
/// - `INPUT_SHAPE`, `OUTPUT_SHAPE` (`INPUTS`, `OUTPUTS` when there are several) and `MACS`;
/// - `new`, which takes the weight and bias of a layer, or for a net the struct `Upconv7Parameters` with a field for each
///   layer, and `from_tensors`, which finds them by name in any [`Tensors`];
/// - `forward`, which computes into slices of the caller's, and `infer`, which allocates them;
/// - `forward_on`, which computes with several [`Threads`], such as a [`Pool`];
/// - when a run needs scratch memory, `SCRATCH_LEN` and `forward_with`, which takes both from the caller.
///
/// The type holds code for several instruction sets. `new` packs the weights for the best that the machine has, or for the
/// one that the environment variable `ATROUS_TARGET` names: `portable`, `avx2`, `avx512` or `avx512-dual`. All code is safe
/// where the macro is used, even under `#![forbid(unsafe_code)]`.
#[macro_export]
macro_rules! conv {
    ($($spec:tt)*) => { $crate::rt::conv! { ($crate) $($spec)* } };
}

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
