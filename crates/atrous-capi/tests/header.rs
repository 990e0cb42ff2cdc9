//! The header is what the crate says.

use std::fs;
use std::path::Path;

/// In the order in which the header declares what is in them.
const SOURCES: [&str; 3] = ["src/status.rs", "src/kernel.rs", "src/packed.rs"];

#[test]
fn header_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("the configuration is right");
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = SOURCES.iter().fold(builder, |builder, source| builder.with_src(root.join(source)));
    let mut expected = Vec::new();
    builder.generate().expect("the sources have an interface").write(&mut expected);
    let (path, expected) = (root.join("include/atrous.h"), String::from_utf8(expected).expect("headers are text"));
    if std::env::var_os("ATROUS_BLESS").is_some() {
        fs::write(&path, &expected).expect("the header can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} is out of date: ATROUS_BLESS=1 cargo test -p atrous-capi", path.display());
}
