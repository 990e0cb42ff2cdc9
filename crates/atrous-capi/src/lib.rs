//! Convolution layers compiled at run time, for C and every language that calls it.
//!
//! `include/atrous.h` is made of this crate: the comments of what is public here are its documentation. Behind the pointer
//! to a kernel are an [`atrous::jit::Kernel`], an [`atrous::Pool`] and descriptions; packed parameters hold the first two
//! with them.
//!
//! Nothing here unwinds into the caller. What can be checked of a pointer (null, alignment, length, overlap) is checked;
//! that it points to as much memory as the caller says cannot be, and stands under `# Safety`.

mod floats;
mod foreign;
mod kernel;
mod packed;
mod status;
#[cfg(test)]
mod tests;

pub use kernel::{
    ATROUS_LAYOUT_NCHW, ATROUS_LAYOUT_NHWC, ATROUS_LAYOUT_SPEC, ATROUS_MOST_THREADS, ATROUS_TENSOR_INPUT,
    ATROUS_TENSOR_OUTPUT, ATROUS_TENSOR_PARAMETER, AtrousInfo, AtrousKernel, AtrousLayout, AtrousOptions, AtrousSize,
    AtrousTensor, AtrousTensorKind, atrous_compile, atrous_info, atrous_kernel_free, atrous_tensor,
};
pub use packed::{AtrousPacked, AtrousSlice, AtrousSliceMut, atrous_pack, atrous_packed_free, atrous_run};
pub use status::{AtrousStatus, atrous_last_error, atrous_version};
