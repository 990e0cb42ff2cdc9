//! The weights of `specs/atrous_wavelet/atrous_wavelet.conv`.

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView, serialize};

/// The B3 spline, `[1, 4, 6, 4, 1] / 16`.
const SPLINE: [f32; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];

/// The number of levels of the spec.
pub const LEVELS: usize = 4;

/// Planes of a colour picture, each with its own copy of the taps.
const CHANNELS: usize = 3;

/// The smoothing taps B3⊗B3, row by row. All are multiples of 1/256, so `f32` holds them exactly.
pub fn smooth() -> [f32; 25] {
    std::array::from_fn(|tap| SPLINE[tap / 5] * SPLINE[tap % 5])
}

/// The taps of what smoothing takes away, δ − B3⊗B3.
pub fn detail() -> [f32; 25] {
    let smooth = smooth();
    std::array::from_fn(|tap| if tap == 12 { 1.0 - smooth[tap] } else { -smooth[tap] })
}

/// The spec's weights by name, each `[3, 1, 5, 5]`. Every level has the same ones: only its dilation differs.
pub fn weights() -> Vec<(String, Vec<f32>)> {
    let level = |level: usize| {
        let of = |kind: &str, taps: [f32; 25]| (format!("{kind}{level}.weight"), taps.repeat(CHANNELS));
        [of("smooth", smooth()), of("detail", detail())]
    };
    (1..=LEVELS).flat_map(level).collect()
}

/// The same as a safetensors file.
pub fn file() -> Result<Vec<u8>, SafeTensorError> {
    let bytes = |taps: &[f32]| -> Vec<u8> { taps.iter().flat_map(|tap| tap.to_le_bytes()).collect() };
    let tensors: Vec<(String, Vec<u8>)> = weights().into_iter().map(|(name, taps)| (name, bytes(&taps))).collect();
    let views = tensors.iter().map(|(name, bytes)| {
        TensorView::new(Dtype::F32, vec![CHANNELS, 1, 5, 5], bytes).map(|view| (name.as_str(), view))
    });
    let views: Vec<(&str, TensorView)> = views.collect::<Result<_, _>>()?;
    serialize(views, None)
}
