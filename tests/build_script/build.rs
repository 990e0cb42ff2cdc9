//! Compiles one spec as it is, and one of several nets for a size.

fn main() -> Result<(), atrous_build::Error> {
    println!("cargo::rerun-if-changed=build.rs");
    atrous_build::compile("specs/upsample.conv")?;
    atrous_build::Config::new().size("L", 16).net("residual").compile(&["specs/residual.conv"])
}
