//! Kernels as their users see them.

use atrous_compiler::plan::{Access, Affine, BufferId, Instr, Plan, Role, Step, Stmt, Target, Tile};

use super::lanes::ragged_rows;
use super::plans::{borders, copies, full_tile, matrix_products};
use super::sketch::*;
use super::{checked, compare, compiled, expected, fill, integers, normals, outputs, slices, specials};
use crate::{CompileError, Kernel, RunError, Scratch, Serial, asm, clif, supports};

#[test]
fn threads_share_a_kernel() {
    let kernel = compiled(matrix_products());
    let expected = [integers, normals].map(|data| expected(&checked(matrix_products()), data));
    let parameters = [integers, normals].map(|data| fill(kernel.plan(), Role::Parameter, data));
    let packed = parameters.map(|parameters| kernel.pack(&slices(&parameters)).unwrap());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (kernel, packed, expected) = (kernel.clone(), &packed[thread % 2], &expected[thread % 2]);
            let data = [integers, normals][thread % 2];
            scope.spawn(move || {
                let inputs = fill(kernel.plan(), Role::Input, data);
                for _ in 0..200 {
                    let mut outputs = outputs(kernel.plan());
                    let mut slots: Vec<_> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
                    kernel.run(packed, &slices(&inputs), &mut slots).unwrap();
                    assert_eq!(&outputs, expected);
                }
            });
        }
    });
}

#[test]
fn stages_are_observed() {
    let kernel = compiled(matrix_products());
    let packed = kernel.pack(&slices(&fill(kernel.plan(), Role::Parameter, integers))).unwrap();
    let mut outputs = outputs(kernel.plan());
    let mut slots: Vec<_> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    let mut heard = Vec::new();
    let inputs = fill(kernel.plan(), Role::Input, integers);
    let mut scratch = kernel.scratch().unwrap();
    let observe = &mut |done, next: &str| heard.push((done, next.to_owned()));
    kernel.run_observed(&Serial, &packed, &mut scratch, &slices(&inputs), &mut slots, observe).unwrap();
    let expected = [(0, "one"), (1, "two"), (2, "three"), (3, "four")].map(|(done, next)| (done, next.to_owned()));
    assert_eq!(heard, expected);
}

#[test]
fn wrong_lengths_are_errors() {
    let kernel = compiled(matrix_products());
    let (first, second) = ([0.0; 40], [0.0; 64]);
    let check = |error: RunError, text: &str| assert_eq!(error.to_string(), text);
    check(kernel.pack(&[&first]).unwrap_err(), "expected 2 parameters, found 1");
    let too_short = kernel.pack(&[&first, &second[1..]]).unwrap_err();
    check(too_short, "`second` has shape [8, 8]: expected 64 elements, found 63");
    let packed = kernel.pack(&[&first, &second]).unwrap();
    let (input, mut output) = ([1.0; 30], [9.0; 48]);
    check(kernel.run(&packed, &[], &mut [&mut output]).unwrap_err(), "expected 1 input, found 0");
    check(kernel.run(&packed, &[&input], &mut []).unwrap_err(), "expected 1 output, found 0");
    let too_long = kernel.run(&packed, &[&[1.0; 31]], &mut [&mut output]).unwrap_err();
    check(too_long, "`x` has shape [6, 5]: expected 30 elements, found 31");
    let too_short = kernel.run(&packed, &[&input], &mut [&mut output[1..]]).unwrap_err();
    check(too_short, "`y` has shape [6, 8]: expected 48 elements, found 47");
    assert_eq!(output, [9.0; 48]);
    kernel.run(&packed, &[&input], &mut [&mut output]).unwrap();
    assert_eq!(output, [0.0; 48]);
}

#[test]
fn parameters_belong_to_one_kernel() {
    let [kernel, other] = [compiled(matrix_products()), compiled(matrix_products())];
    let packed = kernel.pack(&[&[1.0; 40], &[1.0; 64]]).unwrap();
    let run = |kernel: &Kernel| kernel.run(&packed, &[&[1.0; 30]], &mut [&mut [0.0; 48]]);
    assert_eq!(run(&other), Err(RunError::OtherKernel));
    assert_eq!(run(&kernel.clone()), Ok(()));
}

#[test]
fn packed_parameters_outlive_their_kernel() {
    let kernel = compiled(matrix_products());
    let packed = kernel.pack(&[&[1.0; 40], &[1.0; 64]]).unwrap();
    let clone = kernel.clone();
    drop(kernel);
    let mut output = [0.0; 48];
    clone.run(&packed, &[&[1.0; 30]], &mut [&mut output]).unwrap();
    drop(clone);
    assert_eq!(output, [5.0 * 8.0 * 8.0 * 8.0; 48]);
    drop(packed);
}

#[test]
fn scratch_is_reused() {
    let kernel = compiled(matrix_products());
    assert_eq!((kernel.packed_len(), kernel.scratch_len()), (104, 96));
    // One that is longer than needed, for two kernels and all data.
    let mut scratch = Scratch::new(kernel.scratch_len() + 5).unwrap();
    assert_eq!(scratch.len(), 101);
    for kernel in [&kernel, &compiled(matrix_products())] {
        for data in [integers, normals, specials] {
            let packed = kernel.pack(&slices(&fill(kernel.plan(), Role::Parameter, data))).unwrap();
            let mut outputs = outputs(kernel.plan());
            let mut slots: Vec<_> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
            let inputs = fill(kernel.plan(), Role::Input, data);
            kernel.run_with(&Serial, &packed, &mut scratch, &slices(&inputs), &mut slots).unwrap();
            compare("reused scratch", &expected(&checked(matrix_products()), data), &outputs);
        }
    }
}

#[test]
fn short_scratch_is_an_error() {
    let kernel = compiled(matrix_products());
    let packed = kernel.pack(&[&[1.0; 40], &[1.0; 64]]).unwrap();
    let mut output = [9.0; 48];
    let mut run =
        |mut scratch: Scratch| kernel.run_with(&Serial, &packed, &mut scratch, &[&[1.0; 30]], &mut [&mut output]);
    let error = run(Scratch::new(95).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "expected 96 elements of scratch memory or more, found 95");
    assert_eq!(run(kernel.scratch().unwrap()), Ok(()));
    assert!(Scratch::new(0).unwrap().is_empty());
    assert_eq!(Scratch::new(1 << 45).map(drop), Err(RunError::OutOfMemory { elements: 1 << 45 }));
}

#[test]
fn short_memory_is_an_error() {
    let mut plan = matrix_products();
    plan.scratch_len = 1 << 45;
    let kernel = compiled(plan);
    let packed = kernel.pack(&[&[1.0; 40], &[1.0; 64]]).unwrap();
    let result = kernel.run(&packed, &[&[1.0; 30]], &mut [&mut [0.0; 48]]);
    assert_eq!(result, Err(RunError::OutOfMemory { elements: 1 << 45 }));
}

/// Bytes of executable memory in the process that are no part of a file.
fn code_bytes() -> Option<usize> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    let size = |line: &str| {
        let mut fields = line.split_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let is_code = fields.next()? == "r-xp" && fields.nth(3).is_none();
        let address = |text| usize::from_str_radix(text, 16).ok();
        is_code.then_some(address(end)?.checked_sub(address(start)?)?)
    };
    Some(maps.lines().filter_map(size).sum())
}

#[test]
fn dropped_kernels_free_their_code() {
    let Some(before) = code_bytes() else {
        println!("skipped: this system does not list the memory that a process has mapped");
        return;
    };
    let plan = checked(matrix_products());
    for _ in 0..300 {
        let kernel = Kernel::compile(&plan).unwrap();
        kernel.pack(&[&[1.0; 40], &[1.0; 64]]).unwrap();
        assert!(code_bytes() > Some(0));
    }
    // A leak is a page per kernel at least. Other tests in this process have some kernels at the same time.
    let grown = code_bytes().unwrap_or(0).saturating_sub(before);
    assert!(grown < 100 * 4096, "300 kernels left {grown} bytes of code behind");
}

#[test]
fn far_elements_are_reached() {
    let mut plan = plan(4);
    let x = buffer(&mut plan, "x", Role::Input, &[1 << 18, 1 << 12]);
    let y = buffer(&mut plan, "y", Role::Output, &[4]);
    let far = along(x, [((1 << 18) - 1).into(), 8.into()], 1, 1);
    let body = vec![load(0, far), store(0, along(y, [0.into()], 0, 1))];
    plan.run.push(stage("far", vec![tile(&[4], body)]));
    let plan = checked(plan);
    // The displacement of an instruction has 32 bits; this one goes through a register.
    assert!(clif(&plan).contains("iconst.i64 0xffff_c020"), "{}", clif(&plan));
    Kernel::compile(&plan).unwrap();
}

#[test]
fn text_of_a_plan() {
    insta::assert_snapshot!(clif(&checked(borders(4, false, 0..12))));
}

#[test]
fn assembly_of_a_plan() {
    let assembly = asm(&checked(matrix_products())).unwrap();
    let stages: Vec<_> = assembly.lines().filter(|line| line.contains("::")).collect();
    assert_eq!(stages, ["pack::a:", "pack::b:", "run::one:", "run::two:", "run::three:", "run::four:"]);
    #[cfg(target_arch = "x86_64")]
    for instruction in ["mulps", "addps", "movups"] {
        assert!(assembly.contains(instruction), "{assembly}");
    }
}

/// No vector is in memory, and each broadcast is one instruction.
#[cfg(target_arch = "x86_64")]
#[test]
fn assembly_of_a_full_tile() {
    if !std::arch::is_x86_feature_detected!("avx") {
        return;
    }
    let assembly = asm(&checked(full_tile())).unwrap();
    let vectors: Vec<&str> = assembly.lines().filter(|line| line.contains("%xmm")).collect();
    let count = |text: &str| vectors.iter().filter(|line| line.contains(text)).count();
    assert_eq!([count("vbroadcastss ("), count("vmulps"), count("vaddps")], [1, 36, 36], "{assembly}");
    assert_eq!([count("vbroadcastss"), count("vmovss"), count("%rsp")], [18, 0, 0], "{assembly}");
}

#[test]
fn targets_are_checked() {
    assert!(supports(&Target::portable()));
    for target in Target::all() {
        let (name, supported) = (target.name, supports(&target));
        let result = Kernel::compile(&checked(Plan { target, ..matrix_products() })).map(drop);
        let expected = if supported { Ok(()) } else { Err(CompileError::Target { target: name }) };
        assert_eq!(result, expected);
    }
}

#[test]
fn text_of_a_wide_plan() {
    let plan = checked(Plan { target: Target::avx512(), ..borders(16, true, 0..12) });
    insta::assert_snapshot!(clif(&plan));
    let assembly = asm(&plan).unwrap();
    let (_, tile) = assembly.split_once("run::borders::tile0:\n").expect("the tile has its name");
    insta::assert_snapshot!("assembly_of_a_wide_tile", tile);
}

/// Tiles share a function as long as their pointers fit into twelve registers, with the loop around them as its counter.
#[test]
fn tiles_that_share_a_function() {
    let functions = |tiles: usize| {
        let plan = checked(Plan { target: Target::avx512(), ..copies(16, tiles) });
        asm(&plan).unwrap().lines().filter(|line| line.contains("::tile")).count()
    };
    assert_eq!([1, 5, 6, 13].map(functions), [1, 1, 1, 3]);
}

fn first_tile(body: &mut [Stmt]) -> &mut Tile {
    match &mut body[0] {
        Stmt::For { body, .. } | Stmt::Par { body, .. } | Stmt::Regions { body, .. } => first_tile(body),
        Stmt::Tile(tile) => tile,
    }
}

/// Memory is asked for even beyond the end of a buffer.
#[test]
fn memory_is_asked_for_before_it_is_read() {
    let mut plan = copies(16, 2);
    let at = Access { buffer: BufferId(0), index: vec![Affine::constant(1 << 20)], lanes: None };
    first_tile(&mut plan.run[0].body).body.insert(0, Step::Do(Instr::Prefetch { at }));
    let asked = |target: Target| {
        let text = asm(&checked(Plan { target, ..plan.clone() })).unwrap();
        text.lines().filter(|line| line.contains("prefetcht0") && line.contains("0x400000(")).count()
    };
    // In each of the iterations, which are written out.
    assert_eq!(asked(Target::avx512()), 3);
    super::check("prefetch", plan);
}

#[test]
fn assembly_of_parts_and_shuffles() {
    for target in [Target::avx2(), Target::avx512()] {
        let (name, lanes) = (target.name, target.lanes);
        let assembly = asm(&checked(Plan { target, ..ragged_rows(lanes) })).unwrap();
        let (_, tiles) = assembly.split_once("run::rows::tile0:\n").expect("the tile has its name");
        insta::assert_snapshot!(format!("assembly_of_rows_for_{name}"), tiles);
    }
}
