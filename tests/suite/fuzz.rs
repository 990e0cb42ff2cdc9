//! What fuzzing checks, on inputs that are kept: those that were wrong once, and those that fuzzing starts from.

use atrous_tests::data::Random;
use atrous_tests::{fuzz, specs};
use std::path::Path;

/// Runs a check on every file of a directory; the last that is printed is one that fails.
fn for_files(directory: &str, check: fn(&[u8])) {
    let paths = specs::all_files(&specs::root().join(directory));
    assert!(!paths.is_empty(), "no files in {directory}");
    for path in paths {
        println!("{}", path.display());
        check(&read(&path));
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn texts() {
    for_files("tests/fuzz/text", fuzz::text);
    for_files("specs", fuzz::text);
}

#[test]
fn files_of_tensors() {
    for_files("tests/fuzz/tensors", fuzz::tensors);
}

#[test]
fn nets_from_any_bytes() {
    let mut random = Random(1);
    let tried = (0..60).filter(|_| {
        let bytes: Vec<u8> = (0..160).map(|_| random.bits() as u8).collect();
        fuzz::pipeline(&bytes)
    });
    assert!(tried.count() > 20, "most nets are too large");
    assert!(fuzz::pipeline(&[]), "no bytes are the plain layer");
}
