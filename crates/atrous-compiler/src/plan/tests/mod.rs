//! Plans written by hand, in the notation of `print`.

mod brute;
mod eval;
mod large;
mod mutations;
mod parse;
mod plans;
mod print;
mod real;
mod violations;
