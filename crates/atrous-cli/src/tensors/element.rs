//! Elements of files as `f32`.

use half::{bf16, f16};

/// The type of an element in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// IEEE 754 binary16.
    F16,
    /// The upper half of an `F32`.
    Bf16,
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary64; rounded to the nearest `f32`.
    F64,
}

/// The order of the bytes of an element in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant first.
    Little,
    /// Most significant first.
    Big,
}

impl Element {
    /// Bytes of an element.
    pub fn width(self) -> usize {
        match self {
            Element::F16 | Element::Bf16 => 2,
            Element::F32 => 4,
            Element::F64 => 8,
        }
    }

    /// The elements that these bytes hold; a rest shorter than an element is left out.
    pub fn decode(self, bytes: &[u8], order: ByteOrder) -> Vec<f32> {
        match self {
            Element::F16 => each(bytes, order, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Element::Bf16 => each(bytes, order, |bytes| bf16::from_le_bytes(bytes).to_f32()),
            Element::F32 => each(bytes, order, f32::from_le_bytes),
            Element::F64 => each(bytes, order, |bytes| f64::from_le_bytes(bytes) as f32),
        }
    }
}

fn each<const WIDTH: usize>(bytes: &[u8], order: ByteOrder, from_le: impl Fn([u8; WIDTH]) -> f32) -> Vec<f32> {
    let (elements, _) = bytes.as_chunks::<WIDTH>();
    let little = |mut element: [u8; WIDTH]| {
        if order == ByteOrder::Big {
            element.reverse();
        }
        element
    };
    elements.iter().map(|&element| from_le(little(element))).collect()
}
