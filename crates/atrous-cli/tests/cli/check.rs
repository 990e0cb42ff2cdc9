use crate::sandbox::{Outcome, Sandbox};

const GOOD: &str = "layer good { input: [1, 3, 8, 8], channels: 4, kernel: 3 }\n";

const BAD: &str = "\
layer first {
    input: [1, 3, 8, 8],
    channels: 4,
    kernal: 3,
}

layer second {
    input: [1, 3, 8, 8],
    channels: 4,
    kernel: 3,
    groups: 2,
}
";

const OPEN: &str = "net open {
    input image: [1, 3, H, W];
    a = conv(image) { channels: 4, kernel: 3, stride: 2 };
    output a;
}
";

const UNUSED: &str = "net unused {
    input image: [1, 3, 8, 8];
    a = conv(image) { channels: 4, kernel: 3 };
    b = conv(image) { channels: 4, kernel: 3 };
    output a;
}
";

fn check(text: &str, arguments: &str) -> Outcome {
    let outcome = Sandbox::new().file("a.conv", text).atrous(&format!("check a.conv {arguments}"));
    assert!(outcome.stdout.is_empty(), "messages go to standard error: {outcome}");
    outcome
}

#[test]
fn a_good_spec_is_called_good() {
    insta::assert_snapshot!(check(&[GOOD, OPEN].concat(), ""));
}

#[test]
fn free_sizes_may_be_bound() {
    insta::assert_snapshot!(check(OPEN, "--size H=2 --size W=9"));
}

#[test]
fn all_errors_are_told_and_counted() {
    let outcome = check(BAD, "");
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!(outcome);
}

#[test]
fn machines_get_an_object_per_line() {
    for text in [BAD, UNUSED, GOOD] {
        let outcome = check(text, "--message-format json");
        for line in outcome.stderr.lines() {
            let value: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
            assert!(value.get("type").is_some_and(serde_json::Value::is_string), "{line}");
        }
        if text == UNUSED {
            insta::assert_snapshot!(outcome);
        }
    }
}

#[test]
fn warnings_fail_only_when_denied() {
    assert_eq!(check(UNUSED, "").code, 0);
    let outcome = check(UNUSED, "--deny warnings");
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!(outcome);
}

#[test]
fn every_file_is_checked() {
    let sandbox =
        Sandbox::new().file("good.conv", GOOD).file("bad.conv", "layer a {").file("binary.conv", b"layer \xff");
    std::fs::create_dir(sandbox.path("directory.conv")).expect("a directory");
    let outcome = sandbox.atrous("check bad.conv binary.conv missing.conv directory.conv good.conv");
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!(outcome);
}

#[test]
fn standard_input_is_a_file() {
    let outcome = Sandbox::new().atrous_with_input("check -", BAD.as_bytes());
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.contains("--> <stdin>:4:5"), "{outcome}");
    assert!(outcome.stderr.lines().any(|line| line.ends_with("in <stdin>")), "{outcome}");
}

#[test]
fn an_empty_file_is_told() {
    for text in ["", "\n", "// nothing here\n"] {
        let outcome = check(text, "");
        assert!(!outcome.stderr.is_empty() && outcome.code < 2, "{outcome}");
    }
}

#[test]
fn messages_are_plain_when_no_terminal_reads_them() {
    let sandbox = Sandbox::new().file("a.conv", BAD);
    let is_styled = |variables: &[(&str, &str)]| {
        let mut command = sandbox.command("check a.conv");
        let output = command.envs(variables.iter().copied()).output().expect("the binary starts");
        output.stderr.contains(&0x1b)
    };
    assert!(!is_styled(&[]));
    assert!(is_styled(&[("CLICOLOR_FORCE", "1")]));
    assert!(!is_styled(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

/// Programs see of which file an error is, and which files have none.
#[test]
fn files_with_slow_layers_are_not_called_good() {
    let slow = "layer long { input: [1, 3, 64], channels: 3, kernel: 63, padding: 31, bias }\n";
    let sandbox = Sandbox::new().file("slow.conv", slow).file("good.conv", GOOD).file("open.conv", OPEN);
    for deny in ["slow", "warnings"] {
        let outcome =
            sandbox.atrous(&format!("check slow.conv good.conv open.conv --deny {deny} --message-format json"));
        assert_eq!(outcome.code, 1, "{outcome}");
        let lines = outcome.stderr.lines().map(|line| serde_json::from_str(line).expect("a line is JSON"));
        let lines: Vec<serde_json::Value> = lines.collect();
        let files = |is: &dyn Fn(&serde_json::Value) -> bool| -> Vec<&str> {
            lines.iter().filter(|line| is(line)).map(|line| line["file"].as_str().expect("a file")).collect()
        };
        assert_eq!(files(&|line| line["severity"] == "error"), ["slow.conv"; 4], "{outcome}");
        assert_eq!(files(&|line| line["type"] == "checked"), ["good.conv", "open.conv"], "{outcome}");
    }
}
