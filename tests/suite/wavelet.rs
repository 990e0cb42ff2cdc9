//! The à trous wavelet transform: its weights, and what makes it a transform.

use atrous_compiler::oracle;
use atrous_tests::{data, specs};

#[path = "../../crates/atrous/examples/wavelet/taps.rs"]
mod taps;

#[test]
fn weights_are_up_to_date() {
    let stored = std::fs::read(specs::root().join("specs/atrous_wavelet/weights.safetensors"));
    let computed = taps::file().expect("tensors of their own shapes");
    assert!(stored.is_ok_and(|stored| stored == computed), "run `cargo run --release --example wavelet`");
}

#[test]
fn details_and_smooth_plane_add_up_to_the_picture() {
    let spec = specs::all().into_iter().find(|spec| spec.name == "atrous_wavelet").expect("the spec");
    let net = spec.net();
    let image: Vec<f64> = data::integers(&net, 1).inputs[0].iter().map(|&value| f64::from(value)).collect();
    let weights: Vec<(String, Vec<f32>)> = taps::weights();
    let parameters: Vec<Vec<f64>> = net
        .parameters()
        .iter()
        .map(|parameter| {
            let (_, taps) = weights.iter().find(|(name, _)| *name == parameter.name).expect("a weight per layer");
            taps.iter().map(|&tap| f64::from(tap)).collect()
        })
        .collect();
    let planes = oracle::net(&net, &[&image], &parameters.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert_eq!(planes.len(), taps::LEVELS + 1);
    let sum = |index| planes.iter().map(|plane: &Vec<f64>| plane[index]).sum::<f64>();
    assert_eq!((0..image.len()).map(sum).collect::<Vec<f64>>(), image);
    assert!(planes[0].iter().any(|&value| value != 0.0), "a plane that takes part");
}
