//! What guards are good for: machine code that is wrong by one number dies.

use std::env;
use std::process::{Command, ExitStatus};

use atrous_compiler::plan::{Plan, Target};

use super::plans::matrix_products;
use super::{checked, guarded, normals};
use crate::machine::Machine;
use crate::machine::guard::{Buffers, Guarded, Side};
use crate::{host, supports};

/// Set in a process that is to die: the case.
const CASE: &str = "ATROUS_JIT_FAULT";

/// The targets of this machine, and for each side every buffer of a plan that has buffers with all roles.
fn cases() -> Vec<(Target, Side, usize)> {
    let targets = Target::all().into_iter().filter(supports);
    let buffers = 0..matrix_products().buffers.len();
    let sides = |target: Target| Side::BOTH.map(move |side| (target.clone(), side));
    targets.flat_map(sides).flat_map(|(target, side)| buffers.clone().map(move |b| (target.clone(), side, b))).collect()
}

/// Whether a process has died of a wrong access; nothing where the system does not say how a process ended.
fn is_access_violation(status: ExitStatus) -> Option<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        let (segment, bus) = (11, if cfg!(any(target_os = "linux", target_os = "android")) { 7 } else { 10 });
        Some([Some(segment), Some(bus)].contains(&status.signal()))
    }
    #[cfg(windows)]
    {
        Some(status.code() == Some(0xC000_0005_u32 as i32))
    }
    #[cfg(not(any(unix, windows)))]
    {
        let _ = status;
        None
    }
}

/// Each case in a process of its own, which is this test once more.
#[test]
fn one_number_outside_of_a_buffer_ends_the_process() {
    if let Ok(case) = env::var(CASE) {
        let (target, side, buffer) = cases().swap_remove(case.parse().expect("the number of a case"));
        return guarded(&machine(target), side, normals).run_outside(side, buffer);
    }
    for (case, (target, side, buffer)) in cases().into_iter().enumerate() {
        let child = Command::new(env::current_exe().expect("the tests are a file"))
            .args(["--exact", "tests::guard::one_number_outside_of_a_buffer_ends_the_process", "--nocapture"])
            .env(CASE, case.to_string())
            .output()
            .expect("the tests start again");
        let Some(is_violation) = is_access_violation(child.status) else {
            println!("skipped: this system does not say how a process ended");
            return;
        };
        let text = String::from_utf8_lossy(&child.stdout);
        let name = &matrix_products().buffers[buffer].name;
        assert!(is_violation, "{name} for {} at its {side:?}: {}\n{text}", target.name, child.status);
        assert!(text.contains("running 1 test"), "{text}");
    }
}

/// The matrix products for a target.
fn machine(target: Target) -> Machine {
    let plan = checked(Plan { target, ..matrix_products() });
    Machine::compile(&plan, host::isa().expect("the host is supported")).expect("the plan is legal")
}

#[test]
fn guarded_memory_has_any_length() {
    let page = region::page::size() / size_of::<f32>();
    for len in [0, 1, 3, page - 1, page, page + 1, 3 * page] {
        for side in Side::BOTH {
            let numbers = normals(1, len);
            let mut memory = Guarded::new(&numbers, side);
            assert_eq!(*memory, *numbers);
            memory.reverse();
            let copy = memory.clone();
            drop(memory);
            assert!(copy.iter().eq(numbers.iter().rev()));
            let ends = copy.as_ptr_range();
            let end = if side == Side::Start { ends.start } else { ends.end };
            assert_eq!(end.addr() % region::page::size(), 0, "{len} numbers, guarded at their {side:?}");
        }
    }
}

#[test]
fn wrong_lengths_are_errors_in_guarded_memory() {
    let machine = machine(Target::portable());
    let check = |parameters: &[&[f32]], inputs: &[&[f32]], text: &str| {
        let error = Buffers::new(&machine, Side::End, parameters, inputs).map(drop).unwrap_err();
        assert_eq!(error.to_string(), text);
    };
    let (first, second, input) = ([0.0; 40], [0.0; 64], [0.0; 30]);
    check(&[&first], &[&input], "expected 2 parameters, found 1");
    check(&[&first, &second], &[], "expected 1 input, found 0");
    let length = "`x` has shape [6, 5]: expected 30 elements, found 29";
    check(&[&first, &second], &[&input[1..]], length);
}
