//! `explain`: the long story of a code.

pub mod code;

use crate::args::ExplainArgs;
use crate::failure::Failure;

/// Tells one story, or lists all codes.
pub fn run(args: &ExplainArgs) -> Result<(), Failure> {
    code::run(&args.code)
}
