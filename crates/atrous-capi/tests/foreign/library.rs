//! Where cargo has put the library.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The shared library.
pub fn shared() -> PathBuf {
    directory().join(name())
}

/// The directory with the shared and the static library. Cargo builds both for these tests, which need the crate, and puts
/// them beside the tests; where it does not, a cargo of our own builds them.
pub fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let program = std::env::current_exe().expect("a test knows where it is");
        let beside = program.parent().expect("a test is in a directory");
        if beside.join(name()).is_file() { beside.to_owned() } else { build() }
    })
}

fn name() -> String {
    format!("{}atrous_capi{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX)
}

fn build() -> PathBuf {
    let mut command = Command::new(env!("CARGO"));
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    command.args(["build", "--message-format=json", "--manifest-path", manifest]);
    let messages = super::run(&mut command);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let files = messages.flat_map(|message| message["filenames"].as_array().cloned().unwrap_or_default());
    let mut files = files.filter_map(|file| file.as_str().map(PathBuf::from));
    let library = files.find(|file| file.ends_with(name())).expect("cargo says where the library is");
    library.parent().expect("a library is in a directory").to_owned()
}
