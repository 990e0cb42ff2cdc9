//! The suite is what its table says, and the harness counts as the compiler does.

use atrous_bench::suite::{self, PREFIX, Row, RowAxis};
use atrous_compiler::front::{self, Model, Sizes};
use atrous_compiler::{Layer, Net, ir, lower};
use std::process::{Command, Output};

/// The layers of the specs, in order.
fn layers() -> Vec<Layer> {
    let front = front::text(suite::SPECS, &Sizes::new());
    assert!(!front.has_errors(), "{:?}", front.diagnostics);
    let layer = |model| match model {
        Model::Net(net) => net.layers().next().expect("a layer").clone(),
        Model::Open(open) => panic!("{} leaves sizes free", open.name),
    };
    front.models.into_iter().map(layer).collect()
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

#[test]
fn the_specs_are_the_table() {
    let layers = layers();
    assert!(layers.len() > 60, "{} layers", layers.len());
    assert_eq!(layers.iter().map(row).collect::<Vec<_>>(), suite::rows());
}

/// What the harness answers, or why there is no answer.
fn harness(argument: &str) -> Result<Output, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/bench.py");
    let mut command = Command::new("python3");
    // `-B`: no compiled files beside the sources.
    command.args(["-B", script, argument]).output().map_err(|error| format!("no python3: {error}"))
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_harness_counts_multiply_adds_as_the_compiler_does() {
    let output = match harness("--list") {
        Ok(output) => output,
        Err(reason) => return eprintln!("SKIPPED: {reason}"),
    };
    assert!(output.status.success(), "{}", told(&output));
    let line = |layer: &Layer| {
        let macs = ir::macs::of_layers(&lower::lower(&Net::of_layer(layer.clone())));
        format!("{}\t{}\t{}\n", &layer.name[PREFIX.len()..], macs.useful, macs.nominal)
    };
    assert_eq!(String::from_utf8_lossy(&output.stdout), layers().iter().map(line).collect::<String>());
}

#[test]
fn the_harness_passes_its_own_tests() {
    let numpy = Command::new("python3").args(["-c", "import numpy"]).output();
    if !numpy.is_ok_and(|output| output.status.success()) {
        return eprintln!("SKIPPED: the tests of the harness need python3 with numpy");
    }
    let output = harness("--self-test").expect("python3 is there");
    assert!(output.status.success(), "{}", told(&output));
}
