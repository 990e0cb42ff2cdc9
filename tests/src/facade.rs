//! What generated Rust knows as the crate `atrous`: all of it, but the memory that a model allocates is guarded.

pub use atrous::*;

use atrous_jit::guard::Side;
use std::cell::Cell;

thread_local! {
    static SIDE: Cell<Side> = const { Cell::new(Side::Start) };
}

/// Runs something; what memory this thread allocates for models meanwhile is guarded at one side.
pub fn guarded<T>(side: Side, run: impl FnOnce() -> T) -> T {
    let before = SIDE.replace(side);
    let result = run();
    SIDE.set(before);
    result
}

/// `atrous::rt` with another kind of memory for packed parameters and scratch.
pub mod rt {
    pub use atrous::rt::*;

    use atrous_jit::guard::Guarded;

    /// Takes the place of [`atrous::rt::Arena`].
    pub type Arena = Guarded;

    /// Takes the place of [`atrous::rt::arena`].
    pub fn arena(len: usize) -> Arena {
        Guarded::new(&vec![0.0; len], super::SIDE.get())
    }
}
