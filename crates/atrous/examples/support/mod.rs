//! Pictures and weights, as the examples read and write them.

use anyhow::{Context, Result, ensure};
use half::f16;
use image::{Rgb, RgbImage};
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::path::Path;

/// A picture as `[3, H, W]` with values in 0 … 1, and its height and width.
pub fn read_picture(path: &Path) -> Result<(Vec<f32>, [usize; 2])> {
    let picture = image::open(path).with_context(|| format!("cannot read {}", path.display()))?.into_rgb8();
    let plane = |channel: usize| picture.pixels().map(move |pixel| f32::from(pixel[channel]) / 255.0);
    let (width, height) = picture.dimensions();
    Ok(((0..3).flat_map(plane).collect(), [height as usize, width as usize]))
}

/// Writes `[3, H, W]` as a picture, with values clipped to 0 … 1.
pub fn write_picture(path: &Path, planes: &[f32], [height, width]: [usize; 2]) -> Result<()> {
    ensure!(planes.len() == 3 * height * width, "{} values are not three planes of {height}×{width}", planes.len());
    let value = |channel: usize, x: u32, y: u32| planes[(channel * height + y as usize) * width + x as usize];
    let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0).round() as u8;
    let pixel = |x, y| Rgb([0, 1, 2].map(|channel| byte(value(channel, x, y))));
    let picture = RgbImage::from_fn(width as u32, height as u32, pixel);
    picture.save(path).with_context(|| format!("cannot write {}", path.display()))
}

/// The tensors of a safetensors file by name, as `f32`.
pub fn read_tensors(path: &Path) -> Result<BTreeMap<String, Vec<f32>>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let file =
        SafeTensors::deserialize(&bytes).with_context(|| format!("{} is no safetensors file", path.display()))?;
    let mut tensors = BTreeMap::new();
    for (name, tensor) in file.iter() {
        let values = match tensor.dtype() {
            Dtype::F32 => tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
            Dtype::F16 => tensor.data().chunks_exact(2).map(|b| f16::from_le_bytes([b[0], b[1]]).to_f32()).collect(),
            other => anyhow::bail!("{name} in {} is {other:?}, not f32 or f16", path.display()),
        };
        tensors.insert(name.to_string(), values);
    }
    Ok(tensors)
}
