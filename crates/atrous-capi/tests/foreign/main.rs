//! The library as other languages see it: a C program, a Python program, and the example of the README.

mod library;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a command that must succeed, and gives what it prints.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out
}

/// The program of this name when there is one; else says what to install.
fn tool(variable: &str, default: &str, install: &str) -> Option<String> {
    let name = std::env::var(variable).unwrap_or_else(|_| default.into());
    let found = Command::new(&name).arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: there is no `{name}`; install {install}, or set {variable} to the name of another");
    }
    found.then_some(name)
}

fn c_compiler() -> Option<String> {
    if !cfg!(unix) {
        println!("skipped: the command lines of this test are those of compilers on Unix");
        return None;
    }
    tool("CC", "cc", "a C compiler such as gcc or clang")
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compiles a C program against the header.
fn compile_c(compiler: &str, source: &Path, program: &Path, link: &[String]) {
    let mut command = Command::new(compiler);
    command.args(["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-I"]).arg(file("include"));
    run(command.arg(source).arg("-o").arg(program).args(link));
}

fn link_shared() -> Vec<String> {
    let directory = library::directory().display().to_string();
    vec![format!("-L{directory}"), "-latrous_capi".into(), format!("-Wl,-rpath,{directory}")]
}

/// What `rustc --print native-static-libs` says.
fn link_static() -> Vec<String> {
    let library = library::directory().join("libatrous_capi.a").display().to_string();
    [&library, "-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"].map(str::to_owned).into()
}

#[test]
fn c() {
    let Some(compiler) = c_compiler() else { return };
    let directory = tempfile::tempdir().expect("there is a directory for programs");
    let program = directory.path().join("suite");
    compile_c(&compiler, &file("tests/foreign/suite.c"), &program, &link_shared());
    assert_eq!(run(Command::new(&program).env_remove("ATROUS_TARGET")), "all is well\n");
    if cfg!(target_os = "linux") {
        compile_c(&compiler, &file("tests/foreign/suite.c"), &program, &link_static());
        assert_eq!(run(Command::new(&program).env_remove("ATROUS_TARGET")), "all is well\n");
    }
}

#[test]
fn header_is_cpp() {
    let Some(compiler) = tool("CXX", "c++", "a C++ compiler such as g++ or clang++") else { return };
    let mut command = Command::new(compiler);
    command.args(["-fsyntax-only", "-x", "c++", "-Wall", "-Wextra", "-Werror"]);
    run(command.arg(file("include/atrous.h")));
}

/// Runs a Python program, which gets the library.
fn check_python(source: &str) {
    let Some(python) = tool("PYTHON", "python3", "Python 3") else { return };
    let mut command = Command::new(python);
    command.env_remove("ATROUS_TARGET").arg(file(source)).arg(library::shared());
    assert_eq!(run(&mut command).trim_end(), "all is well");
}

#[test]
fn python() {
    check_python("tests/foreign/suite.py");
}

#[test]
fn forked() {
    if !cfg!(target_os = "linux") {
        println!("skipped: only Linux says where threads may run");
        return;
    }
    check_python("tests/foreign/fork.py");
}

#[test]
fn example_of_the_readme() {
    let readme = std::fs::read_to_string(file("../../README.md")).expect("there is a README");
    let (_, rest) = readme.split_once("```c\n").expect("the README has a program in C");
    let (source, _) = rest.split_once("```").expect("the program ends");
    let (_, expected) = source.rsplit_once("// ").expect("the last comment is what it prints");
    let expected = expected.lines().next().unwrap_or_default();
    let Some(compiler) = c_compiler() else { return };
    let directory = tempfile::tempdir().expect("there is a directory for programs");
    let (program, path) = (directory.path().join("blur"), directory.path().join("blur.c"));
    std::fs::write(&path, source).expect("the program can be written");
    compile_c(&compiler, &path, &program, &link_shared());
    assert_eq!(run(&mut Command::new(&program)).trim_end(), expected);
}
