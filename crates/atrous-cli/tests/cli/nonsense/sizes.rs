//! Layers and nets that are too large to compile, or to read.

use super::*;

fn net(steps: usize) -> String {
    let step = |number: usize| format!("    a{number} = conv(a{}) {{ channels: 1, kernel: 1 }};\n", number - 1);
    let steps: String = (1..=steps).map(step).collect();
    format!("net deep {{\n    input a0: [1, 1, 8];\n{steps}    output a1;\n}}\n")
}

/// The specs end within moments, whatever is written to them.
#[test]
fn sizes() {
    let layer = |input: &str, rest: &str| format!("layer a {{ input: {input}, channels: 1, {rest} }}");
    let sandbox = sandbox()
        .file("long.conv", "a".repeat(2 << 20))
        .file("longer.conv", "a".repeat(20 << 20))
        .file("100000_layers.conv", (0..100_000).map(|layer| format!("layer a{layer} {{ }}\n")).collect::<String>())
        .file("20000_steps.conv", net(20_000))
        .file("4096_steps.conv", net(4096))
        .file(
            "100001_operands.conv",
            format!("net n {{\n    input x: [1, 1, 8];\n    y = add({}x);\n    output y;\n}}\n", "x, ".repeat(100_000)),
        )
        .file("long_line.conv", layer("[1, 1, 8]", &format!("{} kernel: 9", " ".repeat(900_000))))
        .file("long_name.conv", format!("layer {} {{ }}", "a".repeat(900_000)))
        .file("long_number.conv", layer("[1, 1, 8]", &format!("kernel: {}", "9".repeat(900_000))))
        .file("deep.conv", layer(&"[".repeat(500_000), "kernel: 1"))
        .file("many_entries.conv", layer(&format!("[{}1]", "1, ".repeat(300_000)), "kernel: 1"))
        .file("kernel_100000.conv", layer("[1, 1, 1, 200000]", "kernel: [1, 100000]"))
        .file("kernel_of_axes.conv", layer("[1, 1, 20000, 20000]", "kernel: 20000, padding: same"))
        .file("kernel_of_volume.conv", layer("[1, 1, 200, 200, 200]", "kernel: [200, 100, 100]"))
        .file("phases.conv", layer("[1, 1, 3, 3]", "kernel: 3, stride: 60000, padding: 1, transposed"))
        .file("stride.conv", layer("[1, 1, 3]", "kernel: 3, stride: 2147483647, transposed"))
        .file("padding.conv", layer("[1, 1, 8]", "kernel: 3, padding: 1000000000"))
        .file("repeated.conv", layer("[1, 1, 8]", "kernel: 3, padding: 70000, padding_mode: replicate"))
        .file("outputs.conv", layer("[1, 1, 2147483647]", "kernel: 3"))
        .file("dilation.conv", layer("[1, 1, 8]", "kernel: 65536, dilation: 2147483647, padding: 2147483647"))
        .file("elements.conv", layer("[2147483647, 2147483647, 2147483647]", "kernel: 1"))
        .file("volume.conv", layer("[1, 1, 2097152, 2097152, 2097152]", "kernel: 1"));
    let line = "check long.conv longer.conv";
    let outcome = outcome(&sandbox, line);
    assert_eq!(outcome.code, 1, "{outcome}");
    let command_lines: Vec<String> = sandbox
        .names()
        .into_iter()
        .filter(|name| name.ends_with(".conv") && !["double.conv", "free.conv", "sum.conv"].contains(&name.as_str()))
        .map(|name| format!("build {name} --emit rust"))
        .collect();
    let told = told(&sandbox, &command_lines.iter().map(String::as_str).collect::<Vec<_>>());
    insta::assert_snapshot!(told);
}
