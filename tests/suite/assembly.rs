//! The machine code of compiled Rust: no vector goes through the stack inside a hot loop.
//!
//! `cargo test --release -p atrous-tests assembly -- --ignored --nocapture`

use std::collections::BTreeMap;
use std::env;
use std::ops::Range;
use std::process::Command;

/// A loop with fewer multiply-adds than this is not hot.
const HOT: usize = 8;

/// An instruction: its address, and its text in the syntax of AT&T.
type Instruction<'a> = (u64, &'a str);

#[test]
#[ignore = "takes a release build and objdump"]
fn hot_loops_keep_their_vectors_in_registers() {
    if cfg!(debug_assertions) {
        println!("skipped: only a release build shows the code that users get");
        return;
    }
    let suite = env::current_exe().expect("the suite is a file");
    let Ok(output) = Command::new("objdump").args(["-d", "--no-show-raw-insn"]).arg(suite).output() else {
        println!("skipped: there is no objdump on this machine");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let functions = functions(&text);
    assert!(!functions.is_empty(), "the suite has no function for wide vectors");
    let spills: BTreeMap<&str, Vec<&str>> = functions
        .into_iter()
        .map(|(name, code)| (name, spills(&code)))
        .filter(|(_, spills)| !spills.is_empty())
        .collect();
    assert!(spills.is_empty(), "vectors on the stack inside hot loops: {spills:#?}");
}

/// The functions of stages for wide vectors.
fn functions(text: &str) -> Vec<(&str, Vec<Instruction<'_>>)> {
    let of_stage = |name: &str| {
        name.contains("compiled")
            && ["avx2_run_", "avx512_run_", "avx512_dual_run_"].iter().any(|run| name.contains(run))
    };
    text.split("\n\n").filter_map(split).filter(|(name, _)| of_stage(name)).collect()
}

/// The name and the instructions of a function: `address <name>:`, and then `address:\tinstruction` in each line.
fn split(part: &str) -> Option<(&str, Vec<Instruction<'_>>)> {
    let mut lines = part.trim_start().lines();
    let name = lines.next()?.split_once('<')?.1.strip_suffix(">:")?;
    Some((name, lines.filter_map(parse).collect()))
}

fn parse(line: &str) -> Option<Instruction<'_>> {
    let (address, text) = line.trim_start().split_once(":\t")?;
    Some((u64::from_str_radix(address, 16).ok()?, text))
}

/// The instructions in hot loops that have a vector register and the stack as operands.
fn spills<'a>(code: &[Instruction<'a>]) -> Vec<&'a str> {
    let on_stack = |text: &str| text.contains("mm") && text.contains("(%rsp");
    let inside = |range: &Range<usize>| code[range.clone()].iter().map(|&(_, text)| text);
    let hot = |range: &Range<usize>| inside(range).filter(|text| text.starts_with("vfmadd")).count() >= HOT;
    let loops = innermost_loops(code).into_iter().filter(hot);
    loops.flat_map(|range| inside(&range).filter(|text| on_stack(text)).collect::<Vec<_>>()).collect()
}

/// From the target of a jump backwards to the jump, where no other such loop is inside.
fn innermost_loops(code: &[Instruction<'_>]) -> Vec<Range<usize>> {
    let target = |text: &str| {
        let (operation, operand) = text.split_once(' ')?;
        let address = operand.trim_start().split(' ').next()?;
        if operation.starts_with('j') { u64::from_str_radix(address, 16).ok() } else { None }
    };
    let backwards = |(end, &(address, text)): (usize, &Instruction<'_>)| {
        let start =
            code.binary_search_by_key(&target(text).filter(|&target| target <= address)?, |&(at, _)| at).ok()?;
        Some(start..end + 1)
    };
    let loops: Vec<Range<usize>> = code.iter().enumerate().filter_map(backwards).collect();
    let has_inner = |outer: &Range<usize>| {
        loops.iter().any(|inner| inner != outer && outer.start <= inner.start && inner.end <= outer.end)
    };
    loops.iter().filter(|range| !has_inner(range)).cloned().collect()
}

#[test]
fn spills_are_found_in_innermost_loops_only() {
    let multiply_add = "vfmadd231ps %zmm0,%zmm1,%zmm2";
    let reload = "vmovups 0x40(%rsp),%zmm3";
    let mut code = vec![(0, reload), (1, "xor    %eax,%eax"), (2, reload)];
    code.extend((3..11).map(|address| (address, multiply_add)));
    code.extend([(11, "jne    2 <f+0x2>"), (12, reload), (13, "jne    1 <f+0x1>"), (14, "ret")]);
    assert_eq!(innermost_loops(&code), vec![2..12; 1]);
    assert_eq!(spills(&code), [reload]);
    code[4].1 = "vaddps %zmm0,%zmm1,%zmm2";
    assert!(spills(&code).is_empty(), "a loop with few multiply-adds is not hot");
}
