//! The executors of plans.

use crate::data::Data;
use crate::differential::compare_bits;
use crate::threads::{self, Backwards};
use atrous::Threads;
use atrous_compiler::Target;
use atrous_compiler::plan::{self, Checked, Plan};
use atrous_jit::guard::{self, Side};
use atrous_jit::{Kernel, RunError, supports};

/// The interpreter of plans, which defines what a plan means.
pub fn interpret(plan: &Checked<Plan>, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let packed = plan::eval::pack(plan, &data.parameters()).map_err(|error| format!("interpreter: {error}"))?;
    plan::eval::run(plan, &packed, &data.inputs()).map_err(|error| format!("interpreter: {error}"))
}

/// The targets that [`jit`] runs plans for on this machine, the widest by an emulator if need be.
pub fn targets() -> Vec<Target> {
    Target::all().into_iter().filter(|target| supports(target) || cfg!(target_arch = "x86_64")).collect()
}

fn compile(plan: &Checked<Plan>) -> Result<Kernel, String> {
    #[cfg(target_arch = "x86_64")]
    if !supports(&plan.target) {
        return atrous_jit::emulator::compile(plan).map_err(|error| format!("JIT: {error}"));
    }
    Kernel::compile(plan).map_err(|error| format!("JIT: {error}"))
}

/// Whether no tile that was emulated has done anything wrong.
fn check_emulated() -> Result<(), String> {
    #[cfg(target_arch = "x86_64")]
    atrous_jit::emulator::result().map_err(|error| format!("emulator: {error}"))?;
    Ok(())
}

/// Machine code made at run time, on one thread and on several, in memory as users have it and with each buffer guarded at
/// either side. Outputs start as NaN, so that an element that is not written shows.
pub fn jit(plan: &Checked<Plan>, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let kernel = compile(plan)?;
    // The emulator hears of the calling thread only.
    let threads: &[&dyn Threads] = if supports(&plan.target) { &threads::all() } else { &[&Backwards] };
    let (parameters, inputs) = (data.parameters(), data.inputs());
    let mut runs = Vec::new();
    for threads in threads {
        runs.push((name("JIT", *threads, None), run_jit(&kernel, *threads, data)));
    }
    for side in Side::BOTH {
        let buffers = guard::buffers(&kernel, side, &parameters, &inputs);
        let mut buffers = buffers.map_err(|error| format!("JIT: {error}"))?;
        // A third thread goes nowhere that two do not go.
        for threads in threads.iter().take(2) {
            runs.push((name("JIT", *threads, Some(side)), Ok(buffers.run(*threads))));
        }
    }
    check_emulated()?;
    same(runs)
}

fn run_jit(kernel: &Kernel, threads: &dyn Threads, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let failed = |error: RunError| error.to_string();
    let packed = kernel.pack(&data.parameters()).map_err(failed)?;
    let outputs = kernel.plan().with_role(plan::Role::Output);
    let mut outputs: Vec<Vec<f32>> = outputs.map(|buffer| vec![f32::NAN; buffer.len()]).collect();
    let mut slices: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    kernel.run_on(threads, &packed, &data.inputs(), &mut slices).map_err(failed)?;
    Ok(outputs)
}

/// An executor as messages call it when it runs on threads, with memory guarded at a side or not at all.
pub fn name(executor: &str, threads: &dyn Threads, side: Option<Side>) -> String {
    let memory = side.map_or(String::new(), |side| format!(", guarded at the {side:?} of buffers"));
    format!("{executor} ({} threads{memory})", threads.count())
}

/// What a run is called, and its outputs.
type Run = (String, Result<Vec<Vec<f32>>, String>);

/// The outputs of all runs, of which there is one at least. They are the same.
pub fn same(runs: impl IntoIterator<Item = Run>) -> Result<Vec<Vec<f32>>, String> {
    let mut runs = runs.into_iter().map(|(name, outputs)| match outputs {
        Ok(outputs) => Ok((name, outputs)),
        Err(error) => Err(format!("{name}: {error}")),
    });
    let (first, outputs) = runs.next().expect("an executor runs")?;
    for other in runs {
        let (other, others) = other?;
        compare_bits([&first, &other], &outputs, &others)?;
    }
    Ok(outputs)
}
