//! `docs/messages.md`: that its examples are what the command prints, and its tables what is in every object.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sandbox::Sandbox;

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/messages.md")
}

fn document() -> String {
    std::fs::read_to_string(path()).expect("the document")
}

/// The content of a block of a console with what the commands write now.
fn played(block: &str) -> String {
    let mut sandbox = Sandbox::new();
    let mut now = String::new();
    for part in block.split("$ ").skip(1) {
        let (command, text) = part.split_once('\n').expect("a command is a line");
        let text = match (command.strip_prefix("cat "), command.strip_prefix("atrous ")) {
            (Some(name), _) => {
                sandbox = sandbox.file(name, text);
                text.to_string()
            }
            (_, Some(arguments)) => sandbox.atrous(arguments).stderr,
            _ => panic!("`{command}` is neither a file nor a command"),
        };
        now += &format!("$ {command}\n{text}");
    }
    now
}

/// `ATROUS_BLESS=1` writes what is said into the document.
#[test]
fn examples_are_what_is_printed() {
    const START: &str = "```console\n";
    let document = document();
    let (before, behind) = document.split_once(START).expect("an example");
    let (block, after) = behind.split_once("```\n").expect("a block that ends");
    assert!(!after.contains(START), "one example is played");
    let now = format!("{before}{START}{}```\n{after}", played(block));
    if std::env::var_os("ATROUS_BLESS").is_some() {
        std::fs::write(path(), &now).expect("the document can be written");
    } else {
        assert_eq!(document, now);
    }
}

/// The JSON type of each field, by the type of the object.
fn tables(document: &str) -> BTreeMap<String, BTreeMap<String, String>> {
    let sections = document.split("\n## `").skip(1);
    let section = |section: &str| {
        let (name, text) = section.split_once('`').expect("a type");
        let rows = text.lines().filter(|line| line.starts_with("| `"));
        let row = |row: &str| {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            (cells[1].trim_matches('`').to_string(), cells[2].to_string())
        };
        (name.to_string(), rows.map(row).collect())
    };
    sections.map(section).collect()
}

fn has_type(value: &Value, wanted: &str) -> bool {
    let all = |value: &Value, is: fn(&Value) -> bool| value.as_array().is_some_and(|list| list.iter().all(is));
    match wanted {
        "string" => value.is_string(),
        "string or null" => value.is_string() || value.is_null(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "list of strings" => all(value, Value::is_string),
        "list of objects" => all(value, Value::is_object),
        _ => panic!("`{wanted}` is no type"),
    }
}

#[test]
fn tables_have_every_field() {
    const NET: &str = "net two { input x: [1, 1, 9]; y = conv(x) { channels: 4, kernel: 3 }; z = conv(y) { channels: 1, kernel: 3 }; output z; }\n";
    let sandbox = Sandbox::new().file("two.conv", NET).file("bad.conv", "layer a { kernal: 3 %, dilation: 2 }\nlayer");
    let commands = [
        "check two.conv",
        "check bad.conv missing.conv",
        "fmt --check two.conv",
        "fmt two.conv",
        "run two.conv --weights random:1 --input random:2 -o out.npy",
        "bench two.conv --rounds 1",
        "tune two.conv --rounds 1 --candidates 2 --cache cache.json",
        "bench two.conv --rounds 1 --tuned=missing.json",
    ];
    let tables = tables(&document());
    let mut seen = BTreeSet::new();
    for command in commands {
        let outcome = sandbox.atrous(&format!("{command} --message-format json"));
        let results = if command.starts_with("bench") { outcome.stdout() } else { "" };
        for line in outcome.stderr.lines().chain(results.lines()) {
            let Value::Object(object) = serde_json::from_str(line).expect("an object per line") else {
                panic!("{line} is no object")
            };
            let name = object["type"].as_str().expect("a type");
            let table = tables.get(name).unwrap_or_else(|| panic!("the document has no `{name}`: {line}"));
            let fields: BTreeSet<&String> = object.keys().collect();
            assert_eq!(fields, table.keys().collect(), "{line}");
            let wrong = object.iter().find(|(field, value)| !has_type(value, &table[*field]));
            assert_eq!(wrong, None, "{line}");
            seen.insert(name.to_string());
        }
    }
    assert_eq!(seen, tables.into_keys().collect(), "these types are in the document");
}

#[test]
fn a_command_line_that_cannot_be_read_is_told_as_text() {
    let outcome = Sandbox::new().atrous("check --frobnicate --message-format json");
    assert!(outcome.code == 2 && outcome.stderr.starts_with("error: "), "{outcome}");
}
