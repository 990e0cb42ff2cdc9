//! Pictures as tensors of `[0, 1]`.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::Tensor;
use crate::failure::{Failure, Level, Message};
use crate::memory::Limit;
use crate::source::as_clause;

/// A decoded picture.
#[derive(Debug)]
pub struct Picture {
    image: DynamicImage,
    /// What is worth knowing about it.
    pub notes: Vec<Message>,
}

/// A pixel as three samples of 16 bits and as three `f32`, both of which exist at once.
const BYTES_PER_PIXEL: u64 = 3 * (2 + 4);

/// Decodes a picture of any supported format, turned as its metadata says, within a limit of memory.
pub fn decode(bytes: &[u8], limit: Limit) -> Result<Picture, Failure> {
    let failed = |error: image::ImageError| {
        let help = match error {
            ImageError::Unsupported(_) => "png, jpeg, bmp and pnm pictures can be read",
            _ => "the file is cut off or damaged",
        };
        let text = as_clause(&error.to_string()).replace("failed to fill whole buffer", "unexpected end of file");
        Failure::error(format!("cannot read the picture: {text}")).help(help)
    };
    let mut reader = ImageReader::new(Cursor::new(bytes));
    reader = reader.with_guessed_format().map_err(|error| failed(error.into()))?;
    // Of what is too large the message below says how large it is.
    reader.no_limits();
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Failure::error(format!("the picture is {width} by {height} pixels, so there are none")));
    }
    let tensors = u64::from(width).saturating_mul(u64::from(height)).saturating_mul(BYTES_PER_PIXEL);
    let what = format!("a picture of {width} by {height} pixels");
    limit.check(&what, decoder.total_bytes().saturating_add(tensors))?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(limit.bytes);
    decoder.set_limits(limits).map_err(failed)?;
    let orientation = decoder.orientation().map_err(failed)?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    image.apply_orientation(orientation);
    let alpha = image.color().has_alpha();
    let notes = alpha.then(|| Message::new(Level::Note, "the transparency of the picture is ignored"));
    Ok(Picture { image, notes: notes.into_iter().collect() })
}

impl Picture {
    /// Height and width in pixels.
    pub fn size(&self) -> [usize; 2] {
        [self.image.height() as usize, self.image.width() as usize]
    }

    /// Its own number of channels: 1 when it is gray, else 3.
    pub fn channels(&self) -> usize {
        if self.image.color().has_color() { 3 } else { 1 }
    }

    /// The picture as `[C, H, W]` with one channel or three.
    ///
    /// Gray from colours is the luma of Rec. 601, as Pillow and OpenCV have it.
    pub fn planes(self, channels: usize) -> Tensor {
        let [height, width] = self.size();
        let data = match (self.image.color().has_color(), channels) {
            (false, 1) => scaled(self.image.into_luma16().into_raw()),
            (false, _) => scaled(self.image.into_luma16().into_raw()).repeat(3),
            (true, 1) => {
                let pixels = scaled(self.image.into_rgb16().into_raw());
                let (pixels, _) = pixels.as_chunks::<3>();
                pixels.iter().map(|[red, green, blue]| 0.299 * red + 0.587 * green + 0.114 * blue).collect()
            }
            (true, _) => {
                let pixels = scaled(self.image.into_rgb16().into_raw());
                (0..3).flat_map(|channel| pixels.iter().skip(channel).step_by(3)).copied().collect()
            }
        };
        Tensor { shape: vec![if channels == 1 { 1 } else { 3 }, height, width], data }
    }
}

/// 16-bit samples in `[0, 1]`. A byte `b` comes as `257·b`, which gives exactly the nearest `f32` to `b/255`.
fn scaled(samples: Vec<u16>) -> Vec<f32> {
    samples.into_iter().map(|sample| f32::from(sample) / 65535.0).collect()
}

/// Encodes `[C, H, W]` with one channel or three, clipped to `[0, 1]`; NaN is black.
pub fn encode(planes: &Tensor, format: ImageFormat) -> Result<Vec<u8>, Failure> {
    let &[channels, height, width] = &planes.shape[..] else {
        return Err(Failure::error(format!("a tensor of shape {:?} is no picture", planes.shape)));
    };
    let area = height * width;
    let at = |pixel: usize, channel: usize| byte(planes.data[channel * area + pixel]);
    let data: Vec<u8> = (0..area).flat_map(|pixel| (0..channels).map(move |channel| at(pixel, channel))).collect();
    let too_large = || Failure::error(format!("a picture of {width} by {height} pixels is too large"));
    let (columns, rows) = u32::try_from(width).ok().zip(u32::try_from(height).ok()).ok_or_else(too_large)?;
    let image = match channels {
        1 => image::GrayImage::from_raw(columns, rows, data).map(DynamicImage::from),
        _ => image::RgbImage::from_raw(columns, rows, data).map(DynamicImage::from),
    };
    let mut encoded = Cursor::new(Vec::new());
    image
        .ok_or_else(too_large)?
        .write_to(&mut encoded, format)
        .map_err(|error| Failure::error(format!("cannot write the picture: {}", as_clause(&error.to_string()))))?;
    Ok(encoded.into_inner())
}

/// `[0, 1]` to the nearest of 0 to 255.
fn byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests;
