//! Threads that wait for work: a moment at full speed, then asleep.

use crate::cores::Cores;
use crate::{Job, Threads};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{fmt, hint, io, mem, process};

/// How long a thread looks for the next job before it sleeps. The stages of a net follow one another much faster;
/// waking up takes about as long.
const PATIENCE: Duration = Duration::from_micros(50);

/// Looks between two glances at the clock.
const LOOKS: usize = 64;

/// Threads that share the work of one call after the other, and sleep in between. They end when the pool is dropped.
///
/// Several threads may use a pool at once; its threads then help whoever came last. On Linux, where a process may use more
/// cores than a pool has threads besides the caller, they run on all of these but the caller's; to choose others, limit
/// the process before it makes the pool.
///
/// A process that forks has the threads, and its child none: there the calling thread does all work, and the pool may be
/// dropped.
///
/// Its threads have the floating-point environment of the one that makes it. Rust requires that this is the default one, and
/// so is that of every thread that uses the pool: else results depend on which thread computes them.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    /// The number of the process that has the threads.
    process: u32,
}

struct Shared {
    state: Mutex<State>,
    /// Changes with `state.offer`.
    offers: AtomicUsize,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    /// The newest job, and how many are to help.
    offer: Option<(Job, usize)>,
    sleeping: usize,
    cores: Cores,
    stopping: bool,
}

impl Pool {
    /// A pool of `threads` threads, of which the one that uses it is one.
    ///
    /// # Errors
    ///
    /// The system does not start that many threads.
    pub fn new(threads: usize) -> io::Result<Pool> {
        let shared = Shared { state: Mutex::default(), offers: AtomicUsize::new(0), wake: Condvar::new() };
        let mut pool = Pool { shared: Arc::new(shared), workers: Vec::new(), process: process::id() };
        for number in 1..threads {
            let shared = Arc::clone(&pool.shared);
            let builder = thread::Builder::new().name(format!("atrous-{number}"));
            pool.workers.push(builder.spawn(move || shared.work(number))?);
        }
        Ok(pool)
    }

    /// A pool with a thread for each core that this process may use.
    ///
    /// # Errors
    ///
    /// The system does not start that many threads.
    pub fn of_all_cores() -> io::Result<Pool> {
        Pool::new(thread::available_parallelism().map_or(1, usize::from))
    }

    /// Whether the threads are of another process, of which this one is a child: then nobody here wakes, or gives back the
    /// lock that he held at the fork.
    fn is_of_parent(&self) -> bool {
        self.process != process::id()
    }
}

impl Threads for Pool {
    fn count(&self) -> usize {
        self.workers.len() + 1
    }

    fn offer(&self, job: &Job, helpers: usize) {
        if self.is_of_parent() {
            return;
        }
        self.shared.change(|state| {
            if state.sleeping == self.workers.len() {
                state.cores.leave_to_caller();
            }
            state.offer = Some((job.clone(), helpers));
        });
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.is_of_parent() {
            // Neither joined nor detached: the system does not know these threads here.
            return self.workers.drain(..).for_each(mem::forget);
        }
        self.shared.change(|state| state.stopping = true);
        for worker in self.workers.drain(..) {
            // A worker only calls `Job::help`, which lets no panic out.
            let _ = worker.join();
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.count()).finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        self.offers.fetch_add(1, Ordering::Release);
        let sleeping = state.sleeping;
        drop(state);
        if sleeping > 0 {
            self.wake.notify_all();
        }
    }

    /// The life of a worker.
    fn work(&self, number: usize) {
        self.lock().cores.join();
        let mut seen = 0;
        loop {
            let state = self.next(seen);
            seen = self.offers.load(Ordering::Acquire);
            if state.stopping {
                return;
            }
            let job = state.offer.as_ref().filter(|offer| number <= offer.1).map(|offer| offer.0.clone());
            drop(state);
            if let Some(job) = job {
                job.help(number);
            }
        }
    }

    /// The state after it has changed.
    fn next(&self, seen: usize) -> MutexGuard<'_, State> {
        let is_new = || self.offers.load(Ordering::Acquire) != seen;
        let start = Instant::now();
        while !is_new() && start.elapsed() < PATIENCE {
            (0..LOOKS).take_while(|_| !is_new()).for_each(|_| hint::spin_loop());
        }
        let mut state = self.lock();
        state.sleeping += 1;
        while !is_new() {
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.sleeping -= 1;
        state
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::Pool;
    use crate::{Work, split};
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;
    use std::time::Duration;

    #[test]
    fn threads_do_not_help_on_the_core_of_their_caller() {
        let allowed = sched_getaffinity(None).unwrap();
        let pool = Pool::new(2).unwrap();
        for core in (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core) && allowed.count() > 1) {
            let mut only = CpuSet::new();
            only.set(core);
            sched_setaffinity(None, &only).unwrap();
            while pool.shared.lock().sleeping == 0 {
                thread::yield_now();
            }
            let caller = thread::current().id();
            let helped = AtomicUsize::new(0);
            while helped.load(Ordering::Relaxed) == 0 {
                split(&pool, Work { shares: 8, instructions: 1 << 30 }, &|_| {
                    thread::sleep(Duration::from_micros(100));
                    if thread::current().id() != caller {
                        assert!(!sched_getaffinity(None).unwrap().is_set(core), "core {core}");
                        helped.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        }
    }

    /// A child of fork has a copy of the pool, and none of its threads.
    #[test]
    fn in_a_child_the_caller_does_everything() {
        let mut pool = Pool::new(2).unwrap();
        pool.process += 1;
        let (shared, caller) = (Arc::clone(&pool.shared), thread::current().id());
        split(&pool, Work { shares: 8, instructions: 1 << 30 }, &|_| assert_eq!(thread::current().id(), caller));
        drop(pool);
        assert_eq!(shared.offers.load(Ordering::Relaxed), 0);
        shared.change(|state| state.stopping = true);
    }
}
