//! A stage that is split between threads.
//!
//! The shares of the stage are cut into a few pieces for each thread. A thread takes its own pieces in order, so that it
//! meets the same part of memory in each run, and then those that others have not begun.

use crate::Threads;
use std::any::Any;
use std::mem::{forget, transmute};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{hint, thread};

/// Pieces for each thread at least: enough that a thread which is late or interrupted leaves little to wait for.
const LEAST_PIECES: usize = 4;

/// Pieces for each thread at most: when one thread has none left, others are in the middle of theirs.
const MOST_PIECES: usize = 32;

/// How many times the work for which a further thread pays a piece has at least, where there are more than the least.
const GRAINS_OF_PIECE: usize = 4;

/// How often a thread looks for the end of a job before it lets others have its core.
const SPINS: usize = 1 << 14;

/// How much there is to do in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Into how many shares the stage can be split.
    pub shares: isize,
    /// Vector instructions of all shares together.
    pub instructions: u64,
}

/// What shares of a stage do.
type Body<'a> = dyn Fn(Range<isize>) + Sync + 'a;

/// What a panic carries.
type Panic = Box<dyn Any + Send>;

/// Calls `body` with ranges that together make `0..work.shares`, each share in one of them, and returns when all calls
/// have. They run at once as far as there are threads, and as it pays to ask them.
///
/// # Panics
///
/// When a call of `body` does.
pub fn split(threads: &dyn Threads, work: Work, body: &Body<'_>) {
    let shares = usize::try_from(work.shares).unwrap_or(0);
    let grains = usize::try_from(work.instructions / threads.grain().max(1)).unwrap_or(usize::MAX);
    let count = threads.count().min(shares).min(grains);
    if count <= 1 {
        return body(0..work.shares);
    }
    let pieces = (grains / GRAINS_OF_PIECE).clamp(LEAST_PIECES * count, MOST_PIECES * count).min(shares);
    // SAFETY:
    // * `unfinished` waits for the job before `split` returns or unwinds, and `body` lives longer.
    let job = Job(Arc::new(unsafe { Split::new(count, [shares, pieces], body) }));
    let unfinished = Unfinished(&job);
    threads.offer(&job, count - 1);
    drop(unfinished);
    if let Some(panic) = job.0.panic.lock().unwrap_or_else(PoisonError::into_inner).take() {
        resume_unwind(panic);
    }
}

/// A stage whose pieces are to be worked on.
#[derive(Clone)]
pub struct Job(Arc<Split>);

impl Job {
    /// Works on pieces until none is left. `thread` says which to begin with: the number of this thread among those that
    /// help, where 0 has the job itself.
    pub fn help(&self, thread: usize) {
        self.0.help(thread);
    }
}

/// Finishes a job when it is dropped.
struct Unfinished<'a>(&'a Job);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        let waiting = Waiting(&self.0.0);
        self.0.help(0);
        drop(waiting);
    }
}

/// Waits for a job when it is dropped, also by a panic: others may be in the body.
struct Waiting<'a>(&'a Split);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.wait();
    }
}

struct Split {
    /// May dangle when all pieces are done.
    body: *const Body<'static>,
    shares: usize,
    pieces: usize,
    /// The pieces of each thread.
    queues: Vec<Queue>,
    /// Pieces whose call has returned.
    done: AtomicUsize,
    /// The first panic of a call.
    panic: Mutex<Option<Panic>>,
}

/// The pieces from `next` to `end` have not begun.
struct Queue {
    next: AtomicUsize,
    end: usize,
}

// SAFETY:
// * `body` is what keeps `Split` from being `Send` and `Sync`; it points to what is `Sync`.
unsafe impl Send for Split {}
// SAFETY: the same.
unsafe impl Sync for Split {}

impl Split {
    /// # Safety
    ///
    /// * `body` is alive until [`wait`](Split::wait) has returned.
    unsafe fn new(threads: usize, [shares, pieces]: [usize; 2], body: &Body<'_>) -> Split {
        let queue = |thread| Queue {
            next: AtomicUsize::new(part(pieces, thread, threads)),
            end: part(pieces, thread + 1, threads),
        };
        // SAFETY:
        // * Both types are pointers to the same trait object; only the lifetime differs, which `call` looks after.
        let body = unsafe { transmute::<*const Body<'_>, *const Body<'static>>(ptr::from_ref(body)) };
        let (queues, done, panic) = ((0..threads).map(queue).collect(), AtomicUsize::new(0), Mutex::new(None));
        Split { body, shares, pieces, queues, done, panic }
    }

    fn help(&self, thread: usize) {
        let count = self.queues.len();
        for queue in (0..count).map(|number| &self.queues[(thread + number) % count]) {
            loop {
                let piece = queue.next.fetch_add(1, Ordering::Relaxed);
                if piece >= queue.end {
                    break;
                }
                self.call(piece);
            }
        }
    }

    /// Works on a piece that has just been taken from its queue.
    fn call(&self, piece: usize) {
        let bound = |piece| part(self.shares, piece, self.pieces) as isize;
        // SAFETY:
        // * Each piece is taken once and counted as done below, so `wait` has not returned yet.
        // * What `body` points to is alive until then, as `new` demands.
        let body = unsafe { &*self.body };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(bound(piece)..bound(piece + 1)))) {
            self.keep(panic);
        }
        self.done.fetch_add(1, Ordering::Release);
    }

    /// Keeps the first panic. Others are forgotten rather than dropped: what a panic carries may panic when it is dropped,
    /// and the piece would never be done.
    fn keep(&self, panic: Panic) {
        let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
        match *first {
            None => *first = Some(panic),
            Some(_) => forget(panic),
        }
    }

    /// Waits until all pieces are done.
    fn wait(&self) {
        let mut spins = 0;
        while self.done.load(Ordering::Acquire) < self.pieces {
            spins += 1;
            if spins < SPINS { hint::spin_loop() } else { thread::yield_now() }
        }
    }
}

/// Where the part with a number begins when `whole` is divided into `parts` that are as equal as can be.
fn part(whole: usize, number: usize, parts: usize) -> usize {
    (whole as u128 * number as u128 / parts as u128) as usize
}
