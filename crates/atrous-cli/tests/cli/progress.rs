//! Bars are for terminals: without one nothing of them is written, however long the work takes.

use std::time::{Duration, Instant};

use crate::sandbox::Sandbox;

/// Longer than the command waits before it draws.
const LONG: Duration = Duration::from_millis(1300);

/// Runs a command with work that doubles until it takes long, and checks that it writes lines of text only.
fn is_silent(lines: usize, arguments: impl Fn(u64) -> String) {
    let sandbox =
        Sandbox::new().file("layer.conv", "layer a { input: [1, 8, 16, L], channels: 8, kernel: 3, padding: 1 }\n");
    for doublings in 0..40 {
        let start = Instant::now();
        let outcome = sandbox.atrous(&arguments(1 << doublings));
        assert_eq!(outcome.code, 0, "{outcome}");
        let is_plain = |character: char| !character.is_control() || character == '\n';
        assert!(outcome.stderr.chars().all(is_plain), "{:?}", outcome.stderr);
        assert_eq!(outcome.stderr.lines().count(), lines, "{outcome}");
        if start.elapsed() > LONG {
            return;
        }
    }
    panic!("the work never takes long");
}

#[test]
fn running() {
    is_silent(1, |size| {
        format!("run layer.conv --size L={} --weights random:1 --input random:2 --backend oracle", 256 * size)
    });
}

#[test]
fn timing() {
    is_silent(0, |rounds| format!("bench layer.conv --size L=64 --rounds {}", 64 * rounds));
}

/// No thread of a stack that is larger than the memory starts.
#[cfg(target_os = "linux")]
#[test]
fn no_thread_is_needed_to_wait() {
    let sandbox = Sandbox::with_good_files();
    let run = |arguments: &str| {
        let mut command = sandbox.command(arguments);
        command.env("RUST_MIN_STACK", (1_u64 << 50).to_string()).stdin(std::process::Stdio::piped());
        crate::sandbox::Outcome::of(command, b"")
    };
    run("build double.conv --emit rust").ok();
    run("run double.conv --weights random:1 --input random:2 --threads 1").ok();
    let refused = run("run double.conv --weights random:1 --input random:2 --threads 2");
    let expected = "error: the system starts no thread: resource temporarily unavailable\n";
    assert_eq!((refused.code, refused.stderr.as_str()), (1, expected));
}
