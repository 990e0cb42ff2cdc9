use crate::sandbox::{Outcome, Sandbox, read_array};

const DEEP: &str = "net deep {
    input image: [1, 3, 9, 7];
    a = conv(image) { channels: 8, kernel: 3, padding: 1, bias, leaky_relu(0.1) };
    b = conv(a) { channels: 8, kernel: 3, dilation: 2, padding: 2, bias, relu };
    c = conv(b) { channels: 3, kernel: 4, stride: 2, padding: 1, transposed, bias };
    output c;
}
";

fn sandbox() -> Sandbox {
    Sandbox::with_good_files().file("deep.conv", DEEP)
}

#[test]
fn an_array_becomes_an_array() {
    let sandbox = sandbox();
    for backend in ["jit", "interpreter", "oracle"] {
        let line = format!("run double.conv --weights double.st --input x.npy -o y.npy --backend {backend}");
        let outcome = sandbox.atrous(&line).ok();
        assert!(outcome.stdout.is_empty());
        assert_eq!(outcome.stderr.lines().count(), 1, "{outcome}");
        assert_eq!(sandbox.read_array("y.npy"), (vec![1, 2, 3], vec![1.0, 3.0, 5.0, 7.0, 9.0, 11.0]), "{backend}");
    }
}

#[test]
fn one_line_says_what_was_done() {
    let sandbox = sandbox();
    let human = sandbox.atrous("run double.conv --weights double.st --input x.npy -o y.npy").ok();
    insta::assert_snapshot!(human);
    let json = sandbox.atrous("run double.conv --weights double.st --input x.npy -o y.npy --message-format json").ok();
    let mut value: serde_json::Value = serde_json::from_str(&json.stderr).expect("one object");
    for time in ["compile_ms", "pack_ms", "run_ms"] {
        let milliseconds = value[time].take();
        assert!(milliseconds.as_f64().is_some_and(|time| (0.0..60_000.0).contains(&time)), "{time}: {milliseconds}");
    }
    insta::assert_snapshot!(value);
}

#[test]
fn standard_output_takes_an_array() {
    let outcome = sandbox().atrous("run double.conv --weights double.st --input x.npy -o -").ok();
    assert_eq!(read_array(&outcome.stdout), (vec![1, 2, 3], vec![1.0, 3.0, 5.0, 7.0, 9.0, 11.0]));
}

#[test]
fn arrays_have_the_shape_of_the_memory() {
    let sandbox = sandbox().array("nhwc.npy", &[1, 3, 2], &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    sandbox.atrous("run double.conv --layout nhwc --weights double.st --input nhwc.npy -o y.npy").ok();
    assert_eq!(sandbox.read_array("y.npy"), (vec![1, 3, 2], vec![1.0, 7.0, 3.0, 9.0, 5.0, 11.0]));
    let refused = sandbox.atrous("run double.conv --layout nhwc --weights double.st --input x.npy -o z.npy");
    assert_eq!(refused.code, 1);
    insta::assert_snapshot!(refused);
}

#[test]
fn free_sizes_are_those_of_the_input() {
    for length in [1, 2, 17] {
        let data: Vec<f32> = (0..length).map(|n| n as f32).collect();
        let sandbox = sandbox().array("any.npy", &[1, 1, length as u64], &data);
        sandbox.atrous("run free.conv --weights free.st --input any.npy -o y.npy").ok();
        let doubled: Vec<f32> = data.iter().map(|x| 2.0 * x + 1.0).collect();
        assert_eq!(sandbox.read_array("y.npy"), (vec![1, 1, length as u64], doubled));
    }
    let sandbox = sandbox();
    sandbox.atrous("run free.conv --weights free.st --input random:1 --size L=5 -o y.npy").ok();
    assert_eq!(sandbox.read_array("y.npy").0, [1, 1, 5]);
}

#[test]
fn several_inputs_and_outputs_have_names() {
    let sandbox = sandbox();
    sandbox.atrous("run sum.conv --weights sum.st --input right=right.npy --input left=left.npy -o out/").ok();
    assert_eq!(sandbox.read_array("out/both.npy"), (vec![1, 1, 4], vec![11.0, 22.0, 33.0, 44.0]));
    assert_eq!(sandbox.read_array("out/negative.npy"), (vec![1, 1, 4], vec![-11.0, -22.0, -33.0, -44.0]));
    sandbox.atrous("run sum.conv --weights sum.st --input right=right.npy --input random:1 -o out").ok();
    assert_ne!(sandbox.read_array("out/both.npy").1, [11.0, 22.0, 33.0, 44.0]);
}

#[test]
fn noise_is_the_same_every_time_and_differs_between_seeds() {
    let sandbox = sandbox();
    let run = |seeds: &str, backend: &str| {
        sandbox.atrous(&format!("run deep.conv {seeds} --backend {backend} -o y.npy")).ok();
        sandbox.read_array("y.npy").1
    };
    let jit = run("--weights random:1 --input random:2", "jit");
    assert!(jit.iter().all(|value| value.is_finite()) && jit.iter().any(|&value| value != 0.0));
    assert_eq!(jit, run("--weights random:1 --input random:2", "jit"));
    assert_eq!(jit, run("--weights random:1 --input random:2", "interpreter"));
    assert_ne!(jit, run("--weights random:3 --input random:2", "jit"));
    assert_ne!(jit, run("--weights random:1 --input random:3", "jit"));
    let exact = run("--weights random:1 --input random:2", "oracle");
    let worst = jit.iter().zip(&exact).map(|(left, right)| (left - right).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5, "{worst}");
}

#[test]
fn any_number_of_threads_gives_the_same() {
    let sandbox = Sandbox::new().file(
        "large.conv",
        "layer large { input: [1, 16, 40, 40], channels: 16, kernel: 3, padding: 1, bias, silu }\n",
    );
    let outputs = ["", "--threads 1", "--threads 2", "--threads 5"].map(|threads| {
        sandbox.atrous(&format!("run large.conv --weights random:1 --input random:2 -o y.npy {threads}")).ok();
        sandbox.read_array("y.npy")
    });
    assert!(outputs.iter().all(|output| *output == outputs[0]));
}

#[test]
fn noise_does_not_depend_on_the_machine() {
    // Three numbers that another implementation of the generator gives, through a layer that copies its input.
    let sandbox = Sandbox::new()
        .file("copy.conv", "layer copy { input: [1, 1, 3], channels: 1, kernel: 1 }")
        .weights("copy.st", &[("copy.weight", &[1, 1, 1], &[1.0])]);
    sandbox.atrous("run copy.conv --weights copy.st --input random:1 -o y.npy").ok();
    assert_eq!(sandbox.read_array("y.npy").1, [-0.26362097, 0.88712835, -0.90948606]);
}

fn error(sandbox: &Sandbox, arguments: &str, code: i32) -> String {
    let before = sandbox.names();
    let outcome: Outcome = sandbox.atrous(arguments);
    assert_eq!(outcome.code, code, "{arguments}: {outcome}");
    assert_eq!(sandbox.names(), before, "{arguments} leaves something behind");
    format!("$ atrous {arguments}\n{outcome}")
}

#[test]
fn weights_that_nothing_reads_give_a_warning() {
    let sandbox = sandbox().weights(
        "more.st",
        &[
            ("double.weight", &[2, 1, 1], &[2.0, 2.0]),
            ("double.bias", &[2], &[1.0, 1.0]),
            ("other.weight", &[1], &[1.0]),
            ("another.bias", &[1], &[1.0]),
        ],
    );
    let warned = sandbox.atrous("run double.conv --weights more.st --input x.npy").ok();
    insta::assert_snapshot!(warned);
    insta::assert_snapshot!(error(
        &sandbox,
        "run double.conv --weights more.st --input x.npy --deny warnings -o y.npy",
        1
    ));
}

/// Every target that this machine has gives the bits of the interpreter on the same plan.
#[test]
fn targets_are_chosen_by_the_command_line_or_the_environment() {
    let sandbox = sandbox();
    let line = "run deep.conv --weights random:1 --input random:2 -o y.npy";
    for target in ["portable", "avx2", "avx512", "avx512-dual"] {
        let by_option = sandbox.atrous(&format!("{line} --target {target}"));
        if by_option.code != 0 {
            let refusal = format!("error: this machine does not run code for {target}\n");
            assert!(by_option.code == 1 && by_option.stderr.starts_with(&refusal), "{by_option}");
            continue;
        }
        let jit = sandbox.read_array("y.npy");
        let by_environment = sandbox.command(line).env("ATROUS_TARGET", target).status().expect("a run");
        assert!(by_environment.success());
        assert_eq!(sandbox.read_array("y.npy"), jit, "{target}");
        sandbox.atrous(&format!("{line} --target {target} --backend interpreter")).ok();
        assert_eq!(sandbox.read_array("y.npy"), jit, "{target}");
    }
    let wrong = sandbox.command(line).env("ATROUS_TARGET", "sse2").output().expect("a run");
    assert_eq!(wrong.status.code(), Some(2));
    let expected = "error: ATROUS_TARGET is `sse2`, which is no target\n |\n \
                    = help: the targets are portable, avx2, avx512, avx512-dual\n";
    assert!(String::from_utf8_lossy(&wrong.stderr).starts_with(expected), "{}", String::from_utf8_lossy(&wrong.stderr));
}
