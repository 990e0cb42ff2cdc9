//! Every plan runs on the interpreter, on this machine, and on this machine without the features that not all have.

mod guard;
mod kernel;
mod lanes;
mod plans;
mod sketch;

use atrous_compiler::plan::{Checked, Plan, Role, Target, eval, verify};
use cranelift_codegen::isa::OwnedTargetIsa;

use crate::machine::guard::{Buffers, Side};
use crate::machine::{Arena, Machine};
use crate::{Job, Kernel, Serial, Threads, host, supports};

/// Compares machine code with the interpreter, bit by bit, on several inputs; and that for wider vectors than Cranelift
/// has too.
#[track_caller]
fn check(name: &str, plan: Plan) {
    check_target(name, plan.clone());
    for target in [Target::avx2(), Target::avx512()] {
        if plan.target.lanes <= target.lanes && plan.target.registers <= target.registers {
            let name = format!("{name} for {}", target.name);
            let plan = Plan { target, ..plan.clone() };
            check_emulated(&name, &checked(plan.clone()));
            if supports(&plan.target) {
                check_target(&name, plan);
            }
        }
    }
}

/// Runs the tiles that are assembled by the emulator, which sees accesses that are in no buffer.
#[track_caller]
fn check_emulated(name: &str, plan: &Checked<Plan>) {
    #[cfg(target_arch = "x86_64")]
    {
        use crate::machine::emulator;
        let isa = host::isa().expect("the host is supported");
        let machine = Machine::emulated(plan, isa);
        let machine = machine.unwrap_or_else(|error| panic!("{name} emulated: {error}"));
        for data in [integers, normals, specials] {
            let found = found(&machine, data);
            let runs = emulator::result().unwrap_or_else(|error| panic!("{name} emulated: {error}"));
            assert!(runs > 0 || plan.run.is_empty(), "{name}: no tile has run");
            compare(&format!("{name} emulated"), &expected(plan, data), &found);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (name, plan);
}

#[track_caller]
fn check_target(name: &str, plan: Plan) {
    let plan = checked(plan);
    for (machine, isa) in machines() {
        let compiled = Machine::compile(&plan, isa).unwrap_or_else(|error| panic!("{name} on {machine}: {error}"));
        for data in [integers, normals, specials] {
            compare(&format!("{name} on {machine}"), &expected(&plan, data), &found(&compiled, data));
        }
    }
}

#[track_caller]
fn compare(name: &str, expected: &[Vec<f32>], found: &[Vec<f32>]) {
    for (buffer, (expected, found)) in expected.iter().zip(found).enumerate() {
        let different = expected.iter().zip(found).position(|(e, f)| !same(*e, *f));
        if let Some(at) = different {
            let (expected, found) = (expected[at], found[at]);
            panic!("{name}: element {at} of output {buffer} is {found:e}, not {expected:e}");
        }
    }
}

#[track_caller]
fn checked(plan: Plan) -> Checked<Plan> {
    verify(plan).unwrap_or_else(|violation| panic!("{violation:?}"))
}

#[track_caller]
fn compiled(plan: Plan) -> Kernel {
    Kernel::compile(&checked(plan)).expect("the host is supported")
}

/// This machine, and what every machine of its kind has.
fn machines() -> Vec<(&'static str, OwnedTargetIsa)> {
    let baseline = cranelift_native::builder_with_options(false).expect("the host is supported");
    let baseline = host::finish(baseline).expect("the settings exist");
    vec![("host", host::isa().expect("the host is supported")), ("baseline", baseline)]
}

/// Whether two numbers have the same bits. Machines do not agree on the bits of NaN.
fn same(left: f32, right: f32) -> bool {
    left.to_bits() == right.to_bits() || left.is_nan() && right.is_nan()
}

/// How to make as many numbers as a buffer has; a different series for each seed.
type Data = fn(seed: u32, len: usize) -> Vec<f32>;

fn random(seed: u32) -> impl Iterator<Item = u32> {
    let next = |state: &u64| Some(state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407));
    std::iter::successors(Some(u64::from(seed) + 1), next).skip(2).map(|state| (state >> 33) as u32)
}

fn integers(seed: u32, len: usize) -> Vec<f32> {
    random(seed).map(|bits| (bits % 9) as f32 - 4.0).take(len).collect()
}

fn normals(seed: u32, len: usize) -> Vec<f32> {
    random(seed).map(|bits| (bits % (1 << 24)) as f32 / (1 << 22) as f32 - 2.0).take(len).collect()
}

fn specials(seed: u32, len: usize) -> Vec<f32> {
    let (tiny, denormal) = (f32::MIN_POSITIVE, f32::from_bits(1));
    let values =
        [0.0, -0.0, 1.0, -1.5, tiny, -denormal, 1e-40, 3e38, -3e38, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 0.1];
    random(seed).map(|bits| values[bits as usize % values.len()]).take(len).collect()
}

/// One series per buffer with a role.
fn fill(plan: &Plan, role: Role, data: Data) -> Vec<Vec<f32>> {
    let buffers = plan.buffers.iter().enumerate().filter(|(_, buffer)| buffer.role == role);
    buffers.map(|(seed, buffer)| data(seed as u32, buffer.len())).collect()
}

fn slices(tensors: &[Vec<f32>]) -> Vec<&[f32]> {
    tensors.iter().map(Vec::as_slice).collect()
}

/// Space for the outputs, filled with what no plan computes.
fn outputs(plan: &Plan) -> Vec<Vec<f32>> {
    fill(plan, Role::Output, |_, len| vec![-12345.0; len])
}

/// The outputs of the interpreter.
fn expected(plan: &Checked<Plan>, data: Data) -> Vec<Vec<f32>> {
    let packed = eval::pack(plan, &slices(&fill(plan, Role::Parameter, data))).expect("lengths are the plan's");
    eval::run(plan, &packed, &slices(&fill(plan, Role::Input, data))).expect("lengths are the plan's")
}

/// Three threads that are one, the last first. They find all work worth splitting.
struct Backwards;

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

/// The outputs of machine code, the same with one thread and with several, and with each buffer directly behind or before
/// memory that cannot be touched.
#[track_caller]
fn found(machine: &Machine, data: Data) -> Vec<Vec<f32>> {
    let threads = [&Serial as &dyn Threads, &Backwards];
    let [serial, split] = threads.map(|threads| found_on(threads, machine, data));
    compare("split", &serial, &split);
    for side in Side::BOTH {
        let mut buffers = guarded(machine, side, data);
        let guarded = threads.map(|threads| buffers.run(threads));
        guarded.iter().for_each(|found| compare(&format!("guarded at the {side:?}"), &serial, found));
    }
    split
}

fn found_on(threads: &dyn Threads, machine: &Machine, data: Data) -> Vec<Vec<f32>> {
    let plan = machine.plan();
    let packed = machine.pack(&slices(&fill(plan, Role::Parameter, data))).expect("lengths are the plan's");
    let mut outputs = outputs(plan);
    let mut slots: Vec<_> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    let inputs = fill(plan, Role::Input, data);
    let mut scratch = Arena::new(plan.scratch_len).expect("scratch memory is small");
    machine
        .run(threads, &packed, &mut scratch, &slices(&inputs), &mut slots, &mut |_, _| {})
        .expect("lengths are the plan's");
    outputs
}

fn guarded(machine: &Machine, side: Side, data: Data) -> Buffers<'_> {
    let [parameters, inputs] = [Role::Parameter, Role::Input].map(|role| fill(machine.plan(), role, data));
    Buffers::new(machine, side, &slices(&parameters), &slices(&inputs)).expect("lengths are the plan's")
}
