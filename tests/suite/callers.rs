//! Many callers of one kernel, many kernels at once, and threads that are not ours: every run gives the bits of a lone run,
//! and every call returns.

use atrous::jit::{self, Loaded, Scratch};
use atrous::rt::{Work, split};
use atrous::{Job, Pool, Serial, Threads};
use atrous_tests::data::Random;
use atrous_tests::threads::Eager;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A call that takes longer has met a deadlock.
const PATIENCE: Duration = Duration::from_secs(120);

const CALLERS: usize = 8;

/// Runs of each caller.
const RUNS: usize = 25;

/// The same net for both back ends: several stages with scratch memory between them.
macro_rules! net {
    ($($text:tt)*) => {
        atrous::conv! { $($text)* }
        const NET: &str = stringify!($($text)*);
    };
}

net! {
    net shared {
        input x: [1, 8, 14, 15];
        a = conv(x) { channels: 16, kernel: 3, padding: 1, bias, relu };
        b = conv(a) { channels: 16, kernel: 3, padding: 2, dilation: 2, depthwise, bias, silu };
        c = conv(b) { channels: 5, kernel: 4, stride: 2, padding: 1, transposed, bias };
        output c;
    }
}

const INPUT: usize = 8 * 14 * 15;
const OUTPUT: usize = 5 * 28 * 30;
const SIZES: [(&str, usize); 6] =
    [("a.weight", 1152), ("a.bias", 16), ("b.weight", 144), ("b.bias", 16), ("c.weight", 1280), ("c.bias", 5)];

fn reals(seed: u64, len: usize) -> Vec<f32> {
    let mut random = Random(seed);
    (0..len).map(|_| random.real()).collect()
}

fn tensors() -> Vec<(&'static str, Vec<f32>)> {
    SIZES.iter().enumerate().map(|(seed, &(name, len))| (name, reals(seed as u64, len))).collect()
}

fn by_jit() -> Loaded {
    jit::compile(NET, &[]).unwrap().load(&tensors()[..]).unwrap()
}

fn by_macro() -> Shared {
    Shared::from_tensors(&tensors()[..]).unwrap()
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// Scratch memory for either back end, of one caller.
struct Memory {
    of_jit: Scratch,
    of_macro: Vec<f32>,
}

/// One of the back ends, for runs on threads in a caller's own memory or in new memory.
trait Runs: Sync {
    fn run(&self, threads: &dyn Threads, memory: Option<&mut Memory>, input: &[f32], output: &mut [f32]);
}

impl Runs for Loaded {
    fn run(&self, threads: &dyn Threads, memory: Option<&mut Memory>, input: &[f32], output: &mut [f32]) {
        match memory {
            Some(memory) => self.forward_with(threads, &mut memory.of_jit, &[input], &mut [output]).unwrap(),
            None => self.forward_on(threads, &[input], &mut [output]).unwrap(),
        }
    }
}

impl Runs for Shared {
    fn run(&self, threads: &dyn Threads, memory: Option<&mut Memory>, input: &[f32], output: &mut [f32]) {
        match memory {
            Some(memory) => self.forward_with(threads, &mut memory.of_macro, input, output).unwrap(),
            None => self.forward_on(threads, input, output).unwrap(),
        }
    }
}

/// The outputs of a lone run for the input of each caller.
fn expected(kernel: &dyn Runs) -> Vec<Vec<u32>> {
    (0..CALLERS).map(|caller| bits(&run(kernel, &Serial, caller))).collect()
}

fn input(caller: usize) -> Vec<f32> {
    reals(100 + caller as u64, INPUT)
}

/// A run in new memory.
fn run(kernel: &dyn Runs, threads: &dyn Threads, caller: usize) -> Vec<f32> {
    let mut output = vec![f32::NAN; OUTPUT];
    kernel.run(threads, None, &input(caller), &mut output);
    output
}

/// What a caller does: runs in memory of its own, and in new memory, by turns.
fn call(kernel: &dyn Runs, threads: &dyn Threads, caller: usize, expected: &[u32]) {
    let input = input(caller);
    let mut memory = Memory { of_jit: Scratch::new(1 << 16).unwrap(), of_macro: vec![f32::NAN; Shared::SCRATCH_LEN] };
    for run in 0..RUNS {
        let memory = if run % 2 == 0 { Some(&mut memory) } else { None };
        let mut output = vec![f32::NAN; OUTPUT];
        kernel.run(threads, memory, &input, &mut output);
        assert!(bits(&output) == expected, "caller {caller}, run {run}, {} threads", threads.count());
    }
}

/// Runs something that must end.
fn in_time<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, end) = mpsc::channel();
    let runner = thread::spawn(move || {
        let result = what();
        // Nobody listens where it took too long.
        let _ = done.send(());
        result
    });
    assert!(end.recv_timeout(PATIENCE) != Err(mpsc::RecvTimeoutError::Timeout), "a deadlock");
    runner.join().unwrap()
}

fn eager(threads: usize) -> Eager {
    Eager(Pool::new(threads).unwrap())
}

#[test]
fn callers_share_a_kernel() {
    in_time(|| {
        let (jit, compiled) = (by_jit(), by_macro());
        let pool = eager(2);
        for kernel in [&jit as &dyn Runs, &compiled] {
            let expected = expected(kernel);
            thread::scope(|scope| {
                for (caller, expected) in expected.iter().enumerate() {
                    let pool = &pool;
                    scope.spawn(move || {
                        call(kernel, &Serial, caller, expected);
                        call(kernel, pool, caller, expected);
                        call(kernel, &eager(2), caller, expected);
                    });
                }
            });
        }
        assert_eq!(expected(&jit), expected(&compiled));
    });
}

#[test]
fn callers_own_their_share_of_a_kernel() {
    in_time(|| {
        let (jit, compiled) = (Arc::new(by_jit()), by_macro());
        let expected = Arc::new(expected(&compiled));
        let callers = (0..CALLERS).map(|caller| {
            let (jit, compiled, expected) = (Arc::clone(&jit), compiled.clone(), Arc::clone(&expected));
            thread::spawn(move || {
                call(&*jit, &Serial, caller, &expected[caller]);
                call(&compiled, &Serial, caller, &expected[caller]);
            })
        });
        let callers: Vec<_> = callers.collect();
        // The last caller that ends frees the code.
        drop((jit, compiled));
        callers.into_iter().for_each(|caller| caller.join().unwrap());
    });
}

#[test]
fn many_kernels_run_at_once_on_one_pool() {
    in_time(|| {
        let pool = Arc::new(eager(3));
        let expected = Arc::new(expected(&by_macro()));
        let callers = (0..CALLERS).map(|caller| {
            let (pool, expected) = (Arc::clone(&pool), Arc::clone(&expected));
            thread::spawn(move || {
                let kernel = by_jit();
                call(&kernel, &*pool, caller, &expected[caller]);
            })
        });
        callers.collect::<Vec<_>>().into_iter().for_each(|caller| caller.join().unwrap());
    });
}

/// A pool's threads may call kernels that ask for the same pool.
#[test]
fn kernels_run_inside_of_a_pool() {
    in_time(|| {
        let (jit, compiled, pool) = (by_jit(), by_macro(), eager(3));
        for kernel in [&jit as &dyn Runs, &compiled] {
            let expected = expected(kernel);
            for _ in 0..RUNS {
                split(&pool, Work { shares: CALLERS as isize, instructions: 1 << 40 }, &|callers| {
                    for caller in callers {
                        let caller = caller as usize;
                        assert!(bits(&run(kernel, &pool, caller)) == expected[caller]);
                    }
                });
            }
        }
    });
}

/// A task of a pool.
type Task = Box<dyn FnOnce() + Send>;

/// Threads as a program has them that knows nothing of Atrous: tasks in the order in which they come, whoever waits for them.
struct Own {
    tasks: Sender<Task>,
    count: usize,
}

impl Own {
    fn new(count: usize) -> Own {
        let (tasks, queue) = mpsc::channel::<Task>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..count {
            let queue: Arc<Mutex<Receiver<Task>>> = Arc::clone(&queue);
            thread::spawn(move || {
                let next = || queue.lock().unwrap().recv().ok();
                std::iter::from_fn(next).for_each(|task| task());
            });
        }
        Own { tasks, count }
    }
}

impl Threads for Own {
    fn count(&self) -> usize {
        self.count + 1
    }

    fn offer(&self, job: &Job, helpers: usize) {
        for helper in 1..=helpers {
            let job = job.clone();
            self.tasks.send(Box::new(move || job.help(helper))).expect("the threads live as long as the pool");
        }
    }

    fn grain(&self) -> u64 {
        0
    }
}

/// Every thread of the pool runs a kernel, so that none is free to help: the helpers that are asked for come too late.
#[test]
fn kernels_run_on_threads_of_the_caller() {
    in_time(|| {
        let kernels: [Arc<dyn Runs + Send>; 2] = [Arc::new(by_jit()), Arc::new(by_macro())];
        let own = Arc::new(Own::new(2));
        for kernel in kernels {
            let expected = Arc::new(expected(&*kernel));
            let (done, end) = mpsc::channel();
            for caller in 0..CALLERS {
                let (kernel, pool, expected) = (Arc::clone(&kernel), Arc::clone(&own), Arc::clone(&expected));
                let done = done.clone();
                let task = move || {
                    call(&*kernel, &*pool, caller, &expected[caller]);
                    done.send(caller).unwrap();
                };
                own.tasks.send(Box::new(task)).unwrap();
            }
            drop(done);
            let mut callers: Vec<usize> = end.iter().collect();
            callers.sort_unstable();
            assert!(callers.into_iter().eq(0..CALLERS), "a caller has panicked");
        }
    });
}

/// Threads whose owner made a mistake.
struct Panics(&'static str);

impl Threads for Panics {
    fn count(&self) -> usize {
        assert!(self.0 != "count", "count");
        3
    }

    fn offer(&self, _: &Job, _: usize) {
        assert!(self.0 != "offer", "offer");
    }

    fn grain(&self) -> u64 {
        assert!(self.0 != "grain", "grain");
        0
    }
}

/// A caller's panic is the caller's: it comes out of the run, and neither other callers nor later runs see anything of it.
#[test]
fn panics_of_callers_stay_with_them() {
    in_time(|| {
        let (jit, compiled, pool) = (by_jit(), by_macro(), eager(2));
        for kernel in [&jit as &dyn Runs, &compiled] {
            let expected = expected(kernel);
            thread::scope(|scope| {
                let other = scope.spawn(|| call(kernel, &pool, 0, &expected[0]));
                for _ in 0..RUNS {
                    for mistake in ["count", "offer", "grain"] {
                        let result = catch_unwind(AssertUnwindSafe(|| run(kernel, &Panics(mistake), 1)));
                        assert_eq!(result.unwrap_err().downcast_ref(), Some(&mistake));
                    }
                    let inside = catch_unwind(AssertUnwindSafe(|| {
                        split(&pool, Work { shares: 4, instructions: 1 << 40 }, &|shares| {
                            let output = run(kernel, &pool, 2);
                            assert!(bits(&output) == expected[2] && !shares.contains(&3), "three");
                        });
                    }));
                    assert_eq!(inside.unwrap_err().downcast_ref(), Some(&"three"));
                }
                other.join().unwrap();
            });
            assert!(bits(&run(kernel, &pool, 1)) == expected[1]);
        }
    });
}

#[test]
fn pools_come_and_go() {
    in_time(|| {
        let (jit, compiled) = (by_jit(), by_macro());
        for kernel in [&jit as &dyn Runs, &compiled] {
            let expected = expected(kernel);
            for threads in (1..=5).cycle().take(60) {
                assert!(bits(&run(kernel, &eager(threads), 0)) == expected[0]);
            }
        }
    });
}
