//! Tensors in files.

pub mod element;
pub mod npy;
pub mod picture;
pub mod weights;

/// A dense tensor of `f32` in row-major order of its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// As many elements as the product of the dimensions.
    pub data: Vec<f32>,
}
