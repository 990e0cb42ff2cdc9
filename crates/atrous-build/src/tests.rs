use super::*;
use std::fmt::Write;

const GOOD: &str = "layer blur { input: [1, 1, 4], channels: 1, kernel: 3, padding: 1 }\n";
const OPEN: &str = "layer open { input: [1, 1, H, W], channels: 1, kernel: 3 }\n";
const BAD: &str = "layer bad {\n    input: [1, 1, 4],\n    kernal: 3,\n}\n";
const WARNED: &str = "layer warned { input: [1, 1, 4], channels: 1, kernel: 1, dilation: 2 }\n";

/// A directory with these specs.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let files = [("good", GOOD), ("open", OPEN), ("bad", BAD), ("warned", WARNED), ("empty", "")];
    for (name, text) in files {
        fs::write(directory.path().join(name).with_extension("conv"), text).expect("a file");
    }
    fs::create_dir(directory.path().join("out")).expect("a directory");
    directory
}

/// What is written, or the error.
fn outcome(config: &Config, directory: &Path, names: &[&str]) -> String {
    let specs: Vec<PathBuf> = names.iter().map(|name| directory.join(name)).collect();
    let error = config.clone().out_dir(directory.join("out")).compile(&specs).err();
    let mut written: Vec<String> = fs::read_dir(directory.join("out"))
        .expect("the directory")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    written.sort();
    let told = error.map_or_else(|| "no error".to_string(), |error| error.to_string());
    let told = told.replace(&directory.display().to_string(), "[directory]");
    format!("{told}\nwritten: {}\n", written.join(", "))
}

#[test]
fn errors_are_told_and_nothing_is_written() {
    let mut two_nets = Config::new();
    two_nets.net("blur").net("sharpen");
    let mut sized = Config::new();
    sized.size("H", 2).size("Q", 9);
    let mut facade = Config::new();
    facade.facade("not a path");
    let plain = Config::new();
    let cases: [(&str, &Config, &[&str]); 8] = [
        ("a missing file beside a good one", &plain, &["missing.conv", "good.conv"]),
        ("free sizes", &plain, &["good.conv", "open.conv"]),
        ("bad specs", &plain, &["bad.conv", "good.conv", "empty.conv"]),
        ("sizes that are wrong", &sized, &["open.conv"]),
        ("two of a name", &plain, &["good.conv", "out/../good.conv"]),
        ("an unknown net", &two_nets, &["good.conv", "warned.conv"]),
        ("a directory", &plain, &["out"]),
        ("a facade that is no path", &facade, &["good.conv"]),
    ];
    let mut told = String::new();
    for (what, config, names) in cases {
        let outcome = outcome(config, directory().path(), names);
        assert!(outcome.ends_with("\nwritten: \n"), "{what}: {outcome}");
        writeln!(told, "──── {what}\n{outcome}").expect("a string takes everything");
    }
    insta::assert_snapshot!(told);
}

#[test]
fn one_net_may_be_chosen() {
    let directory = directory();
    fs::write(directory.path().join("both.conv"), [GOOD, OPEN].concat()).expect("a file");
    let outcome = outcome(Config::new().net("blur"), directory.path(), &["both.conv"]);
    assert_eq!(outcome, "no error\nwritten: both.rs\n");
    let text = fs::read_to_string(directory.path().join("out/both.rs")).expect("the file");
    assert!(text.contains("pub struct Blur") && !text.contains("pub struct Open"), "{text}");
}

#[test]
fn sizes_are_bound_and_the_facade_is_named() {
    let directory = directory();
    let mut config = Config::new();
    config.size("H", 1).size("H", 8).size("W", 8).facade("::convolution");
    assert_eq!(outcome(&config, directory.path(), &["open.conv"]), "no error\nwritten: open.rs\n");
    let text = fs::read_to_string(directory.path().join("out/open.rs")).expect("the file");
    assert!(text.contains("[1, 1, 8, 8]") && text.contains("::convolution::rt"), "{text}");
    assert!(!text.contains("::atrous::"), "{text}");
}

#[test]
fn warnings_are_drawn() {
    let directory = directory();
    let spec = directory.path().join("warned.conv");
    let Compiled { files, warnings } = Config::new().compiled(&[&spec]).expect("a good spec");
    assert_eq!((files.len(), warnings.len()), (1, 1));
    assert!(warnings[0].starts_with("A0902: layer `warned`: "), "{}", warnings[0]);
}

#[test]
fn without_a_directory_there_is_an_error() {
    assert!(Config::new().directory(None).expect_err("no directory").to_string().starts_with("there is no OUT_DIR"));
    assert_eq!(Config::new().directory(Some("a".into())), Ok("a".into()));
    assert_eq!(Config::new().out_dir("b").directory(Some("a".into())), Ok("b".into()));
}

#[test]
fn a_directory_that_is_not_there_is_told() {
    let directory = directory();
    let error = Config::new().out_dir(directory.path().join("missing")).compile(&[directory.path().join("good.conv")]);
    let text = error.expect_err("no directory").to_string();
    assert!(text.starts_with("cannot write ") && text.contains("missing"), "{text}");
}

/// What is slow on every target is a warning, and an error where it is denied; then nothing is written.
#[test]
fn the_slow_path_is_never_silent() {
    const SLOW: &str = "layer long { input: [1, 3, 64], channels: 3, kernel: 63, padding: 31 }\n";
    let directory = directory();
    fs::write(directory.path().join("slow.conv"), SLOW).expect("a file");
    let slow = directory.path().join("slow.conv");
    let compiled = Config::new().compiled(&[slow.as_path()]).expect("a warning");
    let [warning] = &compiled.warnings[..] else { panic!("{:?}", compiled.warnings) };
    let expected = format!("{}:1: warning: `long` takes the slow path on every target: ", slow.display());
    assert!(warning.starts_with(&expected), "{warning}");
    assert!(
        Config::new().compiled(&[directory.path().join("good.conv").as_path()]).expect("no error").warnings.is_empty()
    );
    let mut config = Config::new();
    let told = outcome(config.deny_slow(), directory.path(), &["slow.conv"]);
    assert!(told.starts_with("[directory]/slow.conv:1: error: `long` takes the slow path on every target: "), "{told}");
    assert!(told.ends_with("\nwritten: \n"), "{told}");
}

/// Of all nets of all specs, with the files in which they are.
#[test]
fn what_is_slow_is_told_of_all_nets() {
    const NAMES: [(&str, [&str; 2]); 2] = [("some", ["one", "two"]), ("more", ["three", "four"])];
    let directory = directory();
    let slow = |name: &str| format!("layer {name} {{ input: [1, 3, 64], channels: 3, kernel: 63, padding: 31 }}\n");
    for (file, names) in NAMES {
        fs::write(directory.path().join(file).with_extension("conv"), names.map(slow).concat()).expect("a file");
    }
    let mut config = Config::new();
    let told = outcome(config.deny_slow(), directory.path(), &["some.conv", "good.conv", "more.conv"]);
    let found: Vec<&str> =
        told.lines().filter_map(|line| line.split_once(" takes the slow path")).map(|of| of.0).collect();
    let expected = [
        "some.conv:1: error: `one`",
        "some.conv:2: error: `two`",
        "more.conv:1: error: `three`",
        "more.conv:2: error: `four`",
    ];
    assert_eq!(found, expected.map(|text| format!("[directory]/{text}")));
    assert!(told.ends_with("\nwritten: \n"), "{told}");
}

#[test]
fn a_facade_that_is_no_path_is_told_once() {
    let mut config = Config::new();
    let told = outcome(config.facade("not a path"), directory().path(), &["good.conv", "warned.conv"]);
    assert_eq!(told, "the facade `not a path` is not a path such as `::atrous`\nwritten: \n");
}
