use clap::CommandFactory;

use super::*;

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn names_are_split_off_only_when_they_are_identifiers() {
    let cases = [
        ("x.npy", None, "x.npy"),
        ("left=x.npy", Some("left"), "x.npy"),
        ("left=a=b.npy", Some("left"), "a=b.npy"),
        ("./a=b.npy", None, "./a=b.npy"),
        ("=b.npy", None, "=b.npy"),
        ("2=b.npy", None, "2=b.npy"),
    ];
    for (text, name, rest) in cases {
        assert_eq!(split_name(text), (name.map(str::to_string), rest), "{text}");
    }
}

#[test]
fn sources_are_files_or_seeds() {
    assert_eq!(tensor_source("random:7"), Ok(TensorSource::Random(7)));
    assert_eq!(tensor_source("./random:7"), Ok(TensorSource::File("./random:7".into())));
    assert!(tensor_source("random:").is_err());
    assert!(tensor_source("random:-1").is_err());
    assert!(tensor_source("").is_err());
}

#[test]
fn sizes_are_numbers_with_names() {
    assert_eq!(named_size("H=160"), Ok(("H".to_string(), 160)));
    for text in ["H", "=1", "H=", "H=x", "H=-1", "H=99999999999999999999999"] {
        assert!(named_size(text).is_err(), "{text}");
    }
}
