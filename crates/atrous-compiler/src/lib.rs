//! From the text of a convolution layer to a verified plan, its interpreters, and Rust source.
//!
//! The crate is pure: no IO, no environment, no globals, no `unsafe`.
#![forbid(unsafe_code)]

pub mod ast;
mod check;
pub mod codes;
mod compile;
pub mod diagnostic;
pub mod emit;
pub mod explain;
pub mod fmt;
pub mod front;
pub mod ir;
pub mod layer;
pub mod lower;
pub mod net;
mod numbers;
pub mod oracle;
pub mod passes;
pub mod plan;
mod print;
#[cfg(test)]
mod random;
pub mod render;
mod reports;
pub mod syntax;

pub use compile::{Unplanned, compile, compile_with};
pub use diagnostic::{Diagnostic, Severity, Span};
pub use layer::Layer;
pub use net::Net;
pub use plan::{Checked, Plan, Target};
