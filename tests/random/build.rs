//! Compiles the layers of a file to Rust: those of `layers.conv`, or of the file that `ATROUS_LAYERS` names.

use atrous_compiler::front::{self, Model};
use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "../src/source.rs"]
mod source;

fn main() {
    println!("cargo::rerun-if-env-changed=ATROUS_LAYERS");
    let path = env::var_os("ATROUS_LAYERS").map_or_else(|| PathBuf::from("layers.conv"), PathBuf::from);
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let directory = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
    let (mut modules, mut rows) = (String::new(), String::new());
    for model in front::text(&text, &Default::default()).models {
        let Model::Net(net) = model else { panic!("{}: a layer is open", path.display()) };
        let module = net.name.clone();
        write(&directory.join(format!("{module}.rs")), &source::source(net));
        modules += &format!("mod {module} {{ include!(concat!(env!(\"OUT_DIR\"), \"/{module}.rs\")); }}\n");
        rows += &format!("    ({module:?}, {module}::run),\n");
    }
    let table =
        format!("/// The layers by their names.\npub const COMPILED: &[(&str, compiled::Run)] = &[\n{rows}];\n");
    write(&directory.join("compiled.rs"), &(modules + &table));
    write(&directory.join("layers.conv"), &text);
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
