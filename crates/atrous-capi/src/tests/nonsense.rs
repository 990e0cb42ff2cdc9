//! What a caller can do wrong, and what is said of it, word for word. `tests/foreign` does the same from C.

use std::ffi::{CStr, c_char};
use std::fmt::Write;
use std::ptr;

use super::last_error;
use crate::*;

const LAYER: &CStr = c"layer mix { input: [1, 2, 2], channels: 1, kernel: 1 }";
const NET: &CStr = c"net two {
    input x: [1, 1, W];
    a = conv(x) { channels: 1, kernel: 3, padding: 1, bias };
    b = conv(a) { channels: 1, kernel: 1 };
    output b;
}";
const NO_TEXT: &CStr = c"layer \xff";

/// What was said.
#[derive(Default)]
struct Told(String, usize);

impl Told {
    /// A call that must fail.
    fn call(&mut self, what: &str, status: AtrousStatus) {
        assert_ne!(status, AtrousStatus::Ok, "{what}");
        writeln!(self.0, "──── {what}\n{status:?}: {}\n", last_error()).expect("a string takes everything");
        self.1 += 1;
    }
}

/// A kernel of `NET` with W = 4.
fn kernel() -> *mut AtrousKernel {
    let (mut kernel, size) = (ptr::null_mut(), AtrousSize { name: c"W".as_ptr(), size: 4 });
    let options =
        AtrousOptions { sizes: &size, size_count: 1, target: c"portable".as_ptr(), ..AtrousOptions::default() };
    // SAFETY: all pointers are to values that live.
    assert_eq!(unsafe { atrous_compile(NET.as_ptr(), &options, &mut kernel) }, AtrousStatus::Ok, "{}", last_error());
    kernel
}

#[test]
fn nonsense_for_compile() {
    let mut told = Told::default();
    let mut kernel = ptr::dangling_mut();
    // SAFETY: pointers that are neither null nor misaligned are to values that live, and strings end with a zero.
    let mut compile = |spec: *const c_char, options: &AtrousOptions| unsafe {
        let status = atrous_compile(spec, options, &mut kernel);
        assert!(kernel.is_null());
        status
    };
    let size = |name: &'static CStr, size| AtrousSize { name: name.as_ptr(), size };
    let given = |sizes: &[AtrousSize]| AtrousOptions {
        sizes: sizes.as_ptr(),
        size_count: sizes.len(),
        ..AtrousOptions::default()
    };
    told.call("spec null", compile(ptr::null(), &AtrousOptions::default()));
    told.call("spec not UTF-8", compile(NO_TEXT.as_ptr(), &AtrousOptions::default()));
    told.call("spec empty", compile(c"".as_ptr(), &AtrousOptions::default()));
    told.call("spec hello", compile(c"hello".as_ptr(), &AtrousOptions::default()));
    told.call(
        "spec without kernel",
        compile(c"layer a { input: [1, 1, 4], channels: 2 }".as_ptr(), &AtrousOptions::default()),
    );
    let two =
        c"layer a { input: [1, 1, 1], channels: 1, kernel: 1 } layer b { input: [1, 1, 1], channels: 1, kernel: 1 }";
    told.call("spec of two layers", compile(two.as_ptr(), &AtrousOptions::default()));
    told.call("W not given", compile(NET.as_ptr(), &AtrousOptions::default()));
    told.call("W = 0", compile(NET.as_ptr(), &given(&[size(c"W", 0)])));
    told.call("W = 2^64 − 1", compile(NET.as_ptr(), &given(&[size(c"W", usize::MAX)])));
    told.call("w = 4", compile(NET.as_ptr(), &given(&[size(c"w", 4)])));
    told.call("W = 4 and W = 5", compile(NET.as_ptr(), &given(&[size(c"W", 4), size(c"W", 5)])));
    told.call("size name null", compile(NET.as_ptr(), &given(&[AtrousSize { name: ptr::null(), size: 4 }])));
    told.call("size name not UTF-8", compile(NET.as_ptr(), &given(&[size(NO_TEXT, 4)])));
    told.call(
        "sizes null, size_count 1",
        compile(NET.as_ptr(), &AtrousOptions { size_count: 1, ..AtrousOptions::default() }),
    );
    let endless = AtrousOptions { size_count: usize::MAX, ..given(&[]) };
    told.call("size_count 2^64 − 1", compile(NET.as_ptr(), &endless));
    told.call("layout 3", compile(LAYER.as_ptr(), &AtrousOptions { layout: 3, ..AtrousOptions::default() }));
    told.call("threads 1025", compile(LAYER.as_ptr(), &AtrousOptions { threads: 1025, ..AtrousOptions::default() }));
    told.call(
        "threads 2^64 − 1",
        compile(LAYER.as_ptr(), &AtrousOptions { threads: usize::MAX, ..AtrousOptions::default() }),
    );
    for (what, target) in [("sse9", c"sse9"), ("AVX2", c"AVX2"), ("empty", c""), ("not UTF-8", NO_TEXT)] {
        let options = AtrousOptions { target: target.as_ptr(), ..AtrousOptions::default() };
        told.call(&format!("target {what}"), compile(LAYER.as_ptr(), &options));
    }
    told.call(
        "tuning not UTF-8",
        compile(LAYER.as_ptr(), &AtrousOptions { tuning: NO_TEXT.as_ptr(), ..AtrousOptions::default() }),
    );
    let portable = AtrousOptions { target: c"portable".as_ptr(), ..AtrousOptions::default() };
    told.call("memory_limit 1", compile(LAYER.as_ptr(), &AtrousOptions { memory_limit: 1, ..portable }));
    let large = c"layer large { input: [64, 1000, 1000, 1000], channels: 1000, kernel: 3 }";
    let portable = AtrousOptions { target: c"portable".as_ptr(), ..AtrousOptions::default() };
    told.call("memory_limit 2^32", compile(large.as_ptr(), &AtrousOptions { memory_limit: 1 << 32, ..portable }));
    let slow = c"layer long { input: [1, 3, 64], channels: 3, kernel: 63, padding: 31 }";
    let portable = AtrousOptions { target: c"portable".as_ptr(), ..AtrousOptions::default() };
    told.call("deny_slow 1", compile(slow.as_ptr(), &AtrousOptions { deny_slow: 1, ..portable }));
    // SAFETY: `LAYER` lives, and null and misaligned pointers are not used.
    unsafe {
        told.call("kernel null", atrous_compile(LAYER.as_ptr(), ptr::null(), ptr::null_mut()));
        let odd = ptr::without_provenance_mut(12345);
        told.call("kernel misaligned", atrous_compile(LAYER.as_ptr(), ptr::null(), odd));
        let (odd, mut kernel) = (ptr::without_provenance(12345), ptr::null_mut());
        told.call("options misaligned", atrous_compile(LAYER.as_ptr(), odd, &mut kernel));
    }
    insta::assert_snapshot!(told.0);
    assert!(told.1 >= 25, "{}", told.1);
}

#[test]
fn nonsense_for_kernels() {
    let mut told = Told::default();
    let (kernel, mut tensor, mut info) = (kernel(), std::mem::MaybeUninit::uninit(), std::mem::MaybeUninit::uninit());
    // SAFETY: pointers that are neither null nor misaligned are to values that live.
    unsafe {
        let mut tensor = |kind, index| atrous_tensor(kernel, kind, index, tensor.as_mut_ptr());
        told.call("tensor of kind 3", tensor(3, 0));
        told.call("input 1 of 1", tensor(ATROUS_TENSOR_INPUT, 1));
        told.call("output 2^64 − 1", tensor(ATROUS_TENSOR_OUTPUT, usize::MAX));
        told.call("parameter 3 of 3", tensor(ATROUS_TENSOR_PARAMETER, 3));
        told.call("tensor null", atrous_tensor(kernel, ATROUS_TENSOR_INPUT, 0, ptr::null_mut()));
        told.call("info of a null kernel", atrous_info(ptr::null(), info.as_mut_ptr()));
        told.call("info null", atrous_info(kernel, ptr::null_mut()));
        told.call("info misaligned", atrous_info(kernel, ptr::without_provenance_mut(12345)));
        atrous_kernel_free(kernel);
        atrous_kernel_free(ptr::null_mut());
    }
    insta::assert_snapshot!(told.0);
    assert!(told.1 >= 8, "{}", told.1);
}

#[test]
fn nonsense_for_pack() {
    let mut told = Told::default();
    let (kernel, numbers) = (kernel(), [1.0_f32, 2.0, 3.0, 4.0]);
    let slice = |len| AtrousSlice { data: numbers.as_ptr(), len };
    let mut packed = ptr::dangling_mut();
    // SAFETY: pointers that are neither null nor misaligned are to values that live, and lengths are not too large but
    // where the call refuses them before it reads.
    unsafe {
        let mut pack = |parameters: &[AtrousSlice]| {
            let status = atrous_pack(kernel, parameters.as_ptr(), parameters.len(), &mut packed);
            assert!(packed.is_null());
            status
        };
        told.call("no parameters for three", pack(&[]));
        told.call("two parameters for three", pack(&[slice(3), slice(1)]));
        told.call("four parameters for three", pack(&[slice(3), slice(1), slice(1), slice(1)]));
        told.call("weight too short", pack(&[slice(2), slice(1), slice(1)]));
        told.call("bias too long", pack(&[slice(3), slice(2), slice(1)]));
        told.call("length 2^64 − 1", pack(&[slice(usize::MAX), slice(1), slice(1)]));
        told.call("data null", pack(&[slice(3), AtrousSlice { data: ptr::null(), len: 1 }, slice(1)]));
        let odd = AtrousSlice { data: ptr::without_provenance(12345), len: 1 };
        told.call("data misaligned", pack(&[slice(3), slice(1), odd]));
        told.call("kernel null", atrous_pack(ptr::null(), [slice(3)].as_ptr(), 1, &mut packed));
        told.call("parameters null, 3 of them", atrous_pack(kernel, ptr::null(), 3, &mut packed));
        told.call("packed null", atrous_pack(kernel, ptr::null(), 0, ptr::null_mut()));
        atrous_kernel_free(kernel);
        atrous_packed_free(ptr::null_mut());
    }
    insta::assert_snapshot!(told.0);
    assert!(told.1 >= 11, "{}", told.1);
}

#[test]
fn nonsense_for_run() {
    let mut told = Told::default();
    let (kernel, numbers, mut packed) = (kernel(), [1.0_f32, 2.0, 3.0], ptr::null_mut());
    let parameters = [3, 1, 1].map(|len| AtrousSlice { data: numbers.as_ptr(), len });
    let mut memory = [9.0_f32; 1 << 10];
    // SAFETY: pointers that are neither null nor misaligned are to values that live, and lengths are not too large but
    // where the call refuses them before it reads or writes.
    unsafe {
        assert_eq!(atrous_pack(kernel, parameters.as_ptr(), 3, &mut packed), AtrousStatus::Ok, "{}", last_error());
        atrous_kernel_free(kernel);
        let [x, y, scratch] = [0, 4, 8].map(|offset| memory.as_mut_ptr().add(offset));
        let input = |data: *const f32, len| AtrousSlice { data, len };
        let output = |data, len| AtrousSliceMut { data, len };
        let (good_input, good_output) = (input(x, 4), output(y, 4));
        let run = |inputs: &[AtrousSlice], outputs: &[AtrousSliceMut], scratch, len| {
            atrous_run(packed, inputs.as_ptr(), inputs.len(), outputs.as_ptr(), outputs.len(), scratch, len)
        };
        let one = |input: AtrousSlice, output: AtrousSliceMut| run(&[input], &[output], scratch, 1000);
        told.call("packed null", atrous_run(ptr::null(), &good_input, 1, &good_output, 1, scratch, 1000));
        told.call("inputs null", atrous_run(packed, ptr::null(), 1, &good_output, 1, scratch, 1000));
        told.call("outputs null", atrous_run(packed, &good_input, 1, ptr::null(), 1, scratch, 1000));
        told.call("no input for one", run(&[], &[output(y, 4)], scratch, 1000));
        told.call("two inputs for one", run(&[input(x, 4), input(x, 4)], &[output(y, 4)], scratch, 1000));
        told.call("no output for one", run(&[input(x, 4)], &[], scratch, 1000));
        told.call("input too short", one(input(x, 3), output(y, 4)));
        told.call("input too long", one(input(x, 5), output(y, 4)));
        told.call("input of no floats", one(input(x, 0), output(y, 4)));
        told.call("output too short", one(input(x, 4), output(y, 3)));
        told.call("output too long", one(input(x, 4), output(y, 400)));
        told.call("input of 2^64 − 1 floats", one(input(x, usize::MAX), output(y, 4)));
        told.call("input data null", one(input(ptr::null(), 4), output(y, 4)));
        told.call("output data null", one(input(x, 4), output(ptr::null_mut(), 4)));
        told.call("input data misaligned", one(input(ptr::without_provenance(12345), 4), output(y, 4)));
        told.call("output is the input", one(input(x, 4), output(x, 4)));
        told.call("output begins in the input", one(input(x, 4), output(x.add(3), 4)));
        told.call("output in scratch", one(input(x, 4), output(scratch.add(7), 4)));
        told.call("input in scratch", one(input(scratch, 4), output(y, 4)));
        told.call("scratch too short", run(&[input(x, 4)], &[output(y, 4)], scratch, 1));
        told.call("scratch null, 1000 floats", run(&[input(x, 4)], &[output(y, 4)], ptr::null_mut(), 1000));
        let odd = ptr::without_provenance_mut(12345);
        told.call("scratch misaligned", run(&[input(x, 4)], &[output(y, 4)], odd, 1000));
        atrous_packed_free(packed);
    }
    assert_eq!(memory, [9.0; 1 << 10], "nothing is written after an error");
    insta::assert_snapshot!(told.0);
    assert!(told.1 >= 22, "{}", told.1);
}
