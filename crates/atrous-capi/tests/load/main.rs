//! Many callers at once, and memory of any alignment.

mod handles;

use std::thread;

use atrous_capi::*;
use handles::{Packed, pack, slice, slice_mut};

const NET: &str = "net n {
    input x: [1, 8, 14, 15];
    a = conv(x) { channels: 16, kernel: 3, padding: 1, bias, relu };
    b = conv(a) { channels: 5, kernel: 4, stride: 2, padding: 1, transposed };
    output b;
}";
const SIZES: [usize; 3] = [16 * 8 * 9, 16, 16 * 5 * 16];
const INPUT: usize = 8 * 14 * 15;
const OUTPUT: usize = 5 * 28 * 30;
const LAYOUTS: [AtrousLayout; 2] = [ATROUS_LAYOUT_NCHW, ATROUS_LAYOUT_NHWC];

fn targets() -> impl Iterator<Item = &'static str> {
    let targets = atrous::jit::compiler::Target::all();
    targets.into_iter().filter(atrous::jit::supports).map(|target| target.name)
}

fn numbers(seed: usize, len: usize) -> Vec<f32> {
    (0..len).map(|index| ((index + seed) * 7919 % 1009) as f32 / 770.0 - 0.61).collect()
}

fn kernel(target: &str, layout: AtrousLayout, threads: usize) -> Packed {
    let parameters = SIZES.map(|len| numbers(len, len));
    let parameters: Vec<&[f32]> = parameters.iter().map(Vec::as_slice).collect();
    pack(NET, target, layout, threads, &parameters).unwrap()
}

fn lone_run(kernel: &Packed, input: &[f32]) -> Vec<f32> {
    let mut output = vec![f32::NAN; OUTPUT];
    // SAFETY: the slices live during the run.
    unsafe { kernel.run(slice(input), slice_mut(&mut output), None) }.unwrap();
    output
}

/// Callers with their own scratch memory, and without, of kernels with one thread and with two.
#[test]
fn callers_share_a_kernel() {
    for target in targets() {
        let alone = kernel(target, ATROUS_LAYOUT_SPEC, 1);
        for kernel in [1, 2].map(|threads| kernel(target, ATROUS_LAYOUT_SPEC, threads)) {
            thread::scope(|scope| {
                for caller in 0..8 {
                    let (kernel, input) = (&kernel, numbers(caller, INPUT));
                    let expected = lone_run(&alone, &input);
                    scope.spawn(move || {
                        let mut scratch = vec![f32::NAN; kernel.scratch_len];
                        for run in 0..20 {
                            let mut output = vec![f32::NAN; OUTPUT];
                            let scratch = (run % 2 == 0).then(|| slice_mut(&mut scratch));
                            // SAFETY: the slices live during the run, and are this caller's.
                            unsafe { kernel.run(slice(&input), slice_mut(&mut output), scratch) }.unwrap();
                            assert!(output == expected, "{target}: caller {caller}, run {run}");
                        }
                    });
                }
            });
        }
    }
}

/// Memory that begins a number of bytes behind a boundary of 64.
struct Bytes {
    memory: Vec<[u8; 4]>,
    start: usize,
    len: usize,
}

impl Bytes {
    fn new(numbers: &[f32], offset: usize) -> Bytes {
        let mut memory = vec![[0xff; 4]; numbers.len() + 40];
        let boundary = memory.as_ptr().addr().next_multiple_of(64) - memory.as_ptr().addr();
        let start = boundary + offset;
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        memory.as_flattened_mut()[start..start + bytes.len()].copy_from_slice(&bytes);
        Bytes { memory, start, len: numbers.len() }
    }

    fn read(&self) -> AtrousSlice {
        let start = self.memory.as_ptr().cast::<u8>().wrapping_add(self.start);
        AtrousSlice { data: start.cast(), len: self.len }
    }

    fn written(&mut self) -> AtrousSliceMut {
        let start = self.memory.as_mut_ptr().cast::<u8>().wrapping_add(self.start);
        AtrousSliceMut { data: start.cast(), len: self.len }
    }

    fn numbers(&self) -> Vec<f32> {
        let bytes = &self.memory.as_flattened()[self.start..self.start + 4 * self.len];
        bytes.chunks_exact(4).map(|bytes| f32::from_ne_bytes(bytes.try_into().expect("four bytes"))).collect()
    }
}

/// Whatever is aligned as `float` is taken, whatever is not is an error, and nothing is written then.
#[test]
fn any_alignment_of_floats_and_no_other() {
    let (input, blank) = (numbers(1, INPUT), vec![9.0; OUTPUT]);
    for (target, layout) in targets().flat_map(|target| LAYOUTS.map(|layout| (target, layout))) {
        let kernel = kernel(target, layout, 1);
        let expected = lone_run(&kernel, &input);
        let scratch = vec![f32::NAN; kernel.scratch_len];
        let run = |[of_input, of_output, of_scratch]: [usize; 3]| {
            let input = Bytes::new(&input, of_input);
            let mut output = Bytes::new(&blank, of_output);
            let mut scratch = Bytes::new(&scratch, of_scratch);
            // SAFETY: the memory lives during the run, and where it is aligned there are as many numbers as it says.
            let result = unsafe { kernel.run(input.read(), output.written(), Some(scratch.written())) };
            (result, output.numbers())
        };
        for offset in (0..64).step_by(4) {
            let (result, output) = run([offset, (offset + 20) % 64, (offset + 44) % 64]);
            assert!(result == Ok(()) && output == expected, "{target}: offset {offset}");
        }
        let wrong = ["input 0", "output 0", "`scratch`"];
        for (place, offset) in (0..3).flat_map(|place| (0..64).map(move |offset| (place, offset))) {
            if offset % 4 == 0 {
                continue;
            }
            let mut offsets = [0; 3];
            offsets[place] = offset;
            let (result, output) = run(offsets);
            let message = format!("{} is not aligned to 4 bytes", wrong[place]);
            assert_eq!(result, Err((AtrousStatus::Alignment, message)));
            assert!(output == blank);
        }
    }
}

#[test]
fn parameters_of_any_alignment() {
    let (parameters, input) = (SIZES.map(|len| numbers(len, len)), numbers(1, INPUT));
    for target in targets() {
        let expected = lone_run(&kernel(target, ATROUS_LAYOUT_SPEC, 1), &input);
        for offset in (0..64).step_by(4) {
            let moved: Vec<Bytes> = parameters.iter().map(|numbers| Bytes::new(numbers, offset)).collect();
            let moved: Vec<&[f32]> = moved
                .iter()
                // SAFETY: the offset is a multiple of four bytes, and the memory lives until the end of this round.
                .map(|moved| unsafe { std::slice::from_raw_parts(moved.read().data, moved.len) })
                .collect();
            let kernel = pack(NET, target, ATROUS_LAYOUT_SPEC, 1, &moved).unwrap();
            assert!(lone_run(&kernel, &input) == expected, "{target}: offset {offset}");
        }
    }
}
