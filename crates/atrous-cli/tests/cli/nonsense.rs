//! Every way to ask for nonsense: command lines by kind, and what is said of each.
//!
//! Specs with mistakes are files of their own, in `mistakes`.

mod arrays;
mod memory;
mod options;
mod outputs;
mod pictures;
mod sizes;
mod specs;
mod weights;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::sandbox::{Outcome, Sandbox};

/// A directory with good files, to which a kind of nonsense adds bad ones.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_good_files().file("text.txt", "hello, world").file("empty", "");
    std::fs::create_dir(sandbox.path("directory")).expect("a directory");
    sandbox
}

/// What is in a directory, with what is in its directories: names and contents.
fn contents(directory: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let entries = std::fs::read_dir(directory).expect("the directory").map(|entry| entry.expect("an entry").path());
    let of = |path: PathBuf| match path.is_dir() {
        true => [(path.clone(), None)].into_iter().chain(contents(&path)).collect::<Vec<_>>(),
        false => vec![(path.clone(), std::fs::read(&path).ok())],
    };
    entries.flat_map(of).collect()
}

/// Runs `VARIABLE=value … arguments < standard input`.
fn outcome(sandbox: &Sandbox, line: &str) -> Outcome {
    let (line, input) = line.split_once(" < ").unwrap_or((line, ""));
    let is_variable = |word: &&str| word.split_once('=').is_some_and(|(name, _)| name.starts_with("ATROUS_"));
    let variables: Vec<&str> = line.split_whitespace().take_while(is_variable).collect();
    let arguments: Vec<&str> = line.split_whitespace().skip(variables.len()).collect();
    let mut command = sandbox.command(&arguments.join(" "));
    command.envs(variables.iter().filter_map(|variable| variable.split_once('='))).stdin(Stdio::piped());
    Outcome::of(command, input.as_bytes())
}

/// What is said of each command line. All of them fail, write nothing to standard output, and leave all files as they
/// are.
fn told(sandbox: &Sandbox, command_lines: &[&str]) -> String {
    let mut told = String::new();
    for line in command_lines {
        let before = contents(&sandbox.path("."));
        let outcome = outcome(sandbox, line);
        assert!([1, 2].contains(&outcome.code), "{line}: {outcome}");
        assert!(outcome.stdout.is_empty(), "{line}: {outcome}");
        assert!(outcome.stderr.starts_with("error"), "{line}: {outcome}");
        assert!(contents(&sandbox.path(".")) == before, "{line} changes files");
        told += &format!("──── {line}\nexit status {}\n{}\n", outcome.code, outcome.stderr.trim_end());
        told += "\n";
    }
    told.replace(&sandbox.path(".").display().to_string().replace("/.", ""), "[directory]")
}

/// The cases of a snapshot.
fn cases(snapshot: &Path) -> usize {
    let text = std::fs::read_to_string(snapshot).expect("a snapshot");
    text.lines().filter(|line| line.starts_with("──── ")).count()
}

/// A case is a line of a snapshot that starts with `────`: the name of a spec with a mistake, or a command line. Below it
/// stands all that is said of it, word for word. What is only warned about is not counted.
#[test]
fn there_is_enough_nonsense() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let directories = ["snapshots", "nonsense/snapshots"].map(|name| directory.join(name));
    let entries = directories.iter().flat_map(|path| std::fs::read_dir(path).expect("a directory of snapshots"));
    let snapshots: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    let is_kind =
        |path: &&PathBuf, start: &str| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start));
    let count =
        |start: &str| -> usize { snapshots.iter().filter(|path| is_kind(path, start)).map(|path| cases(path)).sum() };
    for (start, least) in [
        ("cli__mistakes__mistakes_in_the_text", 40),
        ("cli__mistakes__mistakes_in_layers", 55),
        ("cli__mistakes__mistakes_in_nets", 23),
        ("cli__nonsense__specs", 20),
        ("cli__nonsense__sizes", 15),
        ("cli__nonsense__weights", 30),
        ("cli__nonsense__arrays", 30),
        ("cli__nonsense__pictures", 15),
        ("cli__nonsense__outputs", 15),
        ("cli__nonsense__memory", 8),
        ("cli__nonsense__options", 40),
    ] {
        assert!(count(start) >= least, "{start} has {} cases", count(start));
    }
    let all = count("cli__nonsense__") + count("cli__mistakes__mistakes_");
    assert!(all >= 250, "only {all} cases");
}
