//! Kernels that are made and dropped leave nothing behind: neither machine code, nor memory, nor threads.
//!
//! `cargo test -p atrous-capi --test memory -- --ignored --nocapture` makes 100,000; the quick test fewer. It is
//! the only test of its process, whose memory it measures.

#[path = "load/handles.rs"]
#[allow(dead_code)]
mod handles;

use std::time::{Duration, Instant};

use atrous_capi::*;
use handles::{pack, slice, slice_mut};

/// Layers of every kind, with their sizes: parameters, input, output. The last two are errors, of the spec and of parameters.
#[rustfmt::skip]
const SPECS: &[(&str, &[usize], usize, usize)] = &[
    ("layer a { input: [1, 1, 4], channels: 1, kernel: 3, padding: 1 }", &[3], 4, 4),
    ("layer a { input: [1, 4, 9], channels: 8, kernel: 3, padding: 1, bias, relu }", &[96, 8], 36, 72),
    ("layer a { input: [1, 3, 6, 7], channels: 4, kernel: 3, stride: 2, padding: 1, bias, gelu }", &[108, 4], 126, 48),
    ("layer a { input: [1, 4, 5, 5], channels: 3, kernel: 4, stride: 2, padding: 1, transposed }", &[192], 100, 300),
    ("layer a { input: [1, 16, 6, 6], channels: 16, kernel: 3, padding: 1, depthwise }", &[144], 576, 576),
    ("layer a { input: [1, 2, 3, 3, 3], channels: 2, kernel: 2, padding_mode: replicate, padding: 1 }", &[32], 54, 128),
    ("net n { input x: [1, 4, 8]; a = conv(x) { channels: 4, kernel: 1 }; b = add(a, x) { tanh }; output b; }", &[16], 32, 32),
    ("net n { input x: [1, 4, 8]; b = mul(x, x); output b; }", &[], 32, 32),
    ("layer a { input: [1, 4, 9], channels: 0, kernel: 3 }", &[], 0, 0),
    ("layer a { input: [1, 1, 4], channels: 1, kernel: 1 }", &[7], 0, 0),
];

/// What the process uses now.
struct Used {
    /// Bytes of memory that is really there.
    resident: usize,
    /// Ranges of addresses, such as one per piece of machine code.
    ranges: usize,
    threads: usize,
}

/// Nothing where the system does not say.
fn used() -> Option<Used> {
    // The system still counts a thread for a moment after it has been joined.
    std::thread::sleep(Duration::from_millis(100));
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<usize>().ok()
    };
    let ranges = std::fs::read_to_string("/proc/self/maps").ok()?.lines().count();
    Some(Used { resident: field("VmRSS:")? << 10, ranges, threads: field("Threads:")? })
}

/// Compiles, packs, runs and frees one kernel; which one, and how, depends on its number.
fn make_one(number: usize) {
    let (spec, sizes, input, output) = SPECS[number % SPECS.len()];
    let targets = atrous::jit::compiler::Target::all();
    let usable: Vec<&str> =
        targets.iter().filter(|target| atrous::jit::supports(target)).map(|target| target.name).collect();
    let round = number / SPECS.len();
    let parameters: Vec<Vec<f32>> = sizes.iter().map(|&len| vec![1.0; len]).collect();
    let parameters: Vec<&[f32]> = parameters.iter().map(Vec::as_slice).collect();
    let layout = [ATROUS_LAYOUT_SPEC, ATROUS_LAYOUT_NCHW, ATROUS_LAYOUT_NHWC][round % 3];
    let packed = pack(spec, usable[round % usable.len()], layout, 1 + number % 2, &parameters);
    assert_eq!(packed.is_ok(), output > 0, "{spec}");
    let Ok(packed) = packed else { return };
    let (input, mut output) = (vec![1.0; input], vec![f32::NAN; output]);
    // SAFETY: the slices live during the run.
    unsafe { packed.run(slice(&input), slice_mut(&mut output), None) }.unwrap();
    assert!(output.iter().all(|number| !number.is_nan()));
}

/// Makes kernels; what they use after the first ones must not grow by more than `most` bytes.
fn make(count: usize, first: usize, most: usize) {
    let start = Instant::now();
    (0..first).for_each(make_one);
    let Some(before) = used() else {
        println!("skipped: this system has no /proc");
        return;
    };
    (first..count).for_each(make_one);
    let after = used().expect("it was there before");
    let grown = after.resident.saturating_sub(before.resident);
    println!(
        "{count} kernels in {:.1} s: {} KiB at first, {} KiB more at the end; {} and {} ranges; {} and {} threads",
        start.elapsed().as_secs_f64(),
        before.resident >> 10,
        grown >> 10,
        before.ranges,
        after.ranges,
        before.threads,
        after.threads
    );
    assert!(grown <= most, "{grown} bytes more than after {first} kernels");
    assert!(after.ranges <= before.ranges + 20, "{} ranges of addresses, {} before", after.ranges, before.ranges);
    assert_eq!(after.threads, before.threads);
}

#[test]
fn kernels_leave_nothing_behind() {
    make(1_200, 400, 1 << 20);
}

#[test]
#[ignore = "takes minutes"]
fn a_hundred_thousand_kernels_leave_nothing_behind() {
    make(100_000, 1_000, 4 << 20);
}
