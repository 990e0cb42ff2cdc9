//! What computes.

use std::time::{Duration, Instant};

use atrous_compiler::net::{Net, ValueId};
use atrous_compiler::oracle;
use atrous_compiler::plan::{Checked, Plan, Role, eval};
use atrous_jit::{Kernel, Pool, Threads};

use crate::args::{Backend, TargetArg};
use crate::failure::Failure;
use crate::memory::bytes_of;
use crate::progress::Progress;
use crate::report::Report;
use crate::source::plain;
use crate::target;
use crate::tuned::Tuned;

/// A net made ready to be computed.
#[derive(Debug)]
pub struct Prepared {
    engine: Engine,
    /// How long that took.
    pub time: Duration,
}

#[derive(Debug)]
enum Engine {
    Jit(Kernel),
    Interpreter(Checked<Plan>),
    Oracle,
}

/// How long the outputs took.
#[derive(Debug)]
pub struct Times {
    /// Bringing the parameters into the order of the kernel.
    pub packing: Duration,
    /// Computing the outputs.
    pub running: Duration,
}

/// Outputs, in the order of the net and in memory order of its layout.
type Outputs = Vec<Vec<f32>>;

/// Compiles a net for a backend.
pub fn prepare(
    net: &Net,
    backend: Backend,
    target: Option<TargetArg>,
    tuned: &Tuned,
    report: &mut Report,
) -> Result<Prepared, Failure> {
    let start = Instant::now();
    let engine = match backend {
        Backend::Jit => {
            let plan = tuned.plan(net, &target::to_run(target)?, report)?;
            let _progress = Progress::working("compiling", report.is_human());
            Engine::Jit(Kernel::compile(&plan).map_err(failed)?)
        }
        // The plan of the machine code, so that the results have the same bits; any other can be interpreted too.
        Backend::Interpreter => {
            let target = target::named(target)?.unwrap_or_else(atrous::jit::host_target);
            Engine::Interpreter(tuned.plan(net, &target, report)?)
        }
        Backend::Oracle => Engine::Oracle,
    };
    Ok(Prepared { engine, time: start.elapsed() })
}

/// The bytes of the tensors that are read from files: inputs and parameters.
pub fn bytes_read(net: &Net) -> u64 {
    let inputs = (0..net.inputs.len()).map(|index| net.value_shape(ValueId(index)));
    let parameters = net.parameters().into_iter().map(|parameter| parameter.shape);
    let shapes: Vec<Vec<usize>> = inputs.chain(parameters).collect();
    bytes_of(shapes.iter().map(Vec::as_slice), 4)
}

/// The bytes of all tensors that exist while a net runs, whatever the backend: inputs, parameters and outputs.
pub fn bytes_at_least(net: &Net) -> u64 {
    let outputs: Vec<Vec<usize>> = net.outputs.iter().map(|&id| net.value_shape(id)).collect();
    bytes_read(net).saturating_add(bytes_of(outputs.iter().map(Vec::as_slice), 4))
}

impl Prepared {
    /// The steps that [`Prepared::run`] takes; none when it does not count them.
    pub fn n_stages(&self) -> usize {
        match &self.engine {
            Engine::Jit(kernel) => kernel.plan().run.len(),
            Engine::Interpreter(_) | Engine::Oracle => 0,
        }
    }

    /// The bytes of all tensors that exist while the net runs.
    pub fn bytes(&self, net: &Net) -> u64 {
        match &self.engine {
            Engine::Jit(kernel) => kernel.plan().bytes(),
            Engine::Interpreter(plan) => plan.bytes(),
            Engine::Oracle => {
                let values = (0..net.inputs.len() + net.steps.len()).map(|index| net.value_shape(ValueId(index)));
                let parameters = net.parameters().into_iter().map(|parameter| parameter.shape);
                let shapes: Vec<Vec<usize>> = values.chain(parameters).collect();
                bytes_of(shapes.iter().map(Vec::as_slice), 8).saturating_add(bytes_at_least(net))
            }
        }
    }

    /// Computes the outputs from the parameters and inputs, all in the order of the net. `threads` compute machine code.
    pub fn run(
        &self,
        net: &Net,
        threads: Option<u16>,
        parameters: &[Vec<f32>],
        inputs: &[Vec<f32>],
        progress: &Progress,
    ) -> Result<(Outputs, Times), Failure> {
        match &self.engine {
            Engine::Jit(kernel) => run_kernel(kernel, &pool(threads)?, parameters, inputs, progress),
            Engine::Interpreter(plan) => interpret(plan, parameters, inputs),
            Engine::Oracle => Ok(define(net, parameters, inputs)),
        }
    }
}

/// How many threads [`pool`] has.
pub fn count(threads: Option<u16>) -> usize {
    threads.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
}

/// This many threads; by default one for each core.
pub fn pool(threads: Option<u16>) -> Result<Pool, Failure> {
    Pool::new(count(threads)).map_err(|error| Failure::error(format!("the system starts no thread: {}", plain(&error))))
}

fn run_kernel(
    kernel: &Kernel,
    threads: &dyn Threads,
    parameters: &[Vec<f32>],
    inputs: &[Vec<f32>],
    progress: &Progress,
) -> Result<(Outputs, Times), Failure> {
    let start = Instant::now();
    let packed = kernel.pack(&slices(parameters)).map_err(failed)?;
    let packing = start.elapsed();
    let mut outputs: Outputs = kernel.plan().with_role(Role::Output).map(|buffer| vec![0.0; buffer.len()]).collect();
    let mut to: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    let start = Instant::now();
    let mut scratch = kernel.scratch().map_err(failed)?;
    let observe = &mut |done: usize, name: &str| progress.at(done, name);
    kernel.run_observed(threads, &packed, &mut scratch, &slices(inputs), &mut to, observe).map_err(failed)?;
    Ok((outputs, Times { packing, running: start.elapsed() }))
}

fn interpret(plan: &Checked<Plan>, parameters: &[Vec<f32>], inputs: &[Vec<f32>]) -> Result<(Outputs, Times), Failure> {
    let start = Instant::now();
    let packed = eval::pack(plan, &slices(parameters)).map_err(failed)?;
    let packing = start.elapsed();
    let start = Instant::now();
    let outputs = eval::run(plan, &packed, &slices(inputs)).map_err(failed)?;
    Ok((outputs, Times { packing, running: start.elapsed() }))
}

fn define(net: &Net, parameters: &[Vec<f32>], inputs: &[Vec<f32>]) -> (Outputs, Times) {
    let wide = |tensors: &[Vec<f32>]| -> Vec<Vec<f64>> {
        tensors.iter().map(|tensor| tensor.iter().map(|&value| f64::from(value)).collect()).collect()
    };
    let (parameters, inputs) = (wide(parameters), wide(inputs));
    let start = Instant::now();
    let outputs = oracle::net(net, &slices(&inputs), &slices(&parameters));
    let running = start.elapsed();
    let outputs = outputs.iter().map(|output| output.iter().map(|&value| value as f32).collect()).collect();
    (outputs, Times { packing: Duration::ZERO, running })
}

fn slices<T>(tensors: &[Vec<T>]) -> Vec<&[T]> {
    tensors.iter().map(Vec::as_slice).collect()
}

fn failed(error: impl std::error::Error) -> Failure {
    Failure::error(error.to_string())
}
