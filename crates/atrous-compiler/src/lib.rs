//! From the text of a convolution layer to a verified plan, its interpreters, and Rust source.
//!
//! The crate is pure: no IO, no environment, no globals, no `unsafe`.
#![forbid(unsafe_code)]

pub mod ast;
mod check;
pub mod codes;
pub mod diagnostic;
pub mod front;
pub mod layer;
pub mod net;
pub mod plan;
mod print;
#[cfg(test)]
mod random;
mod reports;
pub mod syntax;

pub use diagnostic::{Diagnostic, Severity, Span};
pub use layer::Layer;
pub use net::Net;
pub use plan::{Checked, Plan, Target};
