//! Threads that share the work of one stage: what kernels need of them, and a pool.
//!
//! A kernel [`split`]s a stage into shares. The calling thread [offers](Threads::offer) them to others, and works on them
//! itself; each takes pieces as it comes. So a thread that is slow to wake costs nothing but its help.
//!
//! ```
//! use atrous_threads::{Pool, Work, split};
//! use std::sync::atomic::{AtomicIsize, Ordering};
//!
//! let sum = AtomicIsize::new(0);
//! let pool = Pool::new(2)?;
//! split(&pool, Work { shares: 100, instructions: 1_000_000 }, &|shares| {
//!     sum.fetch_add(shares.sum(), Ordering::Relaxed);
//! });
//! assert_eq!(sum.into_inner(), 99 * 100 / 2);
//! # Ok::<(), std::io::Error>(())
//! ```
#![deny(unsafe_code)]

mod cores;
#[allow(unsafe_code)]
mod job;
mod pool;

pub use job::{Job, Work, split};
pub use pool::Pool;

/// Threads that help with a [`Job`]. [`Pool`] is one kind; implement it for threads that you have already.
///
/// Whatever an implementation does, each piece of a job is worked on exactly once.
pub trait Threads: Sync {
    /// How many threads work on a job at most, with the one that has it.
    fn count(&self) -> usize;

    /// Asks `helpers` other threads to call [`Job::help`], the first with the number 1, and returns at once. A thread
    /// that comes late finds nothing to do.
    fn offer(&self, job: &Job, helpers: usize);

    /// Vector instructions from which on it pays to ask one more thread.
    fn grain(&self) -> u64 {
        1 << 14
    }
}

/// The calling thread alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Serial;

impl Threads for Serial {
    fn count(&self) -> usize {
        1
    }

    fn offer(&self, _: &Job, _: usize) {}
}

#[cfg(test)]
mod tests;
