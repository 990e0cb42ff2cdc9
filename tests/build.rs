//! Compiles every spec to Rust in both memory orders, and ONNX's tests in the order that they have, all for all targets:
//! for the comparison with the other executors.

use atrous_compiler::layer::Layout;
use atrous_compiler::net::Net;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "src/specs.rs"]
#[allow(dead_code)]
mod specs;

#[path = "src/onnx.rs"]
#[allow(dead_code)]
mod onnx;

#[path = "src/source.rs"]
mod source;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    for path in ["tests/src/specs.rs", "tests/src/onnx.rs", "tests/src/source.rs", "tests/onnx/nodes.json", "specs"] {
        println!("cargo::rerun-if-changed={}", specs::root().join(path).display());
    }
    if env::var_os("CARGO_FEATURE_COMPILED").is_none() {
        return;
    }
    let directory = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
    let (mut modules, mut rows) = (String::new(), String::new());
    for (name, net) in nets() {
        let layout = net.layout;
        let module = format!("{name}_{layout:?}").to_lowercase();
        write(&directory.join(format!("{module}.rs")), &source::source(net));
        modules += &format!("mod {module} {{ include!(concat!(env!(\"OUT_DIR\"), \"/{module}.rs\")); }}\n");
        rows += &format!("    ({name:?}, Layout::{layout:?}, {module}::run),\n");
    }
    let table = format!("pub const COMPILED: &[(&str, Layout, Run)] = &[\n{rows}];\n");
    write(&directory.join("compiled.rs"), &(modules + &table));
}

/// What is compiled, with its name in the table.
fn nets() -> Vec<(String, Net)> {
    let in_both_layouts = |spec: specs::Spec| {
        [Layout::Nchw, Layout::Nhwc].map(|layout| (spec.name.clone(), spec.net().with_layout(layout)))
    };
    let of_node = |node: onnx::Node| {
        let net = specs::parse(&node.spec(), &Default::default());
        (node.name.clone(), net.unwrap_or_else(|error| panic!("{}: {error}", node.name)))
    };
    specs::all().into_iter().flat_map(in_both_layouts).chain(onnx::all().into_iter().map(of_node)).collect()
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
