use std::process::Stdio;

use crate::sandbox::Sandbox;

const LAYER: &str =
    "layer up { input: [1, 2, 5], channels: 3, kernel: 4, stride: 2, padding: 1, transposed, bias, relu }\n";

const TWO: &str = "\
layer a { input: [1, 1, 4], channels: 1, kernel: 3 }
net b {
    input image: [1, 1, L];
    c = conv(image) { channels: 2, kernel: 3, padding: same };
    output c;
}
";

fn build(text: &str, arguments: &str) -> crate::sandbox::Outcome {
    Sandbox::new().file("a.conv", text).atrous(&format!("build a.conv {arguments}"))
}

#[test]
fn every_level_is_written() {
    // What each level must show of the layer, whatever its notation.
    let levels = [
        ("tokens", "transposed"),
        ("ast", "transposed"),
        ("layer", "layer up {"),
        ("json", "\"transposed\":true"),
        ("ir", "transposed_conv"),
        ("plan", "up"),
        ("rust", "fn "),
        ("clif", "function"),
        ("asm", "ret"),
    ];
    for (level, part) in levels {
        let outcome = build(LAYER, &format!("--emit {level}")).ok();
        assert!(outcome.stdout().contains(part), "{level}: {outcome}");
        assert!(outcome.stdout().ends_with('\n') && outcome.stderr.is_empty(), "{level}: {outcome}");
    }
}

#[test]
fn the_layer_level_is_a_spec_again() {
    let first = build(LAYER, "--emit layer").ok();
    let second = build(first.stdout(), "--emit layer").ok();
    assert_eq!(first.stdout(), second.stdout());
}

#[test]
fn programs_get_every_layer_as_json() {
    let text = format!(
        "{LAYER}{TWO}layer d {{ input: [1, 1, 3, 4], channels: 1, kernel: [1, 2], padding: [[0, 0], [-1, 2]], clamp(-1, 0.1) }}"
    );
    let outcome = build(&text, "--emit json --size L=7").ok();
    insta::assert_snapshot!(outcome.stdout());
    let one = build(&text, "--emit json --size L=7 --net b").ok();
    assert_eq!(one.stdout().lines().count(), 3, "{one}");
    let no_layer = "net e { input x: [1, 1, 2]; y = add(x, x); output y; }";
    assert_eq!(build(no_layer, "--emit json").ok().stdout(), "[\n\n]\n");
}

#[test]
fn the_graph_is_shown_as_lowered_and_after_each_pass() {
    let graphs = build(LAYER, "--emit ir").ok();
    let dumped = build(LAYER, "--emit ir --dump-passes").ok();
    let headings = |text: &str| text.lines().filter(|line| line.starts_with("//")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(headings(graphs.stdout()));
    insta::assert_snapshot!(headings(dumped.stdout()));
    // The rewrite that is proved away later.
    let zeros = |text: &str| text.matches("zero_insert").count();
    assert_eq!((zeros(graphs.stdout()), zeros(dumped.stdout())), (1, 1), "{graphs}");
    let without_headings = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with("//") && !line.is_empty()).map(str::to_string).collect()
    };
    assert_eq!(without_headings(graphs.stdout()), without_headings(dumped.stdout()));
}

#[test]
fn the_result_goes_to_a_file() {
    let sandbox = Sandbox::new().file("a.conv", LAYER).file("a.txt", "old");
    let written = sandbox.atrous("build a.conv --emit layer -o a.txt").ok();
    assert!(written.stdout.is_empty());
    let printed = sandbox.atrous("build a.conv --emit layer -o -").ok();
    assert_eq!(std::fs::read(sandbox.path("a.txt")).expect("the file"), printed.stdout);
    assert_eq!(sandbox.names(), ["a.conv", "a.txt"]);
}

#[test]
fn standard_input_is_a_spec() {
    let outcome = Sandbox::new().atrous_with_input("build - --emit layer", LAYER.as_bytes()).ok();
    assert_eq!(outcome.stdout(), build(LAYER, "--emit layer").stdout());
}

#[test]
fn several_items_come_one_after_the_other() {
    let all = build(TWO, "--emit layer --size L=7").ok();
    let a = build(TWO, "--emit layer --net a").ok();
    let b = build(TWO, "--emit layer --net b --size L=7").ok();
    assert_eq!(all.stdout(), [a.stdout(), b.stdout()].join("\n"));
}

#[test]
fn sizes_are_asked_only_of_the_net_that_is_named() {
    let net = |name: &str, kernel: usize, padding: usize| {
        format!(
            "net {name} {{
    input x: [1, 1, L];
    y = conv(x) {{ channels: 1, kernel: {kernel}, padding: {padding} }};
    output y;
}}
"
        )
    };
    // With L = 4 the second has no output, and some outputs of the third see only padding.
    let text = [net("small", 3, 0), net("large", 9, 0), net("padded", 3, 5)].concat();
    let outcomes = ["--net small", "--net large", "--net padded", "--net padded --deny warnings", ""].map(|choice| {
        let outcome = build(&text, &format!("--emit layer --size L=4 {choice}"));
        format!("{choice}: exit status {}\n{}", outcome.code, outcome.stderr)
    });
    insta::assert_snapshot!(outcomes.join("\n"));
}

#[test]
fn the_layout_is_overridden() {
    let outcome = build(LAYER, "--emit layer --layout nhwc").ok();
    assert!(outcome.stdout().contains("nhwc"), "{outcome}");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let sandbox = Sandbox::new().file("a.conv", LAYER);
    let mut child =
        sandbox.command("build a.conv --emit plan").stdin(Stdio::null()).spawn().expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the binary ends");
    assert_eq!((output.status.code(), output.stderr), (Some(0), vec![]));
}
