//! `explain` of codes, and that what the stories of codes show is what happens.

use std::path::{Path, PathBuf};
use std::process::Command;

use atrous_cli::report::human;
use atrous_cli::source::Source;
use atrous_compiler::front::{self, Model, Sizes};
use atrous_compiler::{Diagnostic, Span, codes};

use crate::sandbox::{Sandbox, plain_environment};

/// The blocks of a story that start so, without their fences.
fn blocks<'a>(story: &'a str, start: &str) -> Vec<&'a str> {
    let behind = story.split(start).skip(1);
    behind.map(|rest| rest.split_once("```\n").expect("a block that ends").0).collect()
}

/// A story with what is said of its wrong spec, or of its commands.
fn told(code: &str, story: &str) -> String {
    const TEXT: &str = "\n```text\n";
    match story.split_once(TEXT) {
        Some((before, behind)) => {
            let spec = blocks(before, "\n```conv wrong\n")[0];
            let (_, after) = behind.split_once("```\n").expect("a block that ends");
            format!("{before}{TEXT}{}```\n{after}", message(code, spec))
        }
        None => blocks(story, "\n```console ").into_iter().fold(story.to_string(), |story, block| {
            let (form, content) = block.split_once('\n').expect("`wrong` or `right`");
            let line = content.lines().next().expect("a command");
            story.replace(block, &format!("{form}\n{line}\n{}", run(line.trim_start_matches("$ "))))
        }),
    }
}

/// What the command says of a spec; of free sizes, what rustc says of the macro.
fn message(code: &str, spec: &str) -> String {
    let front = front::text(spec, &Sizes::new());
    let source = Source { name: "wrong.conv".to_string(), bytes: spec.as_bytes().to_vec() };
    let draw = |diagnostic| human::Text::new(&source).render(diagnostic);
    let drawn: Vec<String> = front.diagnostics.iter().map(draw).collect();
    if code == codes::UNBOUND_SIZE {
        let Some(Model::Open(open)) = front.models.first() else { panic!("{code}: no size is free") };
        let help = format!("write numbers for {} in its inputs", open.free.join(", "));
        let Diagnostic { message, help, .. } = open.unbound(Span { start: 0, end: 0 }, &help);
        return format!("error: {code}: {message}\n  help: {}\n", help.unwrap_or_default());
    }
    anstream::adapter::strip_str(&drawn.join("\n\n")).to_string() + "\n"
}

/// Runs a line of a shell, and gives what it writes.
fn run(line: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_atrous"));
    let mut path = binary.parent().expect("a directory").as_os_str().to_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let mut shell = Command::new("sh");
    plain_environment(&mut shell);
    let output = shell.args(["-c", &format!("{{ {line}; }} 2>&1")]).env("PATH", path).output().expect("a shell");
    let text = String::from_utf8(output.stdout).expect("messages are UTF-8");
    let is_hint = |line: &&str| line.starts_with("`atrous explain ");
    text.lines().filter(|line| !is_hint(line)).map(|line| format!("{line}\n")).collect()
}

fn file(code: &str) -> PathBuf {
    let compiler = Path::new(env!("CARGO_MANIFEST_DIR")).join("../atrous-compiler/src/codes");
    compiler.join(format!("{code}.md"))
}

/// `ATROUS_BLESS=1` writes what is said into the stories.
#[cfg(unix)]
#[test]
fn stories_show_what_is_said() {
    let bless = std::env::var_os("ATROUS_BLESS").is_some();
    for (code, _) in codes::ALL {
        let path = file(code);
        let story = std::fs::read_to_string(&path).expect("a story");
        let told = told(code, &story);
        if bless {
            std::fs::write(&path, &told).expect("a story can be written");
        }
        assert!(bless || told == story, "{} should be\n{told}", path.display());
        let commands = blocks(&told, "\n```console ");
        assert!(commands.is_empty() || commands.len() == 2, "{code}");
        for command in commands {
            let is_wrong = command.starts_with("wrong\n");
            assert!(is_wrong || command.starts_with("right\n"), "{code}");
            assert_eq!(command.contains(&format!("error[{code}]")), is_wrong, "{command}");
            assert!(is_wrong || !command.contains("error["), "{command}");
        }
    }
}

#[test]
fn a_code_has_a_story() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.atrous("explain A0204");
    assert_eq!(outcome.stdout(), codes::story("A0204").expect("a story"));
    insta::assert_snapshot!(outcome.ok());
    assert_eq!(sandbox.atrous("explain a0204").ok().stdout(), codes::story("A0204").expect("a story"));
}

#[test]
fn all_codes_are_listed() {
    let outcome = Sandbox::new().atrous("explain codes").ok();
    assert_eq!(outcome.stdout().lines().count(), codes::ALL.len());
    assert!(outcome.stdout().contains("\nA0204  The output padding is not smaller than the stride or the dilation.\n"));
}

#[test]
fn the_first_error_is_hinted_at() {
    const WARNING: &str = "layer a { input: [1, 3, 8], channels: 4, kernel: 1, dilation: 2 }\n";
    const ERROR: &str = "layer a { input: [1, 3, 8], channels: 4, kernal: 1 }\n";
    let sandbox = Sandbox::new().file("warning.conv", WARNING).file("error.conv", ERROR).file("empty.conv", "");
    for (files, code) in [
        ("warning.conv", Some("A0902")),
        ("error.conv", Some("A0201")),
        ("warning.conv error.conv empty.conv", Some("A0201")),
        ("missing.conv", None),
    ] {
        let outcome = sandbox.atrous(&format!("check {files}"));
        let hints: Vec<&str> = outcome.stderr.lines().filter(|line| line.contains("atrous explain")).collect();
        let expected: Vec<String> = code.iter().map(|code| format!("`atrous explain {code}` tells more")).collect();
        assert_eq!(hints, expected, "{outcome}");
        assert!(code.is_none() || outcome.stderr.ends_with("tells more\n"), "{outcome}");
        assert!(!sandbox.atrous(&format!("check {files} --message-format json")).stderr.contains("atrous explain"));
    }
}
