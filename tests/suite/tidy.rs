//! The order of the repository.

use crate::golden::{self, LEVELS};
use atrous_tests::specs::{self, Spec};
use std::collections::BTreeSet;

/// More lines than this make a file hard to hold in mind.
const MOST_LINES: usize = 500;

#[test]
fn every_spec_says_why_it_exists() {
    let silent: Vec<String> =
        specs::all().into_iter().filter(|spec| !spec.text.starts_with("// ")).map(|spec| spec.name).collect();
    assert!(silent.is_empty(), "no comment at the start of {}", silent.join(", "));
}

#[test]
fn names_of_specs_are_unique_identifiers() {
    let mut names = BTreeSet::new();
    for Spec { name, path, .. } in specs::all() {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        assert!(name.bytes().all(plain), "{}: the name is not a plain identifier", path.display());
        assert!(names.insert(name), "{}: another spec has this name", path.display());
    }
    for (name, _) in specs::SIZES {
        assert!(names.contains(*name), "sizes are given for {name}, which is no spec");
    }
}

#[test]
fn every_snapshot_belongs_to_a_spec_and_level() {
    let mut wanted = BTreeSet::new();
    for spec in specs::all() {
        let has_snapshot = LEVELS.iter().filter(|(_, of)| golden::text(&spec, *of).is_some());
        wanted.extend(has_snapshot.map(|(level, _)| format!("{}.{level}.snap", spec.name)));
    }
    let file_name = |path: std::path::PathBuf| path.file_name().expect("a file").to_string_lossy().into_owned();
    let found = specs::files(&specs::root().join("tests/snapshots"), "snap").into_iter().map(file_name);
    let found: BTreeSet<String> = found.collect();
    let orphans: Vec<&String> = found.difference(&wanted).collect();
    assert!(orphans.is_empty(), "delete these snapshots: {orphans:?}");
    let missing: Vec<&String> = wanted.difference(&found).collect();
    assert!(missing.is_empty(), "these snapshots are not there: {missing:?}; INSTA_UPDATE=always makes them");
}

#[test]
fn no_source_file_is_too_long() {
    let directories = ["crates", "tests"].map(|directory| specs::root().join(directory));
    let long = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.lines().count() > MOST_LINES
    };
    let files = directories.iter().flat_map(|directory| specs::files(directory, "rs"));
    let long: Vec<_> = files.filter(long).collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines: {long:?}");
}
