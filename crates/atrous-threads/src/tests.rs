//! Every share is done once, whatever the threads do.

use crate::{Job, Pool, Serial, Threads, Work, split};
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Checks that the shares are done once each, and returns how many calls it took.
fn calls(threads: &dyn Threads, shares: isize, instructions: u64) -> usize {
    let counts: Vec<AtomicUsize> = (0..shares).map(|_| AtomicUsize::new(0)).collect();
    let calls = AtomicUsize::new(0);
    split(threads, Work { shares, instructions }, &|range| {
        calls.fetch_add(1, Ordering::Relaxed);
        for share in range {
            counts[share as usize].fetch_add(1, Ordering::Relaxed);
        }
    });
    assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    calls.into_inner()
}

const MUCH: u64 = 1 << 30;

#[test]
fn a_pool_does_every_share_once() {
    for threads in 1..5 {
        let pool = Pool::new(threads).unwrap();
        assert_eq!(pool.count(), threads);
        for shares in (0..40).chain([1000]) {
            calls(&pool, shares, MUCH);
        }
    }
}

#[test]
fn a_pool_of_all_cores_has_a_thread_for_each() {
    let pool = Pool::of_all_cores().unwrap();
    assert_eq!(pool.count(), thread::available_parallelism().map_or(1, usize::from));
    calls(&pool, 1000, MUCH);
}

#[test]
fn work_is_cut_where_it_pays() {
    let pool = Pool::new(3).unwrap();
    assert_eq!(calls(&Serial, 100, MUCH), 1);
    assert_eq!(calls(&pool, 100, pool.grain()), 1);
    assert_eq!(calls(&pool, 100, 2 * pool.grain()), 8);
    assert_eq!(calls(&pool, 100, 80 * pool.grain()), 20);
    assert_eq!(calls(&pool, 100, MUCH), 96);
    assert_eq!(calls(&pool, 10, MUCH), 10);
    assert_eq!(calls(&pool, 2, MUCH), 2);
    assert_eq!(calls(&pool, 1, MUCH), 1);
}

/// Threads that do what they like with a job.
struct Odd<F>(F);

impl<F: Fn(&Job) + Sync> Threads for Odd<F> {
    fn count(&self) -> usize {
        3
    }

    fn offer(&self, job: &Job, _: usize) {
        self.0(job);
    }
}

#[test]
fn no_behaviour_of_threads_matters() {
    calls(&Odd(|_: &Job| {}), 10, MUCH);
    calls(&Odd(|job: &Job| job.help(77)), 10, MUCH);
    let (late, jobs) = mpsc::channel();
    calls(&Odd(|job: &Job| late.send(job.clone()).unwrap()), 10, MUCH);
    let twice = |job: &Job| {
        thread::scope(|scope| {
            let _ = [1, 1].map(|number| scope.spawn(move || job.help(number)));
        });
    };
    calls(&Odd(twice), 10, MUCH);
    let panicking = || calls(&Odd(|_: &Job| panic!("no threads")), 10, MUCH);
    assert!(catch_unwind(AssertUnwindSafe(panicking)).is_err());
    // What the job of the second call worked on has gone.
    thread::spawn(move || jobs.recv().unwrap().help(1)).join().unwrap();
}

#[test]
fn sleeping_threads_wake() {
    let pool = Pool::new(2).unwrap();
    for _ in 0..3 {
        thread::sleep(std::time::Duration::from_millis(2));
        let helped = AtomicUsize::new(0);
        let caller = thread::current().id();
        while helped.load(Ordering::Relaxed) == 0 {
            split(&pool, Work { shares: 8, instructions: MUCH }, &|_| {
                thread::sleep(std::time::Duration::from_micros(100));
                helped.fetch_add(usize::from(thread::current().id() != caller), Ordering::Relaxed);
            });
        }
    }
}

#[test]
fn a_pool_may_have_several_users() {
    let pool = Pool::new(3).unwrap();
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..200 {
                    calls(&pool, 37, MUCH);
                }
            });
        }
    });
}

#[test]
fn a_panic_reaches_the_caller() {
    let pool = Pool::new(2).unwrap();
    let done = AtomicUsize::new(0);
    let result = catch_unwind(AssertUnwindSafe(|| {
        split(&pool, Work { shares: 8, instructions: MUCH }, &|range| {
            done.fetch_add(1, Ordering::Relaxed);
            assert!(!range.contains(&5), "five");
        });
    }));
    assert_eq!(result.unwrap_err().downcast_ref(), Some(&"five"));
    assert_eq!(done.into_inner(), 8);
    calls(&pool, 8, MUCH);
}

/// What a panic carries, and panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[test]
fn a_panic_may_carry_what_panics() {
    let check = |threads: &dyn Threads| {
        let done = AtomicUsize::new(0);
        let result = catch_unwind(AssertUnwindSafe(|| {
            split(threads, Work { shares: 8, instructions: MUCH }, &|_| {
                done.fetch_add(1, Ordering::Relaxed);
                panic_any(Bomb);
            });
        }));
        let panic = result.unwrap_err();
        let is_bomb = panic.is::<Bomb>();
        forget(panic);
        assert_eq!((is_bomb, done.into_inner()), (true, 8));
    };
    check(&Odd(|_: &Job| {}));
    check(&Pool::new(3).unwrap());
}
