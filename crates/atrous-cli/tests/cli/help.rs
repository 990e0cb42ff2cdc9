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
    for command in ["check", "build", "draw", "matrix", "run", "explain", "bench", "tune", "fmt", "completions", "man"]
    {
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
