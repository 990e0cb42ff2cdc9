//! Doubles the size of a photo by a real network, compiled to Rust by the macro.
//!
//! ```text
//! cargo run --release --example upscale [picture.png]
//! ```

#[path = "../support/mod.rs"]
mod support;

use anyhow::{Result, ensure};
use std::path::{Path, PathBuf};
use std::time::Instant;

atrous::conv!("../../specs/upconv7/upconv7.conv", H = 160, W = 160);

fn main() -> Result<()> {
    let picture = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("upscaled.png"), PathBuf::from);
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs/upconv7");
    let network = Upconv7::from_tensors(&support::read_tensors(&directory.join("weights.safetensors"))?)?;
    let (photo, [height, width]) = support::read_picture(&directory.join("photo.png"))?;
    ensure!([1, 3, height, width] == Upconv7::INPUT_SHAPE, "the network is compiled for another size than the photo's");

    let start = Instant::now();
    let output = network.infer(&photo)?;
    let seconds = start.elapsed().as_secs_f64();
    let [_, _, height, width] = Upconv7::OUTPUT_SHAPE;
    support::write_picture(&picture, &output, [height, width])?;
    let rate = Upconv7::MACS as f64 / seconds / 1e9;
    let milliseconds = 1e3 * seconds;
    println!("{}: {width}×{height} in {milliseconds:.0} ms, {rate:.1} multiply-adds per ns", picture.display());
    Ok(())
}
