//! Layers and nets that are large in one way or another are planned without going through all of it.

use crate::front::{self, Model, Sizes};
use crate::{Target, compile};

/// Each would take minutes and gigabytes if combinations, positions or steps were walked one by one.
#[test]
fn large_layers_are_planned() {
    let layers = [
        "input: [1, 1, 65536], channels: 1, kernel: 65536, padding: same",
        "input: [1, 1, 1024, 1024], channels: 1, kernel: 1024, padding: same",
        "input: [1, 1, 100, 100, 100], channels: 1, kernel: 100, padding: same",
        "input: [1, 1000000, 3], channels: 1000000, kernel: 3, depthwise",
        "input: [1, 2000000, 3], channels: 2000000, kernel: 3, groups: 1000000, padding: 1",
        "input: [1, 1, 3], channels: 1, kernel: 3, stride: 65536, transposed",
        "input: [1, 1, 3, 3], channels: 1, kernel: 3, stride: 1000, transposed",
        "input: [1, 1, 8, 8], channels: 1, kernel: 3, padding: 60000, padding_mode: replicate",
        "input: [1, 1, 3000, 3000], channels: 1, kernel: 3, padding: 2999, padding_mode: reflect",
        "input: [1000000000, 1, 1], channels: 1, kernel: 1",
        "input: [1, 1, 1000000000], channels: 1, kernel: 3, stride: 500000000",
        "input: [1, 1, 30000, 30000], channels: 1, kernel: 1",
        "input: [1, 1, 30000, 30000], channels: 1, kernel: 1, layout: nhwc",
    ];
    for layer in layers {
        let mut models = front::text(&format!("layer a {{ {layer} }}"), &Sizes::new()).models;
        let Some(Model::Net(net)) = models.pop() else { panic!("{layer} has an error") };
        for target in [Target::portable(), Target::avx512()] {
            compile(&net, &target).unwrap_or_else(|error| panic!("{layer}: {error}"));
        }
    }
}
