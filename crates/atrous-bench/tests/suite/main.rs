//! The suites are what their tables say, and the harness counts as the compiler does.

mod networks;

use atrous_bench::suite::{self, PREFIX, Row, RowAxis, Suite};
use atrous_compiler::front::{self, Model, Sizes};
use atrous_compiler::ir::macs::{self, Macs};
use atrous_compiler::{Layer, Net, lower};
use std::process::{Command, Output};

/// The layers of a text, those of nets included, in order.
fn layers(text: &str, sizes: &Sizes) -> Vec<Layer> {
    let front = front::text(text, sizes);
    assert!(!front.has_errors(), "{:?}", front.diagnostics);
    let layers = |model| match model {
        Model::Net(net) => net.layers().cloned().collect::<Vec<_>>(),
        Model::Open(open) => panic!("{} leaves sizes free", open.name),
    };
    front.models.into_iter().flat_map(layers).collect()
}

/// The layers of a suite's specs.
fn layers_of(suite: Suite) -> Vec<Layer> {
    layers(suite.specs, &Sizes::new())
}

/// A layer as its row should be.
fn row(layer: &Layer) -> Row<'_> {
    assert!(layer.bias && layer.batch == 1, "{}", layer.name);
    let axis = |axis: &atrous_compiler::layer::LayerAxis| RowAxis {
        input: axis.input,
        kernel: axis.kernel,
        stride: axis.stride,
        dilation: axis.dilation,
        padding: axis.padding.map(|side| side.try_into().expect("no layer of the suite crops")),
        output_padding: axis.output_padding,
        output: axis.output(layer.transposed),
    };
    Row {
        name: layer.name.strip_prefix(PREFIX).expect("specs of the suite have the prefix"),
        transposed: layer.transposed,
        groups: layer.groups,
        channels_in: layer.input_channels,
        channels_out: layer.output_channels,
        axes: layer.axes.iter().map(axis).collect(),
    }
}

fn macs(layer: &Layer) -> Macs {
    macs::of_layers(&lower::lower(&Net::of_layer(layer.clone())))
}

#[test]
fn the_specs_are_the_table() {
    for suite in suite::ALL {
        let layers = layers_of(suite);
        assert!(layers.len() > 60, "{} layers in {}", layers.len(), suite.name);
        assert_eq!(layers.iter().map(row).collect::<Vec<_>>(), suite.rows(), "{}", suite.name);
    }
}

/// What the harness answers, or why there is no answer.
fn harness(arguments: &[&str]) -> Result<Output, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/bench.py");
    let mut command = Command::new("python3");
    // `-B`: no compiled files beside the sources.
    command.args(["-B", script]).args(arguments).output().map_err(|error| format!("no python3: {error}"))
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_harness_counts_multiply_adds_as_the_compiler_does() {
    for suite in suite::ALL {
        let output = match harness(&["--list", "--suite", suite.name]) {
            Ok(output) => output,
            Err(reason) => return eprintln!("SKIPPED: {reason}"),
        };
        assert!(output.status.success(), "{}", told(&output));
        let line = |layer: &Layer| {
            let macs = macs(layer);
            format!("{}\t{}\t{}\n", &layer.name[PREFIX.len()..], macs.useful, macs.nominal)
        };
        assert_eq!(String::from_utf8_lossy(&output.stdout), layers_of(suite).iter().map(line).collect::<String>());
    }
}

#[test]
fn the_harness_passes_its_own_tests() {
    let numpy = Command::new("python3").args(["-c", "import numpy"]).output();
    if !numpy.is_ok_and(|output| output.status.success()) {
        return eprintln!("SKIPPED: the tests of the harness need python3 with numpy");
    }
    let output = harness(&["--self-test"]).expect("python3 is there");
    assert!(output.status.success(), "{}", told(&output));
}
