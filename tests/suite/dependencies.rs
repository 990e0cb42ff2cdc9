//! What a crate that uses only the macro, or a build script, has to compile.

use atrous_tests::specs;
use std::process::Command;

/// Starts of names of packages that are for machine code, terminals and pictures.
const UNWANTED: &[&str] = &[
    "cranelift",
    "iced-x86",
    "clap",
    "annotate-snippets",
    "miette",
    "ariadne",
    "anstream",
    "image",
    "indicatif",
    "serde",
];

/// The packages that a crate is built of, each `name vVERSION …`.
fn packages(package: &str, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["tree", "-p", package, "-e", "normal,build", "--prefix", "none", "--locked", "--offline"]);
    let output = command.args(arguments).current_dir(specs::root()).output().expect("cargo starts");
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names of packages are UTF-8");
    text.lines().map(str::to_string).collect()
}

fn unwanted(packages: &[String]) -> Vec<&String> {
    packages.iter().filter(|package| UNWANTED.iter().any(|start| package.starts_with(start))).collect()
}

#[test]
fn macros_and_build_scripts_compile_no_machine_code_generator_and_no_terminal() {
    for package in ["atrous", "atrous-build"] {
        let packages = packages(package, &[]);
        assert!(packages.iter().any(|package| package.starts_with("atrous-compiler ")), "{packages:?}");
        assert_eq!(unwanted(&packages), Vec::<&String>::new(), "{package}");
    }
}

#[test]
fn machine_code_is_a_feature() {
    assert!(!unwanted(&packages("atrous", &["--features", "jit"])).is_empty());
}
