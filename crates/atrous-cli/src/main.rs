//! The `atrous` command: checks, builds and runs convolution specs.
//!
//! All IO of the project is here: files, pictures, the terminal.

mod args;
mod failure;
mod memory;
mod output;
mod progress;
mod random;
mod report;
mod source;
mod tensors;

fn main() {}
