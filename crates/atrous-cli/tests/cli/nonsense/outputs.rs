//! Outputs that cannot be written, and what is left of the old ones.

use super::*;

fn with_outputs() -> Sandbox {
    let sandbox = sandbox()
        .file("colours.conv", "layer colours { input: [1, 3, 4, 4], channels: 2, kernel: 1 }")
        .file("y.npy", "precious")
        .file("directory/both.npy", "precious");
    std::fs::create_dir_all(sandbox.path("blocked/negative.npy")).expect("a directory");
    #[cfg(unix)]
    std::os::unix::fs::symlink("double.conv", sandbox.path("link.rs")).expect("a link");
    sandbox
}

#[test]
fn outputs() {
    let told = told(
        &with_outputs(),
        &[
            "run double.conv --weights double.st --input x.npy -o missing/y.npy",
            "run double.conv --weights double.st --input x.npy -o text.txt/y.npy",
            "run double.conv --weights double.st --input x.npy -o text.txt/",
            "run double.conv --weights double.st --input x.npy -o text.txt/new/",
            "run double.conv --weights double.st --input x.npy -o x.npy",
            "run double.conv --weights double.st --input x.npy -o ./directory/../x.npy",
            "run double.conv --weights double.st --input x.npy -o double.st --format npy",
            "run double.conv --weights double.st --input x.npy -o double.conv --format npy",
            "run double.conv --weights double.st --input x.npy -o y.txt",
            "run double.conv --weights double.st --input x.npy -o y",
            "run double.conv --weights double.st --input x.npy -o y.gif",
            "run double.conv --weights double.st --input x.npy -o y.png",
            "run double.conv --weights double.st --input x.npy -o y.npy --format png",
            "run colours.conv --weights random:1 --input random:1 -o y.png",
            "run sum.conv --weights random:1 --input random:1 -o y.npy",
            "run sum.conv --weights random:1 --input random:1 -o -",
            "run sum.conv --weights random:1 --input random:1 -o blocked",
            "run sum.conv --weights random:1 --input random:1 -o directory --format png",
            "build double.conv --emit rust -o missing/a.rs",
            "build double.conv --emit rust -o text.txt/a.rs",
            "build double.conv --emit rust -o directory",
            "build double.conv --emit rust -o .",
            "build double.conv --emit layer -o double.conv",
            "draw double.conv -o missing/a.svg",
            "draw double.conv -o text.txt/a.svg",
            "draw double.conv -o text.txt/",
            "draw double.conv -o double.conv --format svg",
            "draw double.conv -o a.jpg",
            "draw double.conv sum.conv -o a.svg",
            "draw double.conv ./double.conv -o directory",
            "tune double.conv --cache double.conv",
            "tune double.conv --cache ./directory/../double.conv",
            "ATROUS_TUNING=double.conv tune double.conv",
            "tune double.conv --cache directory",
            "tune double.conv --cache text.txt/cache.json",
        ],
    );
    insta::assert_snapshot!(told);
}

/// The file system itself refuses.
#[cfg(target_os = "linux")]
#[test]
fn outputs_on_linux() {
    let told = told(
        &with_outputs(),
        &[
            "run double.conv --weights double.st --input x.npy --format npy -o /dev/full",
            "build double.conv --emit rust -o /dev/full",
            "run double.conv --weights double.st --input x.npy -o /proc/y.npy",
            "run double.conv --weights double.st --input x.npy -o /proc/new/",
            "build double.conv --emit rust -o link.rs",
            "tune double.conv --cache /proc/atrous/cache.json",
            "tune double.conv --cache /dev/full",
        ],
    );
    insta::assert_snapshot!(told);
}

/// One output of two cannot be written, whichever: the other one stays as it was.
#[test]
fn all_outputs_are_written_or_none() {
    for blocked in ["both.npy", "negative.npy"] {
        let sandbox = sandbox();
        std::fs::create_dir_all(sandbox.path(&format!("out/{blocked}"))).expect("a directory");
        let other = ["both.npy", "negative.npy"].into_iter().find(|name| *name != blocked).expect("there are two");
        std::fs::write(sandbox.path(&format!("out/{other}")), "precious").expect("a file");
        told(&sandbox, &["run sum.conv --weights random:1 --input random:1 -o out"]);
    }
}

/// The same where the system refuses when the results are there.
#[cfg(target_os = "linux")]
#[test]
fn outputs_that_fail_late_leave_files_alone() {
    let sandbox = sandbox().file("directory/both.npy", "precious");
    std::os::unix::fs::symlink("/dev/full", sandbox.path("directory/negative.npy")).expect("a link");
    let line = "run sum.conv --weights random:1 --input random:1 -o directory";
    let outcome = sandbox.atrous(line);
    assert_eq!(outcome.code, 1, "{outcome}");
    let expected = "error: directory/negative.npy: cannot write the file: no space left on device\n";
    assert_eq!(outcome.stderr, expected);
    let names = std::fs::read_dir(sandbox.path("directory")).expect("a directory").count();
    assert_eq!((names, std::fs::read(sandbox.path("directory/both.npy")).ok()), (2, Some(b"precious".to_vec())));
}

/// No byte can be written to any file: what was there stays, and nothing of the new is left.
#[cfg(target_os = "linux")]
#[test]
fn files_that_cannot_be_filled_are_not_touched() {
    let old = ["y.npy", "y.rs", "cache.json"];
    let sandbox = old.iter().fold(sandbox(), |sandbox, name| sandbox.file(name, "precious"));
    let lines = [
        "run double.conv --weights double.st --input x.npy -o y.npy",
        "run double.conv --weights double.st --input x.npy -o new.npy",
        "run sum.conv --weights random:1 --input random:1 -o directory",
        "build double.conv --emit rust -o y.rs",
        "build double.conv --emit rust -o new.rs",
    ];
    let cache = "tune double.conv --cache cache.json --candidates 2 --rounds 1";
    for line in lines.into_iter().chain([cache]) {
        let before = contents(&sandbox.path("."));
        let atrous = sandbox.command(line);
        let mut shell = std::process::Command::new("sh");
        shell
            .args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""])
            .arg(atrous.get_program())
            .args(atrous.get_args());
        let output = shell.current_dir(sandbox.path(".")).output().expect("a shell");
        let stderr = String::from_utf8(output.stderr).expect("messages are text");
        assert_eq!(output.status.code(), Some(1), "{line}: {stderr}");
        assert!(stderr.contains(": file too large"), "{line}: {stderr}");
        let mut after = contents(&sandbox.path("."));
        if line == cache {
            // The file that processes lock stays.
            assert_eq!(after.remove(&sandbox.path("./cache.json.lock")), Some(Some(vec![])));
        }
        assert!(after == before, "{line} leaves something: {:?}", after.keys());
    }
}

/// Standard output that takes nothing is an error; one that is closed is not.
#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_told() {
    let sandbox = sandbox();
    for arguments in ["build double.conv --emit rust", "run double.conv --weights random:1 --input random:1 -o -"] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
        let output = sandbox.command(arguments).stdout(full).output().expect("the binary ends");
        let stderr = String::from_utf8(output.stderr).expect("messages are text");
        let expected = "error: cannot write to standard output: no space left on device\n";
        assert_eq!((output.status.code(), stderr.as_str()), (Some(1), expected), "{arguments}");
    }
}
