//! A run allocates next to nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

use atrous_capi::*;

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all work is the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the contract of this function is the other's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the contract of this function is the other's.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Which also shows that the threads are used.
#[test]
fn a_stage_that_is_split_allocates_a_job_and_its_queues() {
    const LEN: usize = 16 * 40 * 40;
    let spec = c"layer a { input: [1, 16, 40, 40], channels: 16, kernel: 3, padding: 1 }";
    let slice = |values: &[f32]| AtrousSlice { data: values.as_ptr(), len: values.len() };
    let (weight, input, mut output) = (vec![1.0; 16 * 16 * 9], vec![1.0; LEN], vec![0.0; LEN]);
    for (threads, allocations) in [(1, 1), (2, 3)] {
        let options = AtrousOptions { threads, ..AtrousOptions::default() };
        let (mut kernel, mut packed) = (ptr::null_mut(), ptr::null_mut());
        let mut scratch = [0.0; 1];
        // SAFETY: all pointers are to values that live until the end of this function, and of the lengths that are given.
        unsafe {
            assert_eq!(atrous_compile(spec.as_ptr(), &options, &mut kernel), AtrousStatus::Ok);
            assert_eq!(atrous_pack(kernel, &slice(&weight), 1, &mut packed), AtrousStatus::Ok);
            let outputs = AtrousSliceMut { data: output.as_mut_ptr(), len: LEN };
            let before = COUNT.get();
            let status = atrous_run(packed, &slice(&input), 1, &outputs, 1, scratch.as_mut_ptr(), scratch.len());
            assert_eq!((status, COUNT.get() - before), (AtrousStatus::Ok, allocations));
            atrous_packed_free(packed);
            atrous_kernel_free(kernel);
        }
    }
}

#[test]
fn a_run_allocates_the_addresses_of_its_buffers_only() {
    let spec = c"net two {
        input x: [1, 1, 8];
        a = conv(x) { channels: 2, kernel: 3, padding: 1 };
        b = conv(a) { channels: 1, kernel: 1 };
        output b;
    }";
    let (mut kernel, mut packed) = (ptr::null_mut(), ptr::null_mut());
    let slice = |values: &[f32]| AtrousSlice { data: values.as_ptr(), len: values.len() };
    let parameters = [slice(&[1.0; 6]), slice(&[1.0; 2])];
    let (input, mut output, mut scratch) = ([1.0_f32; 8], [0.0_f32; 8], [0.0_f32; 64]);
    // SAFETY: all pointers are to values that live until the end of this function, and of the lengths that are given.
    unsafe {
        assert_eq!(atrous_compile(spec.as_ptr(), ptr::null(), &mut kernel), AtrousStatus::Ok);
        assert_eq!(atrous_pack(kernel, parameters.as_ptr(), 2, &mut packed), AtrousStatus::Ok);
        let outputs = AtrousSliceMut { data: output.as_mut_ptr(), len: 8 };
        let before = COUNT.get();
        for _ in 0..10 {
            let status = atrous_run(packed, &slice(&input), 1, &outputs, 1, scratch.as_mut_ptr(), scratch.len());
            assert_eq!(status, AtrousStatus::Ok);
        }
        assert_eq!(COUNT.get() - before, 10);
        atrous_packed_free(packed);
        atrous_kernel_free(kernel);
    }
    assert_eq!(output, [4.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 4.0]);
}
