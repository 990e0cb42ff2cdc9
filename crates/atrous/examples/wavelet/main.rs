//! The à trous wavelet transform of a photo: computes the weights, writes them beside the spec, and shows the planes.
//!
//! ```text
//! cargo run --release --example wavelet [picture.png]
//! ```
//!
//! The picture has the photo, the detail planes from fine to coarse (grey is zero, contrast fourfold), and what is left.

#[path = "../support/mod.rs"]
mod support;
mod taps;

use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};

atrous::conv!("../../specs/atrous_wavelet/atrous_wavelet.conv", H = 160, W = 160);

const SIDE: usize = 160;

/// Planes side by side, and one above the other.
const GRID: [usize; 2] = [2, 3];

fn main() -> Result<()> {
    let picture = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("wavelet.png"), PathBuf::from);
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs");
    let weights = specs.join("atrous_wavelet/weights.safetensors");
    std::fs::write(&weights, taps::file()?).with_context(|| format!("cannot write {}", weights.display()))?;

    let transform = AtrousWavelet::from_tensors(&support::read_tensors(&weights)?)?;
    let (photo, size) = support::read_picture(&specs.join("upconv7/photo.png"))?;
    ensure!(size == [SIDE, SIDE], "the transform is compiled for another size than the photo's");
    let [details @ .., smooth] = transform.infer(&photo)?;

    let sum = |index: usize| details.iter().map(|plane| plane[index]).sum::<f32>() + smooth[index];
    let error = (0..photo.len()).map(|index| (sum(index) - photo[index]).abs()).fold(0.0, f32::max);
    println!("the planes add up to the photo within {error:e}");

    let shown = details.map(|plane| plane.into_iter().map(|value| 0.5 + 4.0 * value).collect());
    let planes: Vec<Vec<f32>> = [photo].into_iter().chain(shown).chain([smooth]).collect();
    let [rows, columns] = GRID;
    support::write_picture(&picture, &mosaic(&planes), [rows * SIDE, columns * SIDE])?;
    println!("{}: the photo, {} detail planes, and the smooth plane", picture.display(), taps::LEVELS);
    Ok(())
}

/// Pictures of one size in the order of reading, as one.
fn mosaic(planes: &[Vec<f32>]) -> Vec<f32> {
    let [rows, columns] = GRID;
    let value = |index: usize| {
        let (x, y) = (index % (columns * SIDE), index / (columns * SIDE) % (rows * SIDE));
        let channel = index / (columns * rows * SIDE * SIDE);
        planes[y / SIDE * columns + x / SIDE][(channel * SIDE + y % SIDE) * SIDE + x % SIDE]
    };
    (0..3 * rows * columns * SIDE * SIDE).map(value).collect()
}
