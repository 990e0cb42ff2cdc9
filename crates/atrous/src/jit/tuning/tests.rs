use super::*;
use crate::Serial;
use crate::jit::compiler::layer::Layout;
use crate::jit::{self, compile_net, compile_tuned};
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const ALIKE: &str = "net alike {
    input x: [1, 8, 12, 20];
    a = conv(x) { channels: 8, kernel: 3, padding: 1, bias, relu };
    b = conv(a) { channels: 8, kernel: 3, padding: 1, bias, relu };
    c = conv(b) { channels: 4, kernel: 1 };
    output c;
}";

fn net(spec: &str) -> Net {
    jit::net(spec, &[]).unwrap()
}

/// The schedules of a stage.
fn ranked(net: &Net, target: &Target, wanted: &str) -> Vec<Schedule> {
    let mut found = Vec::new();
    compile_with(net, target, &mut |stage, ranked| {
        if stage == wanted {
            found = ranked.to_vec();
        }
        0
    })
    .unwrap();
    found
}

/// The first schedule of stage `a` with another plan than the first of all, and its number.
fn other(net: &Net, target: &Target) -> (usize, Schedule) {
    let plan = |rank| compile_with(net, target, &mut |stage, _| if stage == "a" { rank } else { 0 }).unwrap();
    let ranked = ranked(net, target, "a");
    let rank = (1..ranked.len()).find(|&rank| *plan(rank) != *plan(0)).unwrap();
    (rank, ranked[rank])
}

/// A cache with one winner.
fn cache(net: &Net, target: &Target, stage: &str, threads: usize, schedule: Schedule) -> Tuning {
    let key = Key::new(layer(net, stage).unwrap(), target, threads, &crate::cpu::name());
    Tuning { winners: [(key, schedule)].into() }
}

/// A cache of a layer that no other number gives.
fn numbered(number: usize) -> Tuning {
    let net = net(&format!("layer a {{ input: [{number}, 1, 8], channels: 4, kernel: 1 }}"));
    let target = Target::portable();
    cache(&net, &target, "a", 1, ranked(&net, &target, "a")[0])
}

#[test]
fn a_winner_is_the_schedule_of_all_layers_that_are_alike() {
    let net = net(ALIKE);
    for target in Target::all() {
        let (rank, winner) = other(&net, &target);
        let cache = cache(&net, &target, "a", 3, winner);
        let expected = compile_with(&net, &target, &mut |stage, _| if stage == "c" { 0 } else { rank }).unwrap();
        let TunedPlan { plan, layers, tuned } = cache.plan(&net, &target, 3).unwrap();
        assert_eq!((layers, tuned), (3, 2), "{}", target.name);
        assert!(*plan == *expected);
    }
}

#[test]
fn what_is_tuned_for_something_else_does_not_count() {
    let (one, target) = (net(ALIKE), Target::avx2());
    let cache = cache(&one, &target, "a", 1, ranked(&one, &target, "a")[1]);
    let tuned = |net: &Net, target: &Target, threads| cache.plan(net, target, threads).unwrap().tuned;
    assert_eq!(tuned(&one, &target, 1), 2);
    assert_eq!(tuned(&one, &target, 2), 0);
    assert_eq!(tuned(&one, &Target::avx512(), 1), 0);
    assert_eq!(tuned(&one.clone().with_layout(Layout::Nhwc), &target, 1), 0);
    for (from, to) in [("relu", "relu6"), ("padding: 1", "padding: 2"), ("x: [1", "x: [2"), ("bias, ", "")] {
        assert_eq!(tuned(&net(&ALIKE.replace(from, to)), &target, 1), 0, "{to}");
    }
    assert_eq!(tuned(&net(&ALIKE.replace("a = ", "other = ").replace("(a)", "(other)")), &target, 1), 2);
    let other = Tuning {
        winners: cache.winners.into_iter().map(|(key, winner)| (Key { cpu: "other".into(), ..key }, winner)).collect(),
    };
    assert_eq!(other.plan(&one, &target, 1).unwrap().tuned, 0);
}

#[test]
fn a_schedule_that_is_not_ranked_does_not_count() {
    let (net, target) = (net(ALIKE), Target::avx2());
    let right = ranked(&net, &target, "a")[0];
    for wrong in [
        Schedule { channels: 1000, ..right },
        Schedule { channels: 0, ..right },
        Schedule { lanes: 3, ..right },
        Schedule { writes_taps_out: !right.writes_taps_out, ..right },
    ] {
        let TunedPlan { plan, tuned, .. } = cache(&net, &target, "a", 1, wrong).plan(&net, &target, 1).unwrap();
        assert_eq!(tuned, 0);
        assert!(*plan == *jit::compiler::compile(&net, &target).unwrap());
    }
}

#[test]
fn tuned_models_compute_the_same_bits() {
    let up = "layer a { input: [1, 8, 7, 20], channels: 4, kernel: 4, stride: 2, padding: 1, transposed, tanh }";
    let deep = "layer a { input: [1, 16, 9, 21], channels: 16, kernel: 3, depthwise, bias }";
    for (spec, layout) in [ALIKE, up, deep].into_iter().flat_map(|spec| [(spec, Layout::Nchw), (spec, Layout::Nhwc)]) {
        let (net, target) = (net(spec).with_layout(layout), jit::target().unwrap());
        let some = |len: usize| -> Vec<f32> { (0..len).map(|at| (at * 7919 % 1009) as f32 / 770.0 - 0.61).collect() };
        let tensors: BTreeMap<String, Vec<f32>> =
            net.parameters().into_iter().map(|one| (one.name, some(one.shape.iter().product()))).collect();
        let input = some(net.inputs[0].shape.iter().product());
        let bits = |model: jit::Model| -> Vec<u32> {
            let outputs = model.load(&tensors).unwrap().infer(&[&input]).unwrap();
            outputs.concat().into_iter().map(f32::to_bits).collect()
        };
        let expected = bits(compile_net(net.clone(), &target).unwrap());
        let all = ranked(&net, &target, "a");
        for &schedule in all.iter().step_by(all.len().div_ceil(6)) {
            let model = compile_tuned(net.clone(), &target, 1, &cache(&net, &target, "a", 1, schedule)).unwrap();
            assert!(model.tuned_layers() > 0);
            assert_eq!(bits(model), expected, "{spec}: {schedule}");
        }
    }
}

#[test]
fn winners_are_found_and_kept() {
    let (net, target) = (net(ALIKE), jit::target().unwrap());
    let effort = Effort { candidates: 3, rounds: 2 };
    let (mut tuning, mut steps) = (Tuning::default(), Vec::new());
    let findings = tuning.tune(&net, &target, &Serial, &effort, &mut |step, _| steps.push(step)).unwrap();
    let layers: Vec<String> = findings.iter().map(|finding| finding.layers.join(", ")).collect();
    assert_eq!(layers, ["a, b", "c"]);
    for finding in &findings {
        let ranked = ranked(&net, &target, &finding.layers[0]);
        assert_eq!([finding.default, finding.winner], [ranked[0], ranked[finding.rank]]);
        assert_eq!(finding.candidates, 3);
        assert!(if finding.rank == 0 { finding.ratio == 1.0 } else { finding.ratio <= 0.98 }, "{finding:?}");
    }
    assert!(steps.iter().copied().eq(0..steps.len()) && steps.len() <= effort.steps());
    assert_eq!(tuning.len(), 2);
    let TunedPlan { plan, layers, tuned } = tuning.plan(&net, &target, 1).unwrap();
    let chosen = |stage: &str| findings.iter().find(|finding| finding.layers.iter().any(|layer| layer == stage));
    let expected = compile_with(&net, &target, &mut |stage, _| chosen(stage).unwrap().rank).unwrap();
    assert!((layers, tuned) == (3, 3) && *plan == *expected);
}

#[test]
fn a_net_without_layers_has_nothing_to_tune() {
    let net = net("net n { input x: [1, 1, 2]; a = add(x, x); output a; }");
    let mut tuning = Tuning::default();
    let findings = tuning.tune(&net, &Target::portable(), &Serial, &Effort::default(), &mut |_, _| {}).unwrap();
    assert!(findings.is_empty() && tuning.is_empty());
}

#[test]
fn files_hold_what_was_saved() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new/cache.json");
    assert_eq!(numbered(1).save(&path), Ok(None));
    assert_eq!(Tuning::load(&path), Ok(numbered(1)));
    assert_eq!(numbered(2).save(&path), Ok(None));
    let both = Tuning::load(&path).unwrap();
    assert_eq!(both.len(), 2);
    // The later one of two for the same layer.
    let other =
        both.winners.iter().next_back().map(|(key, winner)| (key.clone(), Schedule { channels: 77, ..*winner }));
    let later = Tuning { winners: other.into_iter().collect() };
    later.save(&path).unwrap();
    let kept = Tuning::load(&path).unwrap();
    assert_eq!((kept.len(), kept.winners.last_key_value()), (2, later.winners.last_key_value()));
}

#[test]
fn nothing_is_lost_when_many_save_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache.json");
    let save = |number: usize| {
        for number in [number, number + 100, number + 200] {
            assert_eq!(numbered(number).save(&path), Ok(None));
            Tuning::load(&path).unwrap();
        }
    };
    thread::scope(|scope| (1..=8).for_each(|number| drop(scope.spawn(move || save(number)))));
    assert_eq!(Tuning::load(&path).unwrap().len(), 24);
}

#[test]
fn files_that_are_no_caches_are_told_and_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache.json");
    assert_eq!(Tuning::load(&path).unwrap_err().problem, CacheProblem::Missing);
    numbered(1).save(&path).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    let version = format!("\"version\": \"{}\"", file::VERSION);
    let cases = [
        ("", "the file is no tuning cache: EOF"),
        ("layer a {}", "the file is no tuning cache: expected value"),
        (&good[..good.len() / 2], "the file is no tuning cache: EOF"),
        (&good.replace("\"lanes\"", "\"planes\""), "the file is no tuning cache: unknown field `planes`"),
        (&good.replace("\"threads\": 1", "\"threads\": -1"), "the file is no tuning cache: invalid value"),
        (
            &good.replace("\"format\": 1", "\"format\": 2").replace("\"winners\"", "\"others\""),
            "the tuning cache is of format 2 and Atrous 0",
        ),
        (&good.replace(&version, "\"version\": \"99.0.0\""), "the tuning cache is of format 1 and Atrous 99.0.0; this"),
    ];
    for (text, expected) in cases {
        fs::write(&path, text).unwrap();
        let told = Tuning::load(&path).unwrap_err();
        assert!(told.problem.to_string().starts_with(expected), "{told}");
        assert_eq!(numbered(2).save(&path), Ok(Some(told)));
        assert_eq!(Tuning::load(&path), Ok(numbered(2)));
        assert_eq!(fs::read_to_string(Tuning::aside(&path)).unwrap(), text);
    }
}

/// Links stay, also those to files that are not there yet, and what they lead to is put aside.
#[test]
#[cfg(unix)]
fn links_are_followed() {
    use std::os::unix::fs::symlink;
    let directory = tempfile::tempdir().unwrap();
    let [real, near, link] = ["real.json", "near.json", "link.json"].map(|name| directory.path().join(name));
    symlink("real.json", &near).unwrap();
    symlink(&near, &link).unwrap();
    assert_eq!(numbered(1).save(&link), Ok(None));
    assert_eq!(Tuning::load(&real), Ok(numbered(1)));
    fs::write(&real, "no cache").unwrap();
    assert!(numbered(2).save(&link).unwrap().is_some());
    assert_eq!(Tuning::load(&real), Ok(numbered(2)));
    assert_eq!(fs::read_to_string(Tuning::aside(&link)).unwrap(), "no cache");
    assert!(near.is_symlink() && link.is_symlink() && !real.is_symlink());
}

/// A file of any kind is told from a cache; nothing of it is read as one.
#[test]
fn files_of_other_kinds_are_told_and_put_aside() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache.json");
    numbered(1).save(&path).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    let (start, end) = good.split_once("\"winners\": ").unwrap();
    let with_winners = |winners: &str| format!("{start}\"winners\": {winners}}}").into_bytes();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replace(from, to).into_bytes()
    };
    let no_text = {
        let mut bytes = good.clone().into_bytes();
        let at = good.find("\"layer\": \"").unwrap() + 10;
        bytes[at] = 0xff;
        bytes
    };
    let cases: &[(&str, Vec<u8>)] = &[
        ("a program", b"\x7fELF\x02\x01\x01\0\0\0\0".to_vec()),
        ("zeros, as after a crash", vec![0; 4096]),
        ("no UTF-8", no_text),
        ("two bytes per character", good.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("no object", b"17".to_vec()),
        ("an empty array", b"[]".to_vec()),
        ("nothing in it", b"{}".to_vec()),
        ("brackets without an end", vec![b'['; 1 << 20]),
        ("winners that are no array", with_winners("{}")),
        ("winners that are numbers", with_winners("[1, 2]")),
        ("no winners", with_winners("null")),
        ("a word as a number", with("\"threads\": 1", "\"threads\": \"1\"")),
        ("a fraction as a number", with("\"threads\": 1", "\"threads\": 1.5")),
        ("a huge number", with("\"threads\": 1", "\"threads\": 1e400")),
        ("a version that is a number", with(&format!("\"{}\"", file::VERSION), "1")),
        ("two of a field", with("\"threads\": 1", "\"threads\": 1, \"threads\": 1")),
        ("something behind the end", format!("{start}\"winners\": {end}x").into_bytes()),
    ];
    let mut told = String::new();
    for (kind, bytes) in cases {
        fs::write(&path, bytes).unwrap();
        let error = Tuning::load(&path).unwrap_err();
        told += &format!("{kind}: {}\n", error.problem);
        assert_eq!(numbered(2).save(&path), Ok(Some(error)), "{kind}");
        assert_eq!(Tuning::load(&path), Ok(numbered(2)));
        assert_eq!(fs::read(Tuning::aside(&path)).unwrap(), *bytes);
    }
    insta::assert_snapshot!(told);
}

/// A file that no cache is as long as is neither read nor replaced, however long it is.
#[test]
fn files_that_are_too_long_are_told_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache.json");
    let file = fs::File::create(&path).unwrap();
    // Nothing is on the disk: the file is one hole.
    file.set_len(1 << 40).unwrap();
    let expected = format!("{}: cannot read the tuning cache: it is longer than 64 MiB", path.display());
    assert_eq!(Tuning::load(&path).unwrap_err().to_string(), expected);
    assert_eq!(numbered(1).save(&path).unwrap_err().to_string(), expected);
    assert_eq!(file.metadata().unwrap().len(), 1 << 40);
    file.set_len(64 << 20).unwrap();
    let error = Tuning::load(&path).unwrap_err().to_string();
    assert!(error.contains("the file is no tuning cache: expected value"), "{error}");
}

/// The variables that make a process of these tests a writer: its cache, and its first number.
const WRITER: [&str; 2] = ["ATROUS_TEST_CACHE", "ATROUS_TEST_FIRST"];

/// Saves one winner after the other, and tells of each that is saved.
#[test]
#[ignore = "the process that the next test starts"]
fn writer() {
    let [Ok(path), Ok(first)] = WRITER.map(std::env::var) else { return };
    for number in first.parse().unwrap().. {
        assert_eq!(numbered(number).save(Path::new(&path)), Ok(None));
        println!("saved {number}");
    }
}

/// Processes that write one cache and are killed whenever it happens: the file is a cache at every moment, and has what
/// they said they had saved.
#[test]
fn killed_writers_lose_nothing() {
    const ROUNDS: usize = 20;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cache.json");
    let arguments = ["--exact", "jit::tuning::tests::writer", "--ignored", "--nocapture", "--test-threads", "1"];
    let start = |number: usize| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(arguments).env(WRITER[0], &path).env(WRITER[1], (2 + 10_000 * number).to_string());
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut saved = BTreeSet::new();
    for round in 0..ROUNDS {
        let mut writers = [start(2 * round), start(2 * round + 1)];
        let end = Instant::now() + Duration::from_millis(60 + 7 * round as u64);
        while Instant::now() < end {
            match Tuning::load(&path) {
                Ok(_) | Err(CacheError { problem: CacheProblem::Missing, .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        for writer in &mut writers {
            writer.kill().unwrap();
            let mut told = String::new();
            writer.stdout.take().unwrap().read_to_string(&mut told).unwrap();
            writer.wait().unwrap();
            // The last line may have been cut.
            let lines = told.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            saved.extend(lines.filter_map(|line| line.strip_prefix("saved ")?.parse::<usize>().ok()));
        }
    }
    let all = Tuning::load(&path).unwrap();
    let has = |number: &usize| numbered(*number).winners.keys().all(|key| all.winners.contains_key(key));
    assert!(
        saved.iter().all(has),
        "{} of {} are there",
        saved.iter().filter(|number| has(number)).count(),
        saved.len()
    );
    assert!(saved.len() > ROUNDS, "{} were saved", saved.len());
    // What a killed writer has left does not disturb the next one.
    assert_eq!(numbered(1).save(&path), Ok(None));
    assert_eq!(Tuning::load(&path).unwrap().len(), all.len() + 1);
}

#[test]
fn what_cannot_be_read_or_written_is_told_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let check = |path: &Path, read: &str, write: &str| {
        assert_eq!(Tuning::load(path).unwrap_err().to_string(), format!("{}: {read}", path.display()));
        assert_eq!(numbered(1).save(path).unwrap_err().to_string(), format!("{}: {write}", path.display()));
    };
    let is_directory = "cannot read the tuning cache: is a directory";
    check(directory.path(), is_directory, is_directory);
    if cfg!(target_os = "linux") {
        let not_directory = "cannot read the tuning cache: not a directory";
        check(&file.join("cache.json"), not_directory, not_directory);
        let none = "cannot write the tuning cache: there is no directory for it: no such file or directory";
        check(Path::new("/proc/atrous/cache.json"), "there is no such file", none);
        let device = "cannot read the tuning cache: it is a device or a pipe";
        assert_eq!(Tuning::load(Path::new("/dev/null")).unwrap_err().problem.to_string(), device);
    }
}
