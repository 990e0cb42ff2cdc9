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
    use std::marker::PhantomData;
    use std::ops::{Deref, DerefMut};

    /// Takes the place of `std::vec::Vec`.
    #[derive(Clone)]
    pub struct Vec<T> {
        numbers: Guarded,
        elements: PhantomData<T>,
    }

    impl Deref for Vec<f32> {
        type Target = [f32];

        fn deref(&self) -> &[f32] {
            &self.numbers
        }
    }

    impl DerefMut for Vec<f32> {
        fn deref_mut(&mut self) -> &mut [f32] {
            &mut self.numbers
        }
    }

    /// Takes the place of [`atrous::rt::zeros`].
    pub fn zeros(len: usize) -> Vec<f32> {
        Vec { numbers: Guarded::new(&vec![0.0; len], super::SIDE.get()), elements: PhantomData }
    }
}
