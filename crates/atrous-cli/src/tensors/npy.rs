//! Arrays of NumPy.

use std::io::Write;

use npyz::{DType, Endianness, NpyHeader, Order, TypeChar, WriterBuilder};

use super::Tensor;
use super::element::{ByteOrder, Element};
use crate::failure::Failure;

/// The header of an array and where its elements are.
#[derive(Debug)]
pub struct Array<'a> {
    /// Dimensions, outermost first.
    pub shape: Vec<usize>,
    element: Element,
    byte_order: ByteOrder,
    order: Order,
    data: &'a [u8],
}

/// What to do about a file that is no array.
const HELP: &str = "save one with numpy.save(\"x.npy\", x)";

/// Headers of arrays are short; NumPy itself refuses longer ones.
const MAX_HEADER_BYTES: usize = 10_000;

/// A header has a bracket for the dictionary and one for the shape; types with fields have some more.
const MAX_BRACKETS: usize = 64;

/// With so few digits in the header the product of the dimensions is a `u64`; real arrays have fewer.
const MAX_DIGITS: usize = 19;

/// Reads the header of an array of floats and finds its elements.
///
/// Errors are those of the file: not an array, not of floats, or of another length than its shape says.
pub fn parse(bytes: &[u8]) -> Result<Array<'_>, Failure> {
    let (header, data) = split_header(bytes)?;
    let header = NpyHeader::from_reader(header).map_err(|error| {
        let error = crate::source::plain(&error);
        let why = match error.as_str() {
            error if error.contains("Python expression") => "it is no dictionary of Python",
            error if error.contains("type string") => "the type of its elements is none of NumPy's",
            error if error.contains("unsupported version") => "its format is none of 1.0, 2.0 and 3.0",
            error => error,
        };
        Failure::error(format!("the header of the array cannot be read: {why}")).help(HELP)
    })?;
    let (element, byte_order) = element(&header.dtype())?;
    let shape: Option<Vec<usize>> = header.shape().iter().map(|&size| usize::try_from(size).ok()).collect();
    let shape = shape.ok_or_else(|| Failure::error("the array is too large for this machine"))?;
    let expected = (header.len() as u128) * element.width() as u128;
    if data.len() as u128 != expected {
        let text = format!("an array of shape {shape:?} has {expected} bytes, but the file holds {}", data.len());
        return Err(Failure::error(text).help("the file is cut off, or something else stands behind the array"));
    }
    Ok(Array { shape, element, byte_order, order: header.order(), data })
}

/// The bytes up to the end of the header, and those behind; only headers that are safe to parse.
fn split_header(bytes: &[u8]) -> Result<(&[u8], &[u8]), Failure> {
    let magic = || match bytes {
        [b'P', b'K', 3, 4, ..] => {
            Failure::error("the file is a zip archive, such as numpy.savez writes, not one array").help(HELP)
        }
        _ => Failure::error("the file is not a NumPy array").help(HELP),
    };
    let cut = || Failure::error("the file ends within the header of the array").help(HELP);
    let rest = bytes.strip_prefix(b"\x93NUMPY").ok_or_else(magic)?;
    let (&[major, _], rest) = rest.split_first_chunk().ok_or_else(cut)?;
    let (prelude, length) = if major == 1 {
        let length = rest.first_chunk().ok_or_else(cut)?;
        (10, u16::from_le_bytes(*length) as usize)
    } else {
        let length = rest.first_chunk().ok_or_else(cut)?;
        (12, u32::from_le_bytes(*length) as usize)
    };
    if length > MAX_HEADER_BYTES {
        let text = format!("the header of the array is {length} bytes long, more than {MAX_HEADER_BYTES}");
        return Err(Failure::error(text).help(HELP));
    }
    let (header, data) = bytes.split_at_checked(prelude + length).ok_or_else(cut)?;
    let n_bytes = |wanted: fn(&u8) -> bool| header[prelude..].iter().filter(|byte| wanted(byte)).count();
    let (brackets, digits) = (n_bytes(|byte| b"([{".contains(byte)), n_bytes(u8::is_ascii_digit));
    if brackets > MAX_BRACKETS {
        let text = format!("the header of the array has {brackets} brackets; one of an array of floats has two");
        return Err(Failure::error(text).help(HELP));
    }
    if digits > MAX_DIGITS {
        let text = format!(
            "the header of the array has {digits} digits; with more than {MAX_DIGITS} no array fits into memory"
        );
        return Err(Failure::error(text).help(HELP));
    }
    Ok((header, data))
}

fn element(dtype: &DType) -> Result<(Element, ByteOrder), Failure> {
    let unsupported = || {
        let text = format!("the elements of the array are of type {}, which is not supported", dtype.descr());
        Failure::error(text).help("use float16, float32 or float64: numpy.save(\"x.npy\", x.astype(numpy.float32))")
    };
    let DType::Plain(scalar) = dtype else { return Err(unsupported()) };
    let element = match (scalar.type_char(), scalar.size_field()) {
        (TypeChar::Float, 2) => Element::F16,
        (TypeChar::Float, 4) => Element::F32,
        (TypeChar::Float, 8) => Element::F64,
        _ => return Err(unsupported()),
    };
    let byte_order = match scalar.endianness() {
        Endianness::Big => ByteOrder::Big,
        Endianness::Little | Endianness::Irrelevant => ByteOrder::Little,
    };
    Ok((element, byte_order))
}

impl Array<'_> {
    /// The array in row-major order.
    pub fn tensor(&self) -> Tensor {
        let stored = self.element.decode(self.data, self.byte_order);
        let data = match self.order {
            Order::C => stored,
            Order::Fortran => row_major(&stored, &self.shape),
        };
        Tensor { shape: self.shape.clone(), data }
    }
}

/// From an array whose first dimension is innermost to one whose last is.
fn row_major(stored: &[f32], shape: &[usize]) -> Vec<f32> {
    let mut strides = Vec::with_capacity(shape.len());
    shape.iter().fold(1, |stride, size| {
        strides.push(stride);
        stride * size
    });
    let mut index = vec![0; shape.len()];
    let mut offset = 0;
    (0..stored.len())
        .map(|_| {
            let value = stored[offset];
            for dim in (0..shape.len()).rev() {
                index[dim] += 1;
                offset += strides[dim];
                if index[dim] < shape[dim] {
                    break;
                }
                offset -= strides[dim] * shape[dim];
                index[dim] = 0;
            }
            value
        })
        .collect()
}

/// The tensor as an array of `<f4` in C order.
pub fn encode(tensor: &Tensor) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128 + 4 * tensor.data.len());
    write(&mut bytes, tensor).expect("a vector takes everything");
    bytes
}

fn write(to: impl Write, tensor: &Tensor) -> std::io::Result<()> {
    let shape: Vec<u64> = tensor.shape.iter().map(|&size| size as u64).collect();
    let mut writer = npyz::WriteOptions::new()
        .dtype(DType::Plain("<f4".parse().expect("a type of NumPy")))
        .shape(&shape)
        .writer(to)
        .begin_nd()?;
    writer.extend(&tensor.data)?;
    writer.finish()
}

#[cfg(test)]
mod tests;
