//! Mistakes in `atrous::conv!`, and what rustc says of them.
//!
//! The mistakes themselves are the `.conv` files beside this directory; `atrous check` is tested on all of them. Those
//! that are listed here are made in a macro as well, in a `.rs` file of the same text.
//!
//! `ATROUS_BLESS=1` writes the `.rs` files anew, `TRYBUILD=overwrite` the `.stderr` files: read the difference then.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The minor version of rustc whose words and drawings the `.stderr` files have.
const WRITTEN_WITH: &str = "1.95";

/// The mistakes that are made in a macro too, by directory.
#[rustfmt::skip]
const IN_MACROS: &[(&str, &[&str])] = &[
    ("text", &[
        "call_instead_of_fields", "colon_in_net", "equals_in_field", "hex_size", "hyphen_in_name", "keyword_as_name",
        "missing_comma", "missing_semicolon", "nameless_input", "number_with_type", "sizes_joined_by_x", "star_between_sizes",
        "tuples", "unknown_item",
    ]),
    ("layers", &[
        "batch_left_out", "clamp_backwards", "depthwise_channels", "dilated_kernel_too_large", "free_channels",
        "groups_do_not_divide", "kernel_larger_than_input", "leaky_relu_without_slope", "missing_fields",
        "misspelt_field", "onnx_pads", "output_padding_too_large", "output_padding_without_transposed",
        "output_size_out_of_reach", "pytorch_names", "reflect_wider_than_input", "repeated_field", "several_errors",
        "two_activations", "unknown_words", "zero_sizes",
    ]),
    ("nets", &[
        "conv_of_two", "errors_do_not_cascade", "layer_twice", "no_output", "residual_shrinks", "undefined_value",
        "unknown_operation", "used_before_defined", "value_twice",
    ]),
    ("warnings", &["padding_beyond_kernel", "unused_step"]),
];

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn in_macros() -> impl Iterator<Item = PathBuf> {
    IN_MACROS.iter().flat_map(|(kind, names)| names.iter().map(move |name| Path::new(kind).join(name)))
}

/// A program that has a spec in the macro.
fn program(mistake: &Path) -> String {
    let name = mistake.file_name().expect("a mistake has a name").display();
    // Warnings are uses of something deprecated; errors are what trybuild looks at.
    let deny = if mistake.starts_with("warnings") { "#![deny(deprecated)]\n" } else { "" };
    let text = read(&here().join(mistake).with_extension("conv"));
    format!("// Made of {name}.conv by ATROUS_BLESS=1.\n{deny}atrous::conv! {{\n{text}}}\n\nfn main() {{}}\n")
}

#[test]
fn macros_and_files_make_the_same_mistakes() {
    let bless = std::env::var_os("ATROUS_BLESS").is_some();
    let mut different = Vec::new();
    for mistake in in_macros() {
        let (path, program) = (here().join(&mistake).with_extension("rs"), program(&mistake));
        if bless {
            fs::write(&path, program).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        } else if fs::read_to_string(&path).ok() != Some(program) {
            different.push(path);
        }
    }
    assert!(different.is_empty(), "not of the same text: {different:?}; ATROUS_BLESS=1 writes them anew");
}

#[test]
fn every_program_is_a_mistake_that_is_listed() {
    for (kind, names) in IN_MACROS {
        for entry in fs::read_dir(here().join(kind)).expect("the directory of a kind") {
            let path = entry.expect("an entry").path();
            let name = path.file_stem().expect("a file with a name").to_string_lossy().into_owned();
            let is_listed = path.extension().is_some_and(|ending| ending == "conv") || names.contains(&name.as_str());
            assert!(is_listed, "{} belongs to no mistake that is listed", path.display());
        }
    }
}

/// Why the words of rustc are not compared, if they are not.
fn other_rustc() -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("rustc starts");
    let version = String::from_utf8_lossy(&output.stdout).trim().to_string();
    let is_same = version.starts_with(&format!("rustc {WRITTEN_WITH}."));
    (!is_same).then(|| format!("skipped: the messages are those of rustc {WRITTEN_WITH}, and this is {version}"))
}

/// Puts the specs where the manifest of the programs is going to be.
fn place_specs() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a directory in the target directory");
    let specs = target.join("tests/trybuild").join(env!("CARGO_PKG_NAME")).join("specs");
    fs::create_dir_all(&specs).expect("a directory for the specs");
    for entry in fs::read_dir(here().join("specs")).expect("the specs") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), specs.join(entry.file_name()));
        // A file that has not changed keeps its time, and what is made of it.
        if fs::read(&to).ok() != fs::read(&from).ok() {
            fs::copy(&from, &to).unwrap_or_else(|error| panic!("{}: {error}", to.display()));
        }
    }
}

#[test]
fn mistakes_are_explained_by_rustc() {
    if let Some(reason) = other_rustc() {
        eprintln!("{reason}");
        return;
    }
    place_specs();
    let tests = trybuild::TestCases::new();
    in_macros().for_each(|mistake| tests.compile_fail(mistake.with_extension("rs")));
    tests.compile_fail("macro/*.rs");
}

#[test]
fn good_programs_compile_and_run() {
    place_specs();
    trybuild::TestCases::new().pass("good/*.rs");
}
