//! Completions and manual pages.

use std::process::Command;

use crate::sandbox::Sandbox;

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// The commands, as the help lists them.
fn commands(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.atrous("--help");
    let (_, behind) = help.stdout().split_once("Commands:\n").expect("a list of commands");
    let lines = behind.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next()).map(str::to_string);
    names.filter(|name| name != "help").collect()
}

#[test]
fn every_shell_learns_every_command() {
    let sandbox = Sandbox::new();
    let commands = commands(&sandbox);
    assert!(commands.len() >= 9, "{commands:?}");
    for shell in SHELLS {
        let outcome = sandbox.atrous(&format!("completions {shell}")).ok();
        let missing: Vec<&String> = commands.iter().filter(|command| !outcome.stdout().contains(*command)).collect();
        assert!(missing.is_empty() && outcome.stdout().contains("memory-limit"), "{shell}: {missing:?}");
        let Ok(output) = Command::new(shell).arg("--version").output() else { continue };
        if output.status.success() && ["bash", "zsh"].contains(&shell) {
            let sandbox = Sandbox::new().file("script", outcome.stdout());
            let status = Command::new(shell).arg("-n").arg(sandbox.path("script")).status().expect("a shell");
            assert!(status.success(), "{shell} does not read its completions");
        }
    }
    assert_eq!(sandbox.atrous("completions csh").code, 2);
}

#[test]
fn every_command_has_a_page() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.atrous("man -o .").ok();
    assert!(outcome.stdout().is_empty(), "{outcome}");
    let mut expected: Vec<String> = commands(&sandbox).iter().map(|command| format!("atrous-{command}.1")).collect();
    expected.push("atrous.1".to_string());
    expected.sort();
    assert_eq!(sandbox.names(), expected);
    for name in expected {
        let page = std::fs::read_to_string(sandbox.path(&name)).expect("a page");
        let name = name.trim_end_matches(".1");
        assert!(page.contains(&format!("\n.TH {name} 1 ")), "{page}");
        assert!(page.contains("\n.SH NAME\n") && page.contains("\n.SH SYNOPSIS\n") && page.contains("\n.SH OPTIONS\n"));
        assert!(page.contains("Examples:"), "{page}");
    }
    let first = std::fs::read_to_string(sandbox.path("atrous.1")).expect("a page");
    assert_eq!(sandbox.atrous("man").ok().stdout(), first);
}

#[test]
fn pages_need_a_directory() {
    let outcome = Sandbox::new().atrous("man -o missing");
    assert!(outcome.code == 1 && outcome.stderr.contains("make the directory missing first"), "{outcome}");
}
