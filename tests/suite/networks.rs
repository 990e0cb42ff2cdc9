//! The layers of whole networks: with fewer channels and positions on every executor, and as large as they are through the
//! compiler.

use atrous_compiler::ir::macs;
use atrous_compiler::layer::{Layer, LayerAxis, Layout};
use atrous_compiler::net::Net;
use atrous_compiler::{Target, lower, oracle, passes};
use atrous_tests::{data, differential, executors, specs};
use std::collections::BTreeMap;

/// The networks, and how many layers of them are tabled.
#[rustfmt::skip]
const NETWORKS: [(&str, usize); 12] = [
    ("dcgan",        10),
    ("deeplabv3",    11),
    ("detnet59",     19),
    ("enet",         30),
    ("espnet",       27),
    ("fcn",          10),
    ("fsrcnn",        7),
    ("hifigan",      42),
    ("pix2pix",      21),
    ("ssd300_vgg16", 31),
    ("unet",         23),
    ("wavenet",      25),
];

/// More multiply-adds than this take an interpreter too long.
const MOST_MACS: u64 = 100_000;

/// Runs a check on every layer, and reports all that fail.
fn for_every_layer(check: impl Fn(&Layer) -> Result<(), String>) {
    let failures = specs::networks().into_iter().flat_map(|network| {
        let failure = |layer: &Layer| Some(format!("{} of {}: {}", layer.name, network.name, check(layer).err()?));
        network.layers.iter().filter_map(failure).collect::<Vec<_>>()
    });
    let failures: Vec<String> = failures.collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// The layer, which has one group, with as many channels as are quick to compute, and with fewer positions of the same
/// remainder by its stride.
fn reduced(layer: &Layer) -> Layer {
    let axes: Vec<LayerAxis> = layer.axes.iter().map(|axis| shortened(*axis, layer.transposed)).collect();
    let with_channels = |most: usize| Layer {
        axes: axes.clone(),
        input_channels: narrowed(layer.input_channels, most),
        output_channels: narrowed(layer.output_channels, most),
        ..layer.clone()
    };
    let candidates = [16, 8, 4, 2, 1].map(with_channels);
    let small = candidates.iter().find(|layer| oracle::useful_macs(layer) <= MOST_MACS);
    small.unwrap_or(&candidates[4]).clone()
}

/// As many channels as `most` and the remainder by it, so that vectors have the same rest.
fn narrowed(channels: usize, most: usize) -> usize {
    if channels < 2 * most { channels } else { most + channels % most }
}

/// The axis with at most some positions more than its kernel covers.
fn shortened(axis: LayerAxis, transposed: bool) -> LayerAxis {
    let covers = axis.dilation * (axis.kernel - 1) + 1;
    let (step, enough) = if transposed { (1, covers.div_ceil(axis.stride) + 4) } else { (axis.stride, covers + 16) };
    let fewer = axis.input.saturating_sub(enough) / step * step;
    LayerAxis { input: axis.input - fewer, ..axis }
}

#[test]
fn layers_of_networks_are_all_there() {
    let networks = specs::networks().into_iter().map(|network| (network.name, network.layers.len()));
    let expected = NETWORKS.into_iter().map(|(name, layers)| (name.to_string(), layers));
    assert_eq!(networks.collect::<BTreeMap<_, _>>(), expected.collect());
}

#[test]
fn layers_of_networks_on_every_executor() {
    for_every_layer(|layer| {
        let layer = reduced(layer);
        [Layout::Nchw, Layout::Nhwc].into_iter().try_for_each(|layout| {
            let net = Net::of_layer(layer.clone()).with_layout(layout);
            let data = data::integers(&net, 1);
            let expected = differential::expected(&net, &data);
            executors::targets().iter().try_for_each(|target| {
                let result = differential::check_plan(&net, target, &data, &expected);
                let result = result.and_then(|_| differential::check_macs(&net, target));
                result.map_err(|error| format!("in {layout:?} for {}: {error}", target.name))
            })
        })
    });
}

#[test]
fn layers_of_networks_as_large_as_they_are() {
    for_every_layer(|layer| {
        let net = Net::of_layer(layer.clone());
        let useful = u128::from(oracle::useful_macs(layer));
        let executed = macs::executed(&passes::run(lower::lower(&net), &mut |_, _, _| {}));
        if executed != useful {
            return Err(format!("{executed} multiply-adds are executed, {useful} are useful"));
        }
        Target::all().iter().try_for_each(|target| differential::planned(&net, target).map(drop))
    });
}
