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
