//! What C and Python cannot easily do wrong.

mod nonsense;

use std::ffi::{CStr, CString};
use std::ptr;

use atrous::jit::tuning::{Effort, Tuning};
use atrous::{Serial, jit};

use crate::status::{Failure, guard};
use crate::*;

fn last_error() -> String {
    // SAFETY: the message is valid until the next error on this thread.
    unsafe { CStr::from_ptr(atrous_last_error()) }.to_str().unwrap().to_owned()
}

fn compile(spec: &CStr, options: *const AtrousOptions) -> (AtrousStatus, *mut AtrousKernel) {
    let mut kernel = ptr::dangling_mut();
    // SAFETY: the tests give options that live.
    let status = unsafe { atrous_compile(spec.as_ptr(), options, &mut kernel) };
    (status, kernel)
}

#[test]
fn panics_are_errors() {
    assert_eq!(guard(|| panic!("{} and two", 1)), AtrousStatus::Internal);
    assert_eq!(last_error(), "a mistake in atrous: 1 and two");
    assert_eq!(guard(|| panic!("three")), AtrousStatus::Internal);
    assert_eq!(last_error(), "a mistake in atrous: three");
}

#[test]
fn messages_may_hold_zeros_and_stay_until_the_next() {
    assert_eq!(last_error(), "");
    assert_eq!(guard(|| Err(Failure::new(AtrousStatus::Spec, "one\0two"))), AtrousStatus::Spec);
    assert_eq!(guard(|| Ok(())), AtrousStatus::Ok);
    assert_eq!(last_error(), "one\u{fffd}two");
    std::thread::spawn(|| assert_eq!(last_error(), "")).join().unwrap();
}

#[test]
fn handles_are_for_all_threads() {
    fn check<T: Send + Sync>() {}
    check::<AtrousKernel>();
    check::<AtrousPacked>();
}

#[test]
fn targets_of_other_machines() {
    let options = |target: &'static CStr| AtrousOptions { target: target.as_ptr(), ..AtrousOptions::default() };
    let spec = c"layer a { input: [1, 1, 1], channels: 1, kernel: 1 }";
    for (name, target) in [(c"portable", 0), (c"avx2", 1), (c"avx512", 2), (c"avx512-dual", 3)] {
        let supported = atrous::jit::supports(&atrous::jit::compiler::Target::all()[target]);
        let (status, kernel) = compile(spec, &options(name));
        assert_eq!(status, if supported { AtrousStatus::Ok } else { AtrousStatus::Target });
        assert_eq!(kernel.is_null(), !supported);
        // SAFETY: the kernel is this test's.
        unsafe { atrous_kernel_free(kernel) };
    }
}

#[test]
fn the_slow_path_is_denied_where_it_is_asked_for() {
    let slow = c"layer long { input: [1, 3, 64], channels: 3, kernel: 63, padding: 31 }";
    let quick = c"layer quick { input: [1, 3, 64], channels: 3, kernel: 3 }";
    let status = |spec: &CStr, deny_slow: u32| {
        let (status, kernel) = compile(spec, &AtrousOptions { deny_slow, ..AtrousOptions::default() });
        assert_eq!(kernel.is_null(), status != AtrousStatus::Ok);
        // SAFETY: the kernel is null or new, and nobody uses it any more.
        unsafe { atrous_kernel_free(kernel) };
        status
    };
    assert_eq!([0, 1].map(|deny| status(quick, deny)), [AtrousStatus::Ok; 2]);
    assert_eq!(
        [0, 1, u32::MAX].map(|deny| status(slow, deny)),
        [AtrousStatus::Ok, AtrousStatus::Slow, AtrousStatus::Slow]
    );
    assert!(last_error().starts_with("`long` takes the slow path: "), "{}", last_error());
}

#[test]
fn layers_are_computed_as_the_cache_says() {
    let spec = c"layer a { input: [1, 8, 9, 9], channels: 8, kernel: 3 }";
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache.json");
    let net = jit::net(spec.to_str().unwrap(), &[]).unwrap();
    let (mut tuning, effort) = (Tuning::default(), Effort { candidates: 2, rounds: 1 });
    tuning.tune(&net, &jit::target().unwrap(), &Serial, &effort, &mut |_, _| {}).unwrap();
    tuning.save(&path).unwrap();
    std::fs::write(directory.path().join("broken.json"), "{").unwrap();
    for (file, threads, tuned, warning) in [
        ("cache.json", 0, 1, ""),
        ("cache.json", 2, 0, ""),
        ("broken.json", 0, 0, "the file is no tuning cache: EOF while parsing an object at line 1 column 1"),
        ("missing.json", 0, 0, "there is no such file"),
    ] {
        let path = directory.path().join(file).display().to_string();
        let tuning = CString::new(path.clone()).unwrap();
        let options = AtrousOptions { threads, tuning: tuning.as_ptr(), ..AtrousOptions::default() };
        let (status, kernel) = compile(spec, &options);
        assert_eq!(status, AtrousStatus::Ok, "{}", last_error());
        let mut info = std::mem::MaybeUninit::uninit();
        // SAFETY: the kernel is this test's, and `atrous_info` writes what it is given.
        let (info, told) = unsafe {
            assert_eq!(atrous_info(kernel, info.as_mut_ptr()), AtrousStatus::Ok);
            let info = info.assume_init();
            (info.tuned_count, CStr::from_ptr(info.warning).to_str().unwrap().to_owned())
        };
        let expected = if warning.is_empty() { String::new() } else { format!("{path}: {warning}") };
        assert_eq!((info, told), (tuned, expected), "{file} with {threads} threads");
        // SAFETY: the kernel is this test's.
        unsafe { atrous_kernel_free(kernel) };
    }
}

#[test]
fn two_outputs_must_not_overlap() {
    let spec = c"net n { input x: [1, 1, 2]; a = add(x, x); b = mul(x, x); output a, b; }";
    let (status, kernel) = compile(spec, ptr::null());
    assert_eq!(status, AtrousStatus::Ok, "{}", last_error());
    let (mut packed, input, mut memory) = (ptr::null_mut(), [3.0, 4.0], [9.0; 4]);
    // SAFETY: all pointers are to values that live until the end of this function, and of the lengths that are given.
    unsafe {
        assert_eq!(atrous_pack(kernel, ptr::null(), 0, &mut packed), AtrousStatus::Ok);
        let inputs = AtrousSlice { data: input.as_ptr(), len: 2 };
        let start = memory.as_mut_ptr();
        let outputs = |distance| [0, distance].map(|at| AtrousSliceMut { data: start.add(at), len: 2 });
        let run = |distance| atrous_run(packed, &inputs, 1, outputs(distance).as_ptr(), 2, ptr::null_mut(), 0);
        assert_eq!(run(1), AtrousStatus::Overlap);
        assert_eq!(last_error(), "outputs 0 and 1 overlap; what a run writes has memory of its own");
        assert_eq!(start.cast::<[f32; 4]>().read(), [9.0; 4]);
        assert_eq!(run(2), AtrousStatus::Ok);
        assert_eq!(start.cast::<[f32; 4]>().read(), [6.0, 8.0, 9.0, 16.0]);
        atrous_packed_free(packed);
        atrous_kernel_free(kernel);
    }
}

#[test]
fn misaligned_structures() {
    let options = [0_u64; 16];
    let odd = options.as_ptr().cast::<u8>().wrapping_add(1).cast::<AtrousOptions>();
    let (status, kernel) = compile(c"layer a { input: [1, 1, 1], channels: 1, kernel: 1 }", odd);
    assert_eq!((status, kernel), (AtrousStatus::Alignment, ptr::null_mut()));
    assert_eq!(last_error(), format!("`options` is not aligned to {} bytes", align_of::<AtrousOptions>()));
}

/// Several callers at once, whose runs share the pool's threads.
#[test]
fn runs_on_threads() {
    const LEN: usize = 16 * 40 * 40;
    let spec = c"layer a { input: [1, 16, 40, 40], channels: 16, kernel: 3, padding: 1 }";
    let weight: Vec<f32> = (0..16 * 16 * 9).map(|index| (index % 23) as f32 / 7.0 - 1.5).collect();
    let input: Vec<f32> = (0..LEN).map(|index| (index % 101) as f32 / 9.0 - 5.0).collect();
    let outputs = |threads, callers: usize| -> Vec<Vec<f32>> {
        let options = AtrousOptions { threads, ..AtrousOptions::default() };
        let (status, kernel) = compile(spec, &options);
        assert_eq!(status, AtrousStatus::Ok, "{}", last_error());
        let (mut packed, parameter) = (ptr::null_mut(), AtrousSlice { data: weight.as_ptr(), len: weight.len() });
        // SAFETY: all pointers are to values that live until the end of this block, and of the lengths that are given.
        let packed = unsafe {
            assert_eq!(atrous_pack(kernel, &parameter, 1, &mut packed), AtrousStatus::Ok);
            atrous_kernel_free(kernel);
            &*packed
        };
        let call = || {
            let mut output = vec![f32::NAN; LEN];
            let from = AtrousSlice { data: input.as_ptr(), len: LEN };
            for _ in 0..20 {
                let to = AtrousSliceMut { data: output.as_mut_ptr(), len: LEN };
                // SAFETY: the same; each caller has an output of its own.
                assert_eq!(unsafe { atrous_run(packed, &from, 1, &to, 1, ptr::null_mut(), 0) }, AtrousStatus::Ok);
            }
            output
        };
        let outputs = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..callers).map(|_| scope.spawn(call)).collect();
            callers.into_iter().map(|caller| caller.join().unwrap()).collect()
        });
        // SAFETY: nobody runs it any more.
        unsafe { atrous_packed_free(ptr::from_ref(packed).cast_mut()) };
        outputs
    };
    let alone = outputs(1, 1).remove(0);
    for (threads, callers) in [(2, 1), (3, 3)] {
        assert!(
            outputs(threads, callers).iter().all(|output| *output == alone),
            "{threads} threads, {callers} callers"
        );
    }
}
