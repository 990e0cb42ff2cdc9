//! The mistakes in `tests/mistakes`: what is said of each, that every code has one, and that rustc says the same.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use atrous_compiler::codes;
use serde_json::Value;

use crate::sandbox::{Sandbox, plain_environment};

/// One kind of mistake a directory; what is in the last is only warned about.
const KINDS: [&str; 4] = ["text", "layers", "nets", "warnings"];

/// The codes that no small file has by itself.
const NOT_IN_FILES: [&str; 5] =
    [codes::TOO_LONG, codes::MORE_ERRORS, codes::UNKNOWN_SIZE, codes::SIZE_RANGE, codes::UNBOUND_SIZE];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies two levels deep")
}

/// The mistakes of a kind, relative to the workspace, sorted by name.
fn mistakes(kind: &str) -> Vec<PathBuf> {
    let directory = Path::new("tests/mistakes").join(kind);
    let entries = std::fs::read_dir(root().join(&directory)).expect("the directory of a kind");
    let names = entries.map(|entry| directory.join(entry.expect("an entry").file_name()));
    let mut files: Vec<PathBuf> =
        names.filter(|path| path.extension().is_some_and(|ending| ending == "conv")).collect();
    files.sort();
    files
}

/// Runs `atrous check` where the workspace lies, so that its messages name no directory of this machine.
fn check(file: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atrous"));
    plain_environment(&mut command);
    command.current_dir(root()).arg("check").arg(file).args(arguments).output().expect("the binary starts")
}

/// The messages about a file, as machines get them.
fn diagnostics(file: &Path) -> Vec<Value> {
    let output = check(file, &["--message-format", "json"]);
    let lines = std::str::from_utf8(&output.stderr).expect("messages are UTF-8").lines();
    let values = lines.map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    values.filter(|value| value["type"] == "diagnostic").collect()
}

fn explain(kind: &str) -> String {
    let mut told = String::new();
    for file in mistakes(kind) {
        let output = check(&file, &[]);
        let status = if kind == "warnings" { 0 } else { 1 };
        let stderr = String::from_utf8(output.stderr).expect("messages are UTF-8");
        assert_eq!(output.status.code(), Some(status), "{}: {stderr}", file.display());
        assert!(output.stdout.is_empty(), "{} writes to standard output", file.display());
        let name = file.file_stem().expect("a file with a name").to_string_lossy();
        writeln!(told, "──── {name}\n{stderr}").expect("a string takes everything");
    }
    told
}

#[test]
fn mistakes_in_the_text() {
    insta::assert_snapshot!(explain("text"));
}

#[test]
fn mistakes_in_layers() {
    insta::assert_snapshot!(explain("layers"));
}

#[test]
fn mistakes_in_nets() {
    insta::assert_snapshot!(explain("nets"));
}

#[test]
fn what_is_warned_about() {
    insta::assert_snapshot!(explain("warnings"));
}

#[test]
fn every_code_has_a_mistake() {
    let files = KINDS.iter().flat_map(|kind| mistakes(kind));
    let values = files.flat_map(|file| diagnostics(&file));
    let found: BTreeSet<String> = values.filter_map(|value| Some(value["code"].as_str()?.to_string())).collect();
    let listed = codes::ALL.iter().map(|code| code.0).filter(|code| !NOT_IN_FILES.contains(code));
    let missing: Vec<&str> = listed.filter(|code| !found.contains(*code)).collect();
    assert!(missing.is_empty(), "no mistake has the codes {missing:?}");
}

#[test]
fn a_text_may_be_too_long_or_too_wrong() {
    let sandbox = Sandbox::new().file("long.conv", "a".repeat(2 << 20)).file("wrong.conv", "%\n".repeat(100));
    let outcome = sandbox.atrous("check long.conv wrong.conv");
    assert_eq!(outcome.code, 1);
    // The first of the many errors say the same as the last.
    let (start, end) = outcome.stderr.split_once("error[A0103]").expect("a wrong character");
    let last = end.rfind("error[A0103]").expect("many wrong characters");
    insta::assert_snapshot!(format!("{start}[…]\n{}", &end[last..]));
}

#[test]
fn sizes_from_outside_may_be_wrong() {
    let open = "layer a { input: [1, 3, Height, W], channels: 4, kernel: 3, padding: 1 }\n";
    let sandbox = Sandbox::new().file("open.conv", open);
    let mut told = String::new();
    for sizes in ["--size height=4", "--size Z=3 --size Hight=2", "--size W=0", "--size W=3000000000"] {
        let outcome = sandbox.atrous(&format!("check open.conv {sizes}"));
        assert_eq!(outcome.code, 1, "{outcome}");
        write!(told, "$ atrous check open.conv {sizes}\n{}\n", outcome.stderr).expect("a string takes everything");
    }
    insta::assert_snapshot!(told);
}

/// The sources of all mistakes, cut short and with single bytes replaced.
fn broken() -> Vec<Vec<u8>> {
    let sources = KINDS.iter().flat_map(|kind| mistakes(kind)).map(|file| std::fs::read(root().join(file)));
    let sources: Vec<Vec<u8>> = sources.map(|source| source.expect("a mistake is readable")).collect();
    let places = |source: &[u8]| (0..source.len()).step_by(29).collect::<Vec<_>>();
    let cut = |source: &Vec<u8>| places(source).into_iter().map(|end| source[..end].to_vec()).collect::<Vec<_>>();
    let replaced = |source: &Vec<u8>| {
        let replace = |at: usize| [&source[..at], b"\xf0\t}"[at % 3..].as_ref(), &source[at + 1..]].concat();
        places(source).into_iter().map(replace).collect::<Vec<_>>()
    };
    sources.iter().flat_map(|source| [cut(source), replaced(source)].concat()).collect()
}

#[test]
fn no_source_is_too_broken() {
    let broken = broken();
    assert!(broken.len() > 1000);
    let mut sandbox = Sandbox::new();
    for (number, source) in broken.iter().enumerate() {
        sandbox = sandbox.file(&format!("{number}.conv"), source);
    }
    let names: Vec<String> = (0..broken.len()).map(|number| format!("{number}.conv")).collect();
    let outcome = sandbox.atrous(&format!("check {}", names.join(" ")));
    assert_eq!(outcome.code, 1, "{}", outcome.stderr);
    let last = outcome.stderr.lines().rfind(|line| !line.starts_with("`atrous explain")).unwrap_or_default();
    assert!(last.contains(&format!("{}.conv", broken.len() - 1)), "not the last file: {last}");
}

/// What rustc says of a mistake that is made in a macro too, and how many lines stand above its text there.
fn in_macro(file: &Path) -> Option<(String, u64)> {
    let stderr = std::fs::read_to_string(root().join(file.with_extension("stderr"))).ok()?;
    let text = std::fs::read_to_string(root().join(file)).expect("a mistake is readable");
    let rust = std::fs::read_to_string(root().join(file.with_extension("rs"))).expect("a mistake as Rust");
    let above = rust[..rust.find(&text).expect("the same text")].lines().count();
    Some((stderr, above as u64))
}

/// The macro gets the same text some lines further down, so rustc marks the same column.
#[test]
fn rustc_says_the_same_of_the_same_token() {
    let mut compared = 0;
    for file in KINDS.iter().flat_map(|kind| mistakes(kind)) {
        let Some((stderr, above)) = in_macro(&file) else { continue };
        compared += 1;
        let rust = file.with_extension("rs");
        let rust = rust.strip_prefix("tests/mistakes").expect("a mistake").display();
        for value in diagnostics(&file) {
            let told = |name: &str| value[name].as_str().unwrap_or_default();
            let number = |name: &str| value[name].as_u64().expect("a number");
            let message = format!("{}: {}", told("code"), told("message"));
            let place = format!("--> {rust}:{}:{}", number("line") + above, number("column"));
            let is_same = |block: &str| {
                let is_there = block.lines().any(|line| line.trim() == place);
                is_there && block.contains(&message) && block.contains(told("help"))
            };
            assert!(stderr.split("\n\n").any(is_same), "rustc does not say this at {place}:\n{value}\nbut:\n{stderr}");
        }
    }
    assert!(compared >= 20, "only {compared} mistakes are made in macros");
}
