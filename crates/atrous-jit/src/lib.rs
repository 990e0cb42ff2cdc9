//! Machine code for convolution plans at run time.
//!
//! ```text
//! plan::Plan ──translate──► one Cranelift function per stage ──machine──► executable memory ──► Kernel
//!                                      └──text──► CLIF or assembly for people
//! ```
//!
//! Nothing in here knows what a convolution is: a [`Plan`](atrous_compiler::Plan) says every loop, every address and
//! every float operation, and the translation prints them one by one.
//!
//! Results have the bits that the interpreter `atrous_compiler::plan::eval` gives, with one exception that no
//! processor agrees on with another: which NaN an operation on NaNs gives.
//!
//! The parallel loops of a plan run one iteration after the other, on the calling thread. A kernel may be called from
//! several threads at once.
#![deny(unsafe_code)]

mod error;
mod host;
mod kernel;
#[allow(unsafe_code)]
mod machine;
mod text;
mod translate;

pub use error::{CompileError, RunError};
pub use kernel::{Kernel, Packed};
pub use text::{asm, clif};

#[cfg(test)]
mod tests;
