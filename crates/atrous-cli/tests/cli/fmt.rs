use crate::sandbox::Sandbox;

const UGLY: &str = "layer   a{input:[1,3,8],channels:4, // four\nkernel:3}\n";

const CANONICAL: &str = "layer a {\n    input: [1, 3, 8],\n    channels: 4, // four\n    kernel: 3,\n}\n";

fn read(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.path(name)).expect("the file")
}

/// Three files that can be formatted, with others between them.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new().file("ugly.conv", UGLY).file("canonical.conv", CANONICAL).file("other.conv", UGLY);
    sandbox.file("broken.conv", "layer a {").file("binary.conv", b"layer \xff").file("meaningless.conv", "layer  a{}")
}

#[test]
fn files_are_put_into_canonical_form() {
    let sandbox = sandbox();
    let names = "ugly.conv broken.conv missing.conv canonical.conv binary.conv meaningless.conv other.conv";
    let outcome = sandbox.atrous(&format!("fmt {names}"));
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!(outcome);
    let texts =
        ["ugly", "canonical", "other", "broken", "meaningless"].map(|name| read(&sandbox, &format!("{name}.conv")));
    assert_eq!(texts, [CANONICAL, CANONICAL, CANONICAL, "layer a {", "layer a {}\n"]);
    assert_eq!(sandbox.names().len(), 6, "nothing else is left: {:?}", sandbox.names());
    let again = sandbox.atrous("fmt ugly.conv other.conv canonical.conv");
    assert_eq!((again.code, again.stderr.as_str(), again.stdout()), (0, "", ""));
}

#[test]
fn a_check_shows_what_would_change() {
    let sandbox = sandbox();
    let outcome = sandbox.atrous("fmt --check ugly.conv canonical.conv");
    assert_eq!(outcome.code, 1);
    insta::assert_snapshot!(outcome);
    assert_eq!(read(&sandbox, "ugly.conv"), UGLY);
    let outcome = sandbox.atrous("fmt --check canonical.conv");
    assert_eq!((outcome.code, outcome.stderr.as_str(), outcome.stdout()), (0, "", ""));
    let outcome = sandbox.atrous("fmt --check --message-format json ugly.conv broken.conv");
    assert_eq!(outcome.code, 1);
    assert!(outcome.stderr.starts_with(r#"{"file":"ugly.conv","type":"format","written":false}"#), "{outcome}");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let sandbox = Sandbox::new();
    for text in [UGLY, CANONICAL] {
        let outcome = sandbox.atrous_with_input("fmt -", text.as_bytes());
        assert_eq!((outcome.code, outcome.stderr.as_str(), outcome.stdout()), (0, "", CANONICAL));
    }
    let outcome = sandbox.atrous_with_input("fmt -", b"layer a {");
    assert_eq!((outcome.code, outcome.stdout()), (1, ""));
    let outcome = sandbox.atrous_with_input("fmt --check -", UGLY.as_bytes());
    assert!(outcome.code == 1 && outcome.stdout().starts_with("--- <stdin>\n+++ <stdin> (canonical)\n"), "{outcome}");
    let outcome = sandbox.atrous_with_input("fmt - -", b"");
    assert_eq!(outcome.code, 2, "{outcome}");
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = sandbox();
    std::os::unix::fs::symlink("ugly.conv", sandbox.path("link.conv")).expect("a link");
    std::fs::set_permissions(sandbox.path("ugly.conv"), PermissionsExt::from_mode(0o640)).expect("permissions");
    sandbox.atrous("fmt link.conv").ok();
    assert!(sandbox.path("link.conv").is_symlink());
    assert_eq!(read(&sandbox, "ugly.conv"), CANONICAL);
    let there = std::fs::metadata(sandbox.path("ugly.conv")).expect("a file");
    assert_eq!(there.permissions().mode() & 0o777, 0o640);
}

/// What is read from a pipe cannot be written back into it.
#[cfg(target_os = "linux")]
#[test]
fn pipes_are_not_rewritten() {
    let sandbox = sandbox();
    for text in [UGLY, CANONICAL] {
        let outcome = sandbox.atrous_with_input("fmt /dev/stdin ugly.conv", text.as_bytes());
        let expected = "error: /dev/stdin: cannot rewrite the file: it is a pipe or a device\n |\n \
                        = help: `-` reads standard input and writes standard output\n";
        assert!(outcome.code == 1 && outcome.stderr.starts_with(expected), "{outcome}");
        assert!(outcome.stdout.is_empty(), "{outcome}");
    }
    assert_eq!(read(&sandbox, "ugly.conv"), CANONICAL);
    let checked = sandbox.atrous_with_input("fmt --check /dev/stdin", UGLY.as_bytes());
    assert!(checked.code == 1 && checked.stdout().starts_with("--- /dev/stdin\n"), "{checked}");
}
