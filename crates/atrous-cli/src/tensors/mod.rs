//! Tensors in files.

pub mod element;
pub mod npy;
pub mod picture;
pub mod weights;

use atrous_compiler::layer::Layout;

/// A dense tensor of `f32` in row-major order of its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    /// As many elements as the product of the dimensions.
    pub data: Vec<f32>,
}

impl Tensor {
    /// `[C, H, W]` as a batch of one in memory order of the layout.
    pub fn into_batch(self, layout: Layout) -> Tensor {
        let &[channels, height, width] = &self.shape[..] else { return self };
        let area = height * width;
        let data = match layout {
            Layout::Nchw => self.data,
            Layout::Nhwc => transposed(&self.data, channels, area),
        };
        Tensor { shape: layout.in_memory(&[1, channels, height, width]), data }
    }

    /// A batch of one in memory order of the layout as `[C, H, W]`.
    pub fn planes(&self, layout: Layout) -> Tensor {
        match (layout, &self.shape[..]) {
            (Layout::Nchw, &[1, channels, height, width]) => {
                Tensor { shape: vec![channels, height, width], data: self.data.clone() }
            }
            (Layout::Nhwc, &[1, height, width, channels]) => {
                Tensor { shape: vec![channels, height, width], data: transposed(&self.data, height * width, channels) }
            }
            _ => self.clone(),
        }
    }
}

/// A matrix of so many rows and columns with rows and columns exchanged.
fn transposed(data: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| data[row * columns + column])).collect()
}

/// The logical shape `[N, C, S…]` of a tensor with these dimensions in memory.
pub fn logical(layout: Layout, memory: &[usize]) -> Vec<usize> {
    match (layout, memory) {
        (Layout::Nhwc, [batch, spatial @ .., channels]) => [&[*batch, *channels], spatial].concat(),
        _ => memory.to_vec(),
    }
}

#[cfg(test)]
mod tests;
