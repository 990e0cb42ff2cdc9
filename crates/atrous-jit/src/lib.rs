//! Machine code for convolution plans at run time.
//!
//! ```text
//! plan::Plan ──translate──► one Cranelift function per stage ──machine──► executable memory ──► Kernel
//!                  └──assemble──► tiles of wide vectors ───┘
//! ```
//!
//! Cranelift has vectors of 128 bits. Plans for [`Target::avx2`](atrous_compiler::Target::avx2),
//! [`Target::avx512`](atrous_compiler::Target::avx512) and
//! [`Target::avx512_dual`](atrous_compiler::Target::avx512_dual) have wider ones: their tiles are assembled here, and
//! Cranelift compiles the loops around them. `text` prints both for people.
//!
//! Nothing in here knows what a convolution is: a [`Plan`](atrous_compiler::Plan) says every loop, every address and
//! every float operation, and the translation prints them one by one.
//!
//! Results have the bits that the interpreter `atrous_compiler::plan::eval` gives, with one exception that no
//! processor agrees on with another: which NaN an operation on NaNs gives.
//!
//! A kernel runs on the calling thread, or on several [`Threads`], with the same results. It may be called from several
//! threads at once.
#![deny(unsafe_code)]

mod assemble;
mod compile;
#[cfg(all(feature = "emulator", target_arch = "x86_64"))]
pub mod emulator;
mod error;
#[cfg(feature = "guard")]
pub mod guard;
mod host;
mod kernel;
#[allow(unsafe_code)]
mod machine;
mod text;
mod translate;

pub use atrous_threads::{Job, Pool, Serial, Threads};
pub use error::{CompileError, RunError};
pub use host::supports;
pub use kernel::{Kernel, Packed, Scratch};
pub use text::{asm, clif};

#[cfg(test)]
mod tests;
