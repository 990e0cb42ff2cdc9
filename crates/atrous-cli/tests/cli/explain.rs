//! `explain` of specs, and what `--deny slow` makes of slow layers in all commands.

use serde_json::Value;

use crate::sandbox::{Outcome, Sandbox};

const TRANSPOSED: &str =
    "layer up { input: [1, 8, 10, 12], channels: 3, kernel: 4, stride: 2, padding: 1, transposed, bias, tanh }\n";

const DILATED: &str =
    "layer rate { input: [1, 16, 33, 33], channels: 24, kernel: 3, padding: 12, dilation: 12, bias, relu }\n";

const DEPTHWISE: &str =
    "layer each { input: [1, 20, 14, 15], channels: 20, kernel: [3, 5], stride: [1, 2], padding: [1, 2], depthwise }\n";

const BRANCHES: &str = "net branches {
    input image: [1, 4, 16, 20];
    input mask: [1, 4, 8, 10];
    half = conv(image) { channels: 4, kernel: 3, stride: 2, padding: 1, padding_mode: reflect, bias, relu };
    wide = conv(half) { channels: 4, kernel: 3, padding: 2, dilation: 2 };
    gated = mul(wide, mask) { sigmoid };
    sum = add(gated, half);
    whole = conv(sum) { channels: 2, kernel: 4, stride: 2, padding: 1, transposed, bias };
    output whole, sum;
}
";

/// Most outputs are at a border, and three channels are no vector.
const SLOW: &str = "layer long { input: [1, 3, 64], channels: 3, kernel: 63, padding: 31, bias }\n";

fn explain(text: &str, arguments: &str) -> Outcome {
    Sandbox::new().file("a.conv", text).atrous(&format!("explain a.conv {arguments}"))
}

#[test]
fn people_get_a_page() {
    for (name, text) in [
        ("transposed", TRANSPOSED),
        ("dilated", DILATED),
        ("depthwise", DEPTHWISE),
        ("branches", BRANCHES),
        ("slow", SLOW),
    ] {
        let outcome = explain(text, "--target avx512").ok();
        assert!(outcome.stderr.is_empty(), "{outcome}");
        assert!(outcome.stdout().lines().all(|line| line.chars().count() <= 100), "{outcome}");
        insta::assert_snapshot!(format!("text_of_{name}"), outcome.stdout());
    }
    insta::assert_snapshot!(explain(TRANSPOSED, "--target portable --layout nhwc").ok().stdout());
}

#[test]
fn programs_get_json() {
    for (name, text) in [("transposed", TRANSPOSED), ("slow", SLOW)] {
        insta::assert_snapshot!(format!("json_of_{name}"), explain(text, "--target avx512 --json").ok().stdout());
    }
    let several = format!("{TRANSPOSED}{BRANCHES}{DILATED}");
    let all: Value = serde_json::from_str(explain(&several, "--json").ok().stdout()).expect("JSON");
    let names: Vec<_> = all.as_array().expect("an array").iter().map(|net| net["net"].clone()).collect();
    assert_eq!(names, ["up", "branches", "rate"]);
    let one: Value = serde_json::from_str(explain(&several, "--json --net rate").ok().stdout()).expect("JSON");
    assert_eq!(one[0], all[2]);
}

#[test]
fn steps_that_nothing_needs_are_left_out() {
    let text = "net n {\n    input x: [1, 1, 8];\n    a = conv(x) { channels: 1, kernel: 3 };\n    b = conv(x) { channels: 1, kernel: 1 };\n    output a;\n}\n";
    assert!(explain(text, "").ok().stdout().contains("  left out         no output needs it\n"));
}

/// Numbers of the text are those of the JSON.
#[test]
fn both_say_the_same() {
    let json: Value = serde_json::from_str(explain(DILATED, "--target avx2 --json").ok().stdout()).expect("JSON");
    let text = explain(DILATED, "--target avx2").ok();
    let total = &json[0]["total"];
    assert!(
        text.stdout().contains(&format!("{} B", total["parameter_bytes"]))
            || total["parameter_bytes"].as_u64() > Some(9_999)
    );
    let registers = &json[0]["steps"][0]["stages"][0]["registers"];
    assert!(text.stdout().contains(&format!("up to {registers} of 16 registers")), "{text}");
}

#[test]
fn options_are_those_of_other_commands() {
    let free = "net free {\n    input x: [1, 8, L];\n    a = conv(x) { channels: 8, kernel: 3 };\n    output a;\n}\n";
    assert_eq!(explain(free, "").code, 2);
    assert!(explain(free, "--size L=40").ok().stdout().contains("[1, 8, 38]"));
    assert!(explain(DILATED, "--layout nhwc").ok().stdout().contains("channels last"));
    let sandbox = Sandbox::new().file("a.conv", DILATED);
    sandbox.atrous("tune a.conv --target portable --cache cache.json --candidates 2 --rounds 1").ok();
    let tuned = sandbox.atrous("explain a.conv --target portable --tuned=cache.json").ok();
    assert!(tuned.stdout().contains("chosen") && tuned.stderr.is_empty(), "{tuned}");
}

#[test]
fn a_file_named_like_a_code_is_a_spec() {
    let named = Sandbox::new().file("A0204", SLOW).atrous("explain A0204").ok();
    assert!(named.stdout().starts_with("long for"), "{named}");
}

/// The slow path is a warning wherever a plan is made, and an error where it is denied.
#[test]
fn the_slow_path_is_never_silent() {
    let sandbox = Sandbox::new().file("a.conv", SLOW);
    let run = "run a.conv --weights random:1 --input random:2 -o y.npy --target portable";
    let bench = "bench a.conv --rounds 1 --target portable";
    let build = "build a.conv --emit plan --target portable";
    for command in [run, bench, build] {
        let warned = sandbox.atrous(command).ok();
        assert!(warned.stderr.starts_with("warning: `long` takes the slow path on portable: "), "{warned}");
    }
    let _ = std::fs::remove_file(sandbox.path("y.npy"));
    let tune = "tune a.conv --target portable --cache cache.json --candidates 2 --rounds 1";
    let mut told = String::new();
    for command in [run, bench, build, tune, "check a.conv", "explain a.conv --target portable"] {
        for deny in ["--deny slow", "--deny warnings"] {
            let denied = sandbox.atrous(&format!("{command} {deny}"));
            assert_eq!(denied.code, 1, "{command} {deny}: {denied}");
            assert!(denied.stdout.is_empty() || command.starts_with("explain"), "{command} {deny}: {denied}");
            told += &format!("──── {command} {deny}\n{}\n", denied.stderr);
        }
    }
    assert_eq!(sandbox.names(), ["a.conv"]);
    insta::assert_snapshot!(told);
    let good = Sandbox::new().file("a.conv", DILATED);
    for command in [run, build, "check a.conv", "explain a.conv"] {
        assert!(good.atrous(&format!("{command} --deny warnings --deny slow")).ok().stderr.find("slow").is_none());
    }
    good.atrous("check a.conv --deny warnings,slow").ok();
}
