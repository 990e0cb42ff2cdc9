//! Threads that split whatever can be split, however small it is.

use atrous::{Job, Pool, Serial, Threads};
use std::sync::LazyLock;

/// A pool that finds all work worth splitting.
pub struct Eager(pub Pool);

impl Threads for Eager {
    fn count(&self) -> usize {
        self.0.count()
    }

    fn offer(&self, job: &Job, helpers: usize) {
        self.0.offer(job, helpers);
    }

    fn grain(&self) -> u64 {
        0
    }
}

/// Three threads that are the calling one, the last first.
pub struct Backwards;

impl Threads for Backwards {
    fn count(&self) -> usize {
        3
    }

    fn offer(&self, job: &Job, helpers: usize) {
        (1..=helpers).rev().for_each(|helper| job.help(helper));
    }

    fn grain(&self) -> u64 {
        0
    }
}

/// One thread, and pools of two and three.
pub fn all() -> [&'static dyn Threads; 3] {
    static POOLS: LazyLock<[Eager; 2]> =
        LazyLock::new(|| [2, 3].map(|threads| Eager(Pool::new(threads).expect("the system starts threads"))));
    [&Serial, &POOLS[0], &POOLS[1]]
}
