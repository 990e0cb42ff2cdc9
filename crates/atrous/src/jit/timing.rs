//! How long the stages of a kernel take.

use super::{Kernel, Packed, RunError, Scratch};
use crate::Threads;
use atrous_compiler::plan::Role;
use std::time::{Duration, Instant};

/// One visit of a kernel: calls for at least this long, after one that is not timed.
const VISIT: Duration = Duration::from_millis(2);

/// A kernel with all that it needs to run, and the shortest time of each of its stages so far.
///
/// Kernels are compared by visiting one after the other, round after round: what else the machine does then meets all of
/// them.
#[derive(Debug)]
pub struct Subject {
    kernel: Kernel,
    packed: Packed,
    scratch: Scratch,
    outputs: Vec<Vec<f32>>,
    shortest: Vec<Duration>,
}

impl Subject {
    /// A kernel that has not run, with its parameters in the order of the plan.
    ///
    /// # Errors
    ///
    /// The number of parameters or the length of one is not the plan's, or memory is short.
    pub fn new(kernel: Kernel, parameters: &[&[f32]]) -> Result<Subject, RunError> {
        let packed = kernel.pack(parameters)?;
        let scratch = kernel.scratch()?;
        let outputs = kernel.plan().with_role(Role::Output).map(|buffer| vec![0.0; buffer.len()]).collect();
        let shortest = vec![Duration::MAX; kernel.plan().run.len()];
        Ok(Subject { kernel, packed, scratch, outputs, shortest })
    }

    /// The kernel.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The shortest time of each stage, in the order of the plan; [`Duration::MAX`] before the first visit.
    pub fn shortest(&self) -> &[Duration] {
        &self.shortest
    }

    /// Calls the kernel for two milliseconds, at least once, and keeps the times that are shorter than those before. A
    /// call before them, which brings code and data near, is not timed.
    ///
    /// # Errors
    ///
    /// The number of inputs or the length of one is not the plan's.
    pub fn visit(&mut self, threads: &dyn Threads, inputs: &[&[f32]]) -> Result<(), RunError> {
        self.visit_for(VISIT, threads, inputs)
    }

    fn visit_for(&mut self, least: Duration, threads: &dyn Threads, inputs: &[&[f32]]) -> Result<(), RunError> {
        self.call(threads, inputs)?;
        let start = Instant::now();
        // The clock comes last: the thread may lose its core for longer than a visit before the first call.
        loop {
            let times = self.call(threads, inputs)?;
            self.shortest.iter_mut().zip(times).for_each(|(shortest, time)| *shortest = time.min(*shortest));
            if start.elapsed() >= least {
                return Ok(());
            }
        }
    }

    /// One call: how long each stage took.
    fn call(&mut self, threads: &dyn Threads, inputs: &[&[f32]]) -> Result<Vec<Duration>, RunError> {
        let Subject { kernel, packed, scratch, outputs, shortest } = self;
        let mut outputs: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        let mut starts = Vec::with_capacity(shortest.len() + 1);
        let observe = &mut |_: usize, _: &str| starts.push(Instant::now());
        kernel.run_observed(threads, packed, scratch, inputs, &mut outputs, observe)?;
        starts.push(Instant::now());
        Ok(starts.windows(2).map(|pair| pair[1] - pair[0]).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Subject;
    use crate::{Serial, jit};
    use std::time::Duration;

    /// As when the thread loses its core before it has looked at the clock.
    #[test]
    fn a_visit_times_all_stages_however_late_it_begins() {
        let model = jit::compile("layer a { input: [1, 1, 4], channels: 1, kernel: 1 }", &[]).unwrap();
        let mut subject = Subject::new(model.kernel().clone(), &[&[1.0]]).unwrap();
        assert_eq!(subject.shortest(), [Duration::MAX]);
        subject.visit_for(Duration::ZERO, &Serial, &[&[0.0; 4]]).unwrap();
        assert!(subject.shortest()[0] < Duration::MAX);
    }
}
