//! The executors of plans.

use crate::data::Data;
use crate::differential::compare_bits;
use crate::threads::{self, Backwards};
use atrous::Threads;
use atrous_compiler::Target;
use atrous_compiler::plan::{self, Checked, Plan};
use atrous_jit::{Kernel, supports};

/// The interpreter of plans, which defines what a plan means.
pub fn interpret(plan: &Checked<Plan>, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let packed = plan::eval::pack(plan, &data.parameters()).map_err(|error| format!("interpreter: {error}"))?;
    plan::eval::run(plan, &packed, &data.inputs()).map_err(|error| format!("interpreter: {error}"))
}

/// The targets that [`jit`] runs plans for on this machine, the widest by an emulator if need be.
pub fn targets() -> Vec<Target> {
    let all = [Target::portable(), Target::avx2(), Target::avx512()];
    all.into_iter().filter(|target| supports(target) || cfg!(target_arch = "x86_64")).collect()
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

/// Machine code made at run time, on one thread and on several. Outputs start as NaN, so that an element that is not
/// written shows.
pub fn jit(plan: &Checked<Plan>, data: &Data) -> Result<Vec<Vec<f32>>, String> {
    let kernel = compile(plan)?;
    let packed = kernel.pack(&data.parameters()).map_err(|error| format!("JIT: {error}"))?;
    // The emulator hears of the calling thread only.
    let threads: &[&dyn Threads] = if supports(&plan.target) { &threads::all() } else { &[&Backwards] };
    let run = |threads: &&dyn Threads| {
        let outputs = plan.with_role(plan::Role::Output);
        let mut outputs: Vec<Vec<f32>> = outputs.map(|buffer| vec![f32::NAN; buffer.len()]).collect();
        let mut slices: Vec<&mut [f32]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
        kernel.run_on(*threads, &packed, &data.inputs(), &mut slices).map_err(|error| format!("JIT: {error}"))?;
        check_emulated()?;
        Ok(outputs)
    };
    same("JIT", threads.iter().map(run))
}

/// The outputs of all runs, which are the same.
pub fn same(
    executor: &str,
    mut runs: impl Iterator<Item = Result<Vec<Vec<f32>>, String>>,
) -> Result<Vec<Vec<f32>>, String> {
    let first = runs.next().unwrap_or_else(|| Ok(Vec::new()))?;
    let on_several = format!("{executor} on several threads");
    for other in runs {
        compare_bits([executor, &on_several], &first, &other?)?;
    }
    Ok(first)
}
