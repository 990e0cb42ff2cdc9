//! The suite `networks` is made of the layers of whole networks, all that differ.

use crate::{layers, macs, row};
use atrous_bench::suite::{self, PREFIX, RowAxis};
use atrous_compiler::fmt;
use atrous_compiler::front::Sizes;
use atrous_compiler::layer::{Activation, Layer, Layout, PaddingMode};
use std::collections::HashSet;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

const REFRESH: &str = "ATROUS_BLESS=1 cargo test -p atrous-bench networks";

/// The free sizes of the files that leave some: those of the photo.
const SIZES: [(&str, &[(&str, usize)]); 1] = [("upconv7", &[("H", 160), ("W", 160)])];

/// Nominal multiply-adds: fewer are mostly the call, more take a benchmark too long.
const MACS: RangeInclusive<u128> = 200_000..=2_500_000_000;

/// The networks of `specs/networks/` by name, and after them the one of the README.
fn files() -> Vec<PathBuf> {
    let specs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../specs");
    let entries = fs::read_dir(specs.join("networks")).expect("the networks are there");
    let paths = entries.map(|entry| entry.expect("a readable directory").path());
    let mut files: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "conv")).collect();
    files.sort();
    files.push(specs.join("upconv7/upconv7.conv"));
    files
}

/// The layers of a network, named after it and as all layers are timed.
fn network(path: &Path) -> Vec<Layer> {
    let network = path.file_stem().expect("a file").to_str().expect("a name in ASCII");
    let sizes = SIZES.iter().filter(|(name, _)| *name == network).flat_map(|(_, sizes)| *sizes);
    let sizes: Sizes = sizes.map(|(name, size)| (name.to_string(), *size)).collect();
    let timed = |layer: Layer| Layer {
        name: format!("{PREFIX}{network}_{}", layer.name),
        batch: 1,
        bias: true,
        activation: Activation::None,
        layout: Layout::Nchw,
        ..layer
    };
    layers(&fs::read_to_string(path).expect("a text"), &sizes).into_iter().map(timed).collect()
}

/// Whether the harness has such layers, and their times say something.
fn is_timed(layer: &Layer) -> bool {
    let crops = layer.axes.iter().any(|axis| axis.padding.iter().any(|side| *side < 0));
    layer.padding_mode == PaddingMode::Zeros && !crops && MACS.contains(&macs(layer).nominal)
}

/// The layers of the suite; of equal ones the first.
fn chosen() -> Vec<Layer> {
    let mut seen = HashSet::new();
    let mut is_new = |layer: &Layer| seen.insert(Layer { name: String::new(), ..layer.clone() });
    let layers = files().into_iter().flat_map(|path| network(&path));
    layers.filter(is_timed).filter(|layer| is_new(layer)).collect()
}

/// The specs in canonical form, each on one line if it fits.
fn specs(layers: &[Layer]) -> String {
    let comment = format!(
        "// The different layers of the networks in specs/networks/, and of the one that doubles a photo in the README.\n\
         // Written by {REFRESH}\n\n"
    );
    let line = |layer: &Layer| layer.to_string().split_whitespace().collect::<Vec<_>>().join(" ") + "\n";
    fmt::text(&(comment + &layers.iter().map(line).collect::<String>())).expect("layers are printed as specs")
}

/// The table, under the head of the suite `layers`.
fn table(layers: &[Layer]) -> String {
    let head = suite::LAYERS.table.lines().take(2).map(String::from);
    head.chain(layers.iter().map(line)).map(|line| line + "\n").collect()
}

fn line(layer: &Layer) -> String {
    let row = row(layer);
    let kind = if row.transposed { "transposed" } else { "conv" };
    let [groups, channels_in, channels_out] =
        [row.groups, row.channels_in, row.channels_out].map(|size| size.to_string());
    let sizes: [fn(&RowAxis) -> usize; 8] = [
        |axis| axis.input,
        |axis| axis.kernel,
        |axis| axis.stride,
        |axis| axis.dilation,
        |axis| axis.padding[0],
        |axis| axis.padding[1],
        |axis| axis.output_padding,
        |axis| axis.output,
    ];
    let cell =
        |size: fn(&RowAxis) -> usize| row.axes.iter().map(|axis| size(axis).to_string()).collect::<Vec<_>>().join("x");
    let front = [row.name.to_string(), kind.to_string(), groups, channels_in, channels_out];
    front.into_iter().chain(sizes.map(cell)).collect::<Vec<_>>().join("\t")
}

#[test]
fn the_suite_is_up_to_date() {
    let layers = chosen();
    for (ending, wanted) in [("conv", specs(&layers)), ("tsv", table(&layers))] {
        let path = format!("{}/suite/{}.{ending}", env!("CARGO_MANIFEST_DIR"), suite::NETWORKS.name);
        if std::env::var_os("ATROUS_BLESS").is_some() {
            fs::write(&path, &wanted).expect("the suite can be written");
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == wanted, "{path} is out of date: {REFRESH}");
    }
}
