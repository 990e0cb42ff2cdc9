//! The compiled layers for callers in C. Without the feature `compiled` there are none.

use std::ffi::{c_char, c_int};

#[cfg(feature = "compiled")]
use crate::compiled::{Forward, LAYERS};
#[cfg(feature = "compiled")]
use atrous::Pool;

/// A layer with its weights, its threads and its scratch memory, which [`atrous_bench_free`] frees.
#[cfg(feature = "compiled")]
pub struct Layer {
    layer: Box<dyn Forward>,
    pool: Pool,
    scratch: atrous::rt::Arena,
}

/// A layer with its weights, of which there is none.
#[cfg(not(feature = "compiled"))]
pub enum Layer {}

/// How many compiled layers there are.
#[unsafe(no_mangle)]
pub extern "C" fn atrous_bench_count() -> usize {
    #[cfg(feature = "compiled")]
    return LAYERS.len();
    #[cfg(not(feature = "compiled"))]
    0
}

/// The name of a layer's spec and its memory order, `layer_conv3d_nhwc`; null if there is no such layer. It lives as long
/// as the library.
#[unsafe(no_mangle)]
pub extern "C" fn atrous_bench_name(index: usize) -> *const c_char {
    #[cfg(feature = "compiled")]
    if let Some(entry) = LAYERS.get(index) {
        return entry.name.as_ptr();
    }
    let _ = index;
    std::ptr::null()
}

/// Packs the weight and bias of a layer, in PyTorch's layout, to run on so many threads. Null if there is no such layer, a
/// length is wrong, or the system does not start the threads.
///
/// # Safety
///
/// - `weight` points to `weight_len` numbers, `bias` to `bias_len`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atrous_bench_pack(
    index: usize,
    threads: usize,
    weight: *const f32,
    weight_len: usize,
    bias: *const f32,
    bias_len: usize,
) -> *mut Layer {
    #[cfg(feature = "compiled")]
    if let Some(entry) = LAYERS.get(index) {
        // SAFETY: the caller promises these very numbers.
        let (weight, bias) =
            unsafe { (std::slice::from_raw_parts(weight, weight_len), std::slice::from_raw_parts(bias, bias_len)) };
        if let (Ok(layer), Ok(pool)) = ((entry.pack)(weight, bias), Pool::new(threads)) {
            let scratch = atrous::rt::arena(layer.scratch_len());
            return Box::into_raw(Box::new(Layer { layer, pool, scratch }));
        }
    }
    let _ = (index, threads, weight, weight_len, bias, bias_len);
    std::ptr::null_mut()
}

/// Computes the output of a layer. Not 0 if a length is wrong; nothing has been written then.
///
/// # Safety
///
/// - `layer` comes from [`atrous_bench_pack`], has not been freed, and does not run in another thread.
/// - `input` points to `input_len` numbers, `output` to `output_len`, and they do not overlap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atrous_bench_run(
    layer: *mut Layer,
    input: *const f32,
    input_len: usize,
    output: *mut f32,
    output_len: usize,
) -> c_int {
    #[cfg(feature = "compiled")]
    {
        // SAFETY: the caller promises a layer, and these very numbers, which do not overlap.
        let (Layer { layer, pool, scratch }, input, output) = unsafe {
            let output = std::slice::from_raw_parts_mut(output, output_len);
            (&mut *layer, std::slice::from_raw_parts(input, input_len), output)
        };
        layer.forward(pool, scratch, input, output).is_err().into()
    }
    #[cfg(not(feature = "compiled"))]
    {
        let _ = (layer, input, input_len, output, output_len);
        1
    }
}

/// Frees a layer.
///
/// # Safety
///
/// - `layer` is null, or comes from [`atrous_bench_pack`] and has not been freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn atrous_bench_free(layer: *mut Layer) {
    if !layer.is_null() {
        // SAFETY: the caller promises that it is a box of `atrous_bench_pack`.
        drop(unsafe { Box::from_raw(layer) });
    }
}

#[cfg(test)]
mod tests {
    use super::{atrous_bench_count, atrous_bench_free, atrous_bench_name, atrous_bench_pack};
    use crate::suite;

    #[test]
    fn compiled_layers_are_all_there_or_none() {
        let count = atrous_bench_count();
        assert_eq!(count, if cfg!(feature = "compiled") { 2 * suite::LAYERS.rows().len() } else { 0 });
        assert!((0..count).all(|index| !atrous_bench_name(index).is_null()));
        assert!(atrous_bench_name(count).is_null());
    }

    #[test]
    fn what_is_not_there_is_not_packed() {
        let (weight, index) = ([0.0], atrous_bench_count());
        // SAFETY: both slices are this array; null may be freed.
        unsafe {
            let layer = atrous_bench_pack(index, 1, weight.as_ptr(), weight.len(), weight.as_ptr(), weight.len());
            assert!(layer.is_null());
            atrous_bench_free(layer);
        }
    }
}
