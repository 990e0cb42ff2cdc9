//! Which cores the threads of a pool may use: all but that of the thread they help.
//!
//! Linux often wakes a thread where the thread that wakes it is at work, and takes milliseconds to find it a core of its
//! own: longer than most stages.

#[cfg(target_os = "linux")]
pub use linux::Cores;
#[cfg(not(target_os = "linux"))]
pub use other::Cores;

#[cfg(target_os = "linux")]
mod linux {
    use rustix::thread::{CpuSet, Pid, gettid, sched_getaffinity, sched_getcpu, sched_setaffinity};

    /// The threads of a pool, and where they may run.
    #[derive(Default)]
    pub struct Cores {
        threads: Vec<Pid>,
        /// What the system gave each of them.
        allowed: CpuSet,
        /// The core that they leave to their caller.
        left: Option<usize>,
    }

    impl Cores {
        /// Counts the calling thread to those of the pool.
        pub fn join(&mut self) {
            // Where the system does not tell, there are no cores to choose from.
            self.allowed = sched_getaffinity(None).unwrap_or_default();
            self.threads.push(gettid());
            self.left = None;
        }

        /// Keeps the threads off the core of the calling thread, if there are cores enough. This is for threads asleep:
        /// to move one that runs costs more than it gains.
        pub fn leave_to_caller(&mut self) {
            let core = sched_getcpu();
            if self.left == Some(core) || self.threads.len() >= self.allowed.count() as usize {
                return;
            }
            let mut others = self.allowed;
            others.unset(core);
            for &thread in &self.threads {
                // A thread that the system does not let move helps all the same.
                let _ = sched_setaffinity(Some(thread), &others);
            }
            self.left = Some(core);
        }
    }

    #[cfg(test)]
    mod tests {
        use super::Cores;
        use rustix::thread::{CpuSet, gettid, sched_getaffinity, sched_setaffinity};
        use std::sync::mpsc;
        use std::thread;

        #[test]
        fn threads_leave_the_core_of_their_caller() {
            let allowed = sched_getaffinity(None).unwrap();
            let (tell, told) = mpsc::channel();
            let (end, ended) = mpsc::channel::<()>();
            let asleep = thread::spawn(move || {
                let mut cores = Cores::default();
                cores.join();
                tell.send((cores, gettid())).unwrap();
                let _ = ended.recv();
            });
            let (mut cores, thread) = told.recv().unwrap();
            for core in (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core)) {
                let mut only = CpuSet::new();
                only.set(core);
                sched_setaffinity(None, &only).unwrap();
                cores.leave_to_caller();
                let mut expected = allowed;
                if allowed.count() > 1 {
                    expected.unset(core);
                }
                assert!(sched_getaffinity(Some(thread)).unwrap() == expected, "core {core}");
            }
            drop(end);
            asleep.join().unwrap();
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    /// Nothing: the system places threads.
    #[derive(Default)]
    pub struct Cores;

    impl Cores {
        pub fn join(&mut self) {}

        pub fn leave_to_caller(&mut self) {}
    }
}
