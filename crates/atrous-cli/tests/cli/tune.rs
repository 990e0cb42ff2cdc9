//! `tune`, and what `--tuned` makes of it.

use std::fs;
use std::path::Path;

use atrous_compiler::plan::schedule::Schedule;
use atrous_compiler::{Net, Target, compile, compile_with, front};
use serde_json::{Value, json};

use crate::sandbox::Sandbox;

const TWO: &str = "net two {
    input image: [1, 2, 6, H];
    first = conv(image) { channels: 4, kernel: 3, padding: 1, bias, relu };
    again = conv(first) { channels: 4, kernel: 1 };
    other = conv(first) { channels: 4, kernel: 1 };
    sum = add(again, other);
    output sum;
}
";

const LAYER: &str = "layer a { input: [1, 4, 6, 20], channels: 4, kernel: 3, padding: 1, relu }\n";

/// As little as can be timed.
const QUICK: &str = "--candidates 2 --rounds 1";

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a file")).expect("a cache is JSON")
}

fn net() -> Net {
    let mut models = front::text(LAYER, &front::Sizes::new()).models;
    match models.pop() {
        Some(front::Model::Net(net)) => net,
        _ => panic!("the spec is one layer"),
    }
}

fn ranked(target: &Target) -> Vec<Schedule> {
    let mut found = Vec::new();
    compile_with(&net(), target, &mut |_, ranked| {
        found = ranked.to_vec();
        0
    })
    .expect("the layer has a plan");
    found
}

/// A sandbox with a layer and a cache, in which this is the layer's schedule on the portable target with one thread.
fn tuned(schedule: Schedule) -> Sandbox {
    let sandbox = Sandbox::new().file("a.conv", LAYER);
    sandbox.atrous(&format!("tune a.conv --target portable --cache cache.json {QUICK}")).ok();
    let mut cache = read(&sandbox.path("cache.json"));
    cache["winners"][0]["schedule"] = json!(schedule);
    sandbox.file("cache.json", cache.to_string())
}

#[test]
fn every_layer_is_timed_and_kept() {
    let sandbox = Sandbox::new().file("two.conv", TWO);
    let command = format!("tune two.conv --size H=9 --target portable --cache new/cache.json {QUICK}");
    let outcome = sandbox.atrous(&format!("{command} --message-format json")).ok();
    assert!(outcome.stdout.is_empty(), "{outcome}");
    let told: Vec<Value> = outcome.stderr.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let [first, again, all] = &told[..] else { panic!("{outcome}") };
    assert_eq!((&first["layers"], &again["layers"]), (&json!(["first"]), &json!(["again", "other"])));
    for layer in [first, again] {
        let (rank, ratio) = (layer["rank"].as_u64(), layer["ratio"].as_f64());
        assert_eq!(
            (&layer["candidates"], &layer["threads"], &layer["target"]),
            (&json!(2), &json!(1), &json!("portable"))
        );
        assert!((rank, ratio) == (Some(0), Some(1.0)) || (rank > Some(0) && ratio <= Some(0.98)), "{layer}");
        assert_eq!(rank == Some(0), layer["winner"] == layer["default"]);
    }
    assert_eq!((&all["type"], &all["timed"], &all["file"]), (&json!("tuned"), &json!(2), &json!("new/cache.json")));
    let cache = read(&sandbox.path("new/cache.json"));
    let winners = cache["winners"].as_array().expect("winners");
    let schedules: Vec<&Value> = winners.iter().map(|winner| &winner["schedule"]).collect();
    let mut expected = [&first["winner"], &again["winner"]];
    // In the order of the specs of the layers.
    expected.sort_by_key(|winner| *winner == &first["winner"]);
    assert!(schedules == expected || schedules == [expected[1], expected[0]], "{cache}");
    let human = sandbox.atrous(&command).ok();
    assert!(human.stderr.starts_with("two: portable on 1 thread; "), "{human}");
    assert!(human.stderr.contains("\n  again, other "), "{human}");
    assert!(human.stderr.ends_with(" kept in new/cache.json\n"), "{human}");
}

#[test]
fn the_plan_is_what_the_cache_says() {
    let portable = Target::portable();
    let ranked = ranked(&portable);
    let plan = |rank: usize| compile_with(&net(), &portable, &mut |_, _| rank).expect("a plan").to_string();
    // Some schedules differ in nothing that this layer has.
    let other = (1..ranked.len()).find(|&rank| plan(rank) != plan(0)).expect("there are different plans");
    let sandbox = tuned(ranked[other]);
    let build = |arguments: &str| sandbox.atrous(&format!("build a.conv --target portable {arguments}")).ok();
    let tuned = build("--emit plan --tuned=cache.json");
    assert_eq!((tuned.stdout(), tuned.stderr.as_str()), (plan(other).as_str(), ""));
    assert_eq!(build("--emit plan").stdout(), plan(0));
    for level in ["rust", "clif", "asm"] {
        let [by_default, tuned] = ["", "--tuned=cache.json"].map(|tuned| build(&format!("--emit {level} {tuned}")));
        assert_ne!(by_default.stdout(), tuned.stdout(), "{level}");
    }
    // What the compiler does not rank, it does not do.
    let wrong = Schedule { channels: 1000, positions: 0, ..ranked[1] };
    let ignored = self::tuned(wrong).atrous("build a.conv --target portable --emit plan --tuned=cache.json").ok();
    assert_eq!(ignored.stdout(), compile(&net(), &portable).expect("a plan").to_string());
    assert!(ignored.stderr.starts_with("note: tuned layers of `a` for portable on 1 thread: 0 of 1\n"), "{ignored}");
}

#[test]
fn results_are_the_same() {
    let whole = |len: usize| -> Vec<f32> { (0..len).map(|index| (index * 5 % 7) as f32 - 3.0).collect() };
    for schedule in ranked(&Target::portable()).into_iter().step_by(5).take(4) {
        let sandbox = tuned(schedule)
            .array("x.npy", &[1, 4, 6, 20], &whole(4 * 6 * 20))
            .weights("a.st", &[("a.weight", &[4, 4, 3, 3], &whole(4 * 4 * 9))]);
        let run = |arguments: &str| {
            let command = "run a.conv --target portable --threads 1 --weights a.st --input x.npy -o y.npy";
            let outcome = sandbox.atrous(&format!("{command} {arguments}")).ok();
            assert!(!outcome.stderr.contains("note"), "{outcome}");
            sandbox.read_array("y.npy")
        };
        let expected = run("--backend oracle");
        for backend in ["jit", "interpreter"] {
            assert_eq!(run(&format!("--backend {backend} --tuned=cache.json")), expected, "{backend}: {schedule}");
        }
    }
}

#[test]
fn processes_share_a_cache() {
    let layer = |index: usize| LAYER.replace("[1, 4, 6", &format!("[1, 4, {}", 6 + index));
    let sandbox = (0..6).fold(Sandbox::new(), |sandbox, index| sandbox.file(&format!("{index}.conv"), layer(index)));
    let tune = |index: usize| {
        let mut command = sandbox.command(&format!("tune {index}.conv --target portable --cache c.json {QUICK}"));
        command.spawn().expect("the binary starts")
    };
    for child in (0..6).map(tune).collect::<Vec<_>>() {
        let output = child.wait_with_output().expect("the binary ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(read(&sandbox.path("c.json"))["winners"].as_array().map(Vec::len), Some(6));
    let build =
        |index| sandbox.atrous(&format!("build {index}.conv --target portable --emit plan --tuned=c.json")).ok();
    assert!((0..6).all(|index| build(index).stderr.is_empty()));
}

#[test]
fn caches_that_cannot_be_used_are_ignored_with_a_warning() {
    let sandbox = tuned(ranked(&Target::portable())[1]);
    let good = fs::read_to_string(sandbox.path("cache.json")).expect("a cache");
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    let sandbox = sandbox
        .file("cut.json", "{\"format\":1,\"ver")
        .file("later.json", good.replace(&version, "\"version\":\"99.0.0\""))
        .file("format.json", good.replace("\"format\":1", "\"format\":2"))
        .file("binary.json", b"\x7fELF\0\xff")
        .file("types.json", without_processor(&good).replace("\"threads\":1", "\"threads\":true"));
    fs::File::create(sandbox.path("huge.json")).and_then(|file| file.set_len(1 << 40)).expect("a file of holes");
    let by_default = sandbox.atrous("build a.conv --emit plan").ok();
    let files = ["cut.json", "later.json", "format.json", "binary.json", "types.json", "huge.json"];
    let told = files.into_iter().chain(["missing.json", "a.conv", "."]).map(|file| {
        let outcome = sandbox.atrous(&format!("build a.conv --emit plan --tuned={file}")).ok();
        assert_eq!(outcome.stdout(), by_default.stdout());
        assert!(outcome.stderr.starts_with(&format!("warning: {file}: ")), "{outcome}");
        let run = sandbox.atrous(&format!("run a.conv --weights random:1 --input random:1 --tuned={file}")).ok();
        assert!(run.stderr.starts_with(outcome.stderr.trim_end()), "{run}");
        let bench = sandbox.atrous(&format!("bench a.conv --rounds 1 --tuned={file} --deny warnings"));
        assert_eq!(bench.code, 1, "{bench}");
        outcome.stderr.replace(env!("CARGO_PKG_VERSION"), "VERSION")
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"));
}

/// The text of a cache of one winner with another processor, so that columns are the same on every machine.
fn without_processor(cache: &str) -> String {
    let (before, rest) = cache.split_once("\"cpu\":\"").expect("a winner has its processor");
    let (_, after) = rest.split_once('"').expect("a string ends");
    format!("{before}\"cpu\":\"none\"{after}")
}

#[test]
fn what_is_no_cache_is_put_aside() {
    let sandbox = Sandbox::new().file("a.conv", LAYER).file("cache.json", "precious");
    let outcome = sandbox.atrous(&format!("tune a.conv --target portable --cache cache.json {QUICK}")).ok();
    insta::assert_snapshot!(outcome.stderr.split("a: portable").next().unwrap_or_default());
    assert_eq!(fs::read(sandbox.path("cache.json.old")).expect("the old file"), b"precious");
    assert_eq!(read(&sandbox.path("cache.json"))["winners"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_cache_is_the_one_that_is_named() {
    let sandbox = Sandbox::new().file("a.conv", LAYER);
    let succeeds = |arguments: &str, variable: Option<&str>| {
        let mut command = sandbox.command(&format!("{arguments} --target portable"));
        let output = command.envs(variable.map(|path| ("ATROUS_TUNING", path))).output().expect("the binary ends");
        let stderr = String::from_utf8(output.stderr).expect("messages are text");
        assert!(output.status.success(), "{stderr}");
        stderr
    };
    let is_tuned = |variable| succeeds("build a.conv --emit plan --tuned", variable).is_empty();
    let tune = format!("tune a.conv {QUICK}");
    assert!(!is_tuned(Some("mine.json")));
    succeeds(&tune, Some("mine.json"));
    assert!(is_tuned(Some("mine.json")) && sandbox.path("mine.json").is_file());
    if cfg!(unix) {
        assert!(!is_tuned(None) && !is_tuned(Some("")));
        succeeds(&tune, None);
        assert!(is_tuned(None) && is_tuned(Some("")) && sandbox.path("cache/atrous/tuning.json").is_file());
    }
    succeeds(&format!("{tune} --cache third.json"), Some("mine.json"));
    assert!(succeeds("build a.conv --emit plan --tuned=third.json", None).is_empty());
}

#[test]
fn layers_that_are_not_tuned_are_told() {
    let sandbox = Sandbox::new().file("a.conv", LAYER);
    sandbox.atrous(&format!("tune a.conv --target portable --threads 2 --cache cache.json {QUICK}")).ok();
    let bench = "bench a.conv --rounds 1 --target portable --tuned=cache.json";
    let told = sandbox.atrous(bench).ok();
    insta::assert_snapshot!(told.stderr.split("a: portable").next().unwrap_or_default());
    for command in [
        &format!("{bench} --threads 2"),
        "run a.conv --weights random:1 --input random:1 --target portable --tuned=cache.json --threads 2",
        "build a.conv --emit plan --target portable --tuned=cache.json --threads 2",
    ] {
        assert!(!sandbox.atrous(command).ok().stderr.contains("note"), "{command}");
    }
}
