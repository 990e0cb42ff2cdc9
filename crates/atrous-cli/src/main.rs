//! The `atrous` command.
fn main() {}
