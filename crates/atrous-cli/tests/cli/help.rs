use crate::sandbox::Sandbox;

#[test]
fn without_arguments_there_is_help() {
    let outcome = Sandbox::new().atrous("");
    assert_eq!(outcome.code, 2);
    insta::assert_snapshot!(outcome);
}

#[test]
fn help_explains_every_command() {
    let sandbox = Sandbox::new();
    for command in ["check", "build", "run", "bench", "tune"] {
        let outcome = sandbox.atrous(&format!("{command} --help"));
        assert_eq!(outcome.code, 0);
        insta::assert_snapshot!(format!("help_of_{command}"), outcome);
    }
    assert_eq!(sandbox.atrous("--help").stdout(), sandbox.atrous("help").stdout());
}

#[test]
fn the_version_is_told() {
    let outcome = Sandbox::new().atrous("--version");
    assert_eq!((outcome.code, outcome.stdout()), (0, concat!("atrous ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn wrong_command_lines_exit_with_2() {
    let sandbox = Sandbox::new().file("a.conv", "layer a { input: [1, 1, 4], channels: 1, kernel: 1 }");
    let command_lines = [
        "frobnicate",
        "check",
        "build a.conv",
        "build a.conv --emit machine",
        "build a.conv --emit ir --size H",
        "build a.conv --emit ir --size H=-1",
        "build a.conv --emit ir --size H=1 --size H=2",
        "build a.conv --emit ir --layout nwhc",
        "check - a.conv -",
        "check a.conv --deny errors",
        "check a.conv --message-format yaml",
        "run a.conv --weights random:x --input random:1",
        "run a.conv --weights random:1 --input random:1 --memory-limit much",
        "run a.conv --weights random:1 --input random:1 --backend gpu",
        "build a.conv --emit plan --tuned cache.json",
        "tune a.conv --candidates 1",
    ];
    let outcomes = command_lines.map(|line| {
        let outcome = sandbox.atrous(line);
        assert_eq!(outcome.code, 2, "{line}: {outcome}");
        assert!(outcome.stdout.is_empty(), "{line}: {outcome}");
        format!("$ atrous {line}\n{}", outcome.stderr)
    });
    insta::assert_snapshot!(outcomes.join("\n"));
}
