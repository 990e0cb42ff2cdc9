//! A real network on a real photo: the whole chain against what ONNX Runtime computes.

use crate::support;
use atrous_compiler::{Target, compile};
use atrous_tests::data::Data;
use atrous_tests::{executors, specs};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The largest difference from the stored reference, whose own sums are in `f32` too.
const TOLERANCE: f32 = 1e-4;

/// Side of the stored corners.
const CORNER: usize = 64;

fn file(name: &str) -> PathBuf {
    specs::root().join("specs/upconv7").join(name)
}

#[test]
fn upconv7_gives_the_reference_picture() {
    let (photo, [height, width]) = support::read_picture(&file("photo.png")).expect("a picture");
    let tensors = support::read_tensors(&file("weights.safetensors")).expect("weights");
    let spec = specs::all().into_iter().find(|spec| spec.name == "upconv7").expect("the spec");
    let net = spec.net_of_sizes(&BTreeMap::from([("H".to_string(), height), ("W".to_string(), width)]));
    let parameters = net.parameters().iter().map(|parameter| tensors[&parameter.name].clone()).collect();

    let plan = compile(&net, &Target::portable()).expect("a plan");
    let data = Data { inputs: vec![photo], parameters };
    let output = executors::jit(&plan, &data).expect("tensors of the spec's shapes").swap_remove(0);

    let corners = std::fs::read(file("corners.npy")).expect("the reference");
    let corners = npyz::NpyFile::new(&corners[..]).expect("an npy file");
    assert_eq!(corners.shape(), [2, 3, CORNER as u64, CORNER as u64]);
    let corners = corners.into_vec::<f32>().expect("f32 values");
    let (height, width) = (2 * height, 2 * width);
    for (index, expected) in corners.into_iter().enumerate() {
        let [corner, channel, y, x] =
            [index / (3 * CORNER * CORNER), index / (CORNER * CORNER) % 3, index / CORNER % CORNER, index % CORNER];
        let (y, x) = if corner == 0 { (y, x) } else { (height - CORNER + y, width - CORNER + x) };
        let value = output[(channel * height + y) * width + x];
        assert!((value - expected).abs() <= TOLERANCE, "channel {channel} at ({y}, {x}): {value}, not {expected}");
    }
}
