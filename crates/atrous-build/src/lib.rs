//! Compiles convolution specs to Rust in build scripts.
//!
//! The macro `atrous::conv!` does the same without a build script. A build script is for generated code that one wants to
//! read or step through, for specs that other files or the environment choose, and for editors that are slow with large
//! macros.
//!
//! `Cargo.toml`:
//!
//! ```toml
//! [dependencies]
//! atrous = "0.1"
//!
//! [build-dependencies]
//! atrous-build = "0.1"
//! ```
//!
//! `build.rs`:
//!
//! ```no_run
//! fn main() -> Result<(), atrous_build::Error> {
//!     atrous_build::compile("specs/net.conv")
//! }
//! ```
//!
//! `src/lib.rs`, or a module of its own:
//!
//! ```ignore
//! include!(concat!(env!("OUT_DIR"), "/net.rs"));
//! ```
//!
//! Sizes that a spec leaves free are bound by the builder:
//!
//! ```no_run
//! # fn main() -> Result<(), atrous_build::Error> {
//! atrous_build::Config::new().size("H", 160).size("W", 160).compile(&["specs/upconv7.conv"])
//! # }
//! ```
//!
//! Warnings become warnings of cargo's; errors tell the file and the line that they are about, and all are told at once. An
//! edit of a spec makes cargo run the build script again.

mod error;
#[cfg(test)]
mod tests;

use atrous_compiler::emit::{self, Options};
use atrous_compiler::front::{self, Front, Model, Sizes};
use atrous_compiler::plan::schedule::Slow;
use atrous_compiler::plan::{Plan, Stage};
use atrous_compiler::render::render;
use atrous_compiler::{Diagnostic, Net, Severity, Span, Target};
pub use error::Error;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Compiles a spec without free sizes to `OUT_DIR/NAME.rs`, where NAME is the name of the file without its ending.
///
/// # Errors
///
/// Those of [`Config::compile`].
pub fn compile(spec: impl AsRef<Path>) -> Result<(), Error> {
    Config::new().compile(&[spec])
}

/// What becomes of specs.
#[derive(Debug, Default)]
struct Compiled {
    /// The name and text of each file.
    files: Vec<(String, String)>,
    /// Drawn.
    warnings: Vec<String>,
}

/// How specs are compiled.
#[derive(Clone, Debug, Default)]
pub struct Config {
    sizes: Sizes,
    out_dir: Option<PathBuf>,
    nets: Vec<String>,
    facade: Option<String>,
    denies_slow: bool,
}

impl Config {
    /// All nets of all specs, no free size, into `OUT_DIR`.
    pub fn new() -> Config {
        Config::default()
    }

    /// Binds a free size, which each spec has to have. The last value of a name counts.
    pub fn size(&mut self, name: impl Into<String>, size: usize) -> &mut Config {
        self.sizes.insert(name.into(), size);
        self
    }

    /// Writes into this directory instead of `OUT_DIR`.
    pub fn out_dir(&mut self, directory: impl Into<PathBuf>) -> &mut Config {
        self.out_dir = Some(directory.into());
        self
    }

    /// Compiles only this layer or net, and others that are named so.
    pub fn net(&mut self, name: impl Into<String>) -> &mut Config {
        self.nets.push(name.into());
        self
    }

    /// The path of the crate `atrous` for a crate that knows it by another name, such as `::convolution`.
    pub fn facade(&mut self, path: impl Into<String>) -> &mut Config {
        self.facade = Some(path.into());
        self
    }

    /// Makes it an error, rather than a warning, when a layer takes the slow path on every target.
    pub fn deny_slow(&mut self) -> &mut Config {
        self.denies_slow = true;
        self
    }

    /// Compiles specs, each to a file of its own: `NAME.conv` to `NAME.rs`. Paths are relative to the manifest of the crate.
    ///
    /// # Errors
    ///
    /// What is wrong in all specs; then no file is written. Two specs have one name. A named net is in none of them. A file
    /// cannot be read or written, or cargo has not set `OUT_DIR`.
    pub fn compile(&self, specs: &[impl AsRef<Path>]) -> Result<(), Error> {
        let directory = self.directory(std::env::var_os("OUT_DIR"))?;
        let specs: Vec<&Path> = specs.iter().map(AsRef::as_ref).collect();
        // Also of those that are wrong, or nothing would run the script again when they are mended.
        specs.iter().for_each(|spec| println!("cargo::rerun-if-changed={}", spec.display()));
        let Compiled { files, warnings } = self.compiled(&specs)?;
        warnings.iter().flat_map(|warning| warning.lines()).for_each(|line| println!("cargo::warning={line}"));
        files.into_iter().try_for_each(|(name, text)| {
            let path = directory.join(name);
            // A whole file takes the place of the old one, or none does.
            let new = path.with_extension("rs.new");
            let written = fs::write(&new, text).and_then(|()| fs::rename(&new, &path));
            written.map_err(|error| Error::file("cannot write", &path, &error))
        })
    }

    fn directory(&self, variable: Option<OsString>) -> Result<PathBuf, Error> {
        let directory = self.out_dir.clone().or(variable.map(PathBuf::from));
        directory.ok_or_else(|| {
            Error::one("there is no OUT_DIR: call this from a build script, or name a directory with `out_dir`")
        })
    }

    /// What becomes of all specs, or what is wrong with any of them.
    fn compiled(&self, specs: &[&Path]) -> Result<Compiled, Error> {
        let Compiled { mut files, mut warnings } = Compiled::default();
        let (mut errors, mut found) = (Vec::new(), Vec::new());
        for spec in specs {
            let file = file_name(spec).and_then(|name| {
                if files.iter().any(|(other, _)| *other == name) {
                    return Err(Error::one(format!(
                        "two specs would be written to {name}; compile them into two directories"
                    )));
                }
                Ok((name, self.source(spec, &mut warnings, &mut found)?))
            });
            match file {
                Ok(file) => files.push(file),
                Err(error) => errors.extend(error.messages),
            }
        }
        let missing = self.nets.iter().filter(|net| !found.contains(net));
        if errors.is_empty() {
            errors.extend(missing.map(|net| format!("there is no layer or net `{net}`; there are {}", list(&found))));
        }
        // What is wrong with the configuration is told once, not of each net.
        let mut told = BTreeSet::new();
        errors.retain(|error| told.insert(error.clone()));
        if errors.is_empty() { Ok(Compiled { files, warnings }) } else { Err(Error { messages: errors }) }
    }

    /// The Rust of one spec.
    fn source(&self, spec: &Path, warnings: &mut Vec<String>, found: &mut Vec<String>) -> Result<String, Error> {
        let bytes = fs::read(spec).map_err(|error| Error::file("cannot read", spec, &error))?;
        let name = spec.display().to_string();
        let front = front::bytes(&bytes, &self.sizes);
        let nets = self.nets(&front);
        found.extend(front.models.iter().map(|model| model.name().to_string()));
        let drawn = |diagnostic: &Diagnostic| render(&name, &bytes, diagnostic);
        let open = nets.iter().filter_map(|net| net.as_ref().err());
        let all =
            front.diagnostics.iter().chain(if front.has_errors() { None } else { Some(open) }.into_iter().flatten());
        let (errors, told): (Vec<_>, Vec<_>) = all.partition(|diagnostic| diagnostic.severity == Severity::Error);
        if !errors.is_empty() {
            return Err(Error { messages: errors.into_iter().map(drawn).collect() });
        }
        warnings.extend(told.into_iter().map(drawn));
        let mut text = format!("// What atrous-build makes of {}.\n\n", name.escape_debug());
        let mut messages = Vec::new();
        for net in nets.into_iter().flatten() {
            let line = line(&bytes, place(&front, &net.name));
            match self.items(&net, &format!("{name}:{line}"), warnings) {
                Ok(items) => text += &items,
                Err(error) => messages.extend(error.messages),
            }
        }
        if messages.is_empty() { Ok(text) } else { Err(Error { messages }) }
    }

    /// The nets to compile, or for those with free sizes the error.
    fn nets(&self, front: &Front) -> Vec<Result<Net, Diagnostic>> {
        let is_wanted = |model: &&Model| self.nets.is_empty() || self.nets.iter().any(|net| net == model.name());
        let net = |model: &Model| match model {
            Model::Net(net) => Ok(net.clone()),
            Model::Open(open) => {
                let sizes: String = open.free.iter().map(|size| format!(".size({size:?}, 64)")).collect();
                let help = format!("bind them, for example with `Config::new(){sizes}`");
                Err(open.unbound(place(front, &open.name), &help))
            }
        };
        front.models.iter().filter(is_wanted).map(net).collect()
    }

    /// The generated items of the net at a place, for all targets. Layers that are slow on all of them are warned of, or
    /// refused.
    fn items(&self, net: &Net, place: &str, warnings: &mut Vec<String>) -> Result<String, Error> {
        let plans =
            Target::all().iter().map(|target| atrous_compiler::compile(net, target)).collect::<Result<Vec<_>, _>>();
        let plans = plans.map_err(|error| Error::one(format!("{place}: error: {error}")))?;
        let told = |(stage, slow): (&Stage, Slow)| {
            format!("`{}` takes the slow path on every target: {slow}\n  = help: {}", stage.name, slow.help())
        };
        let slow = Plan::slow_on_all(&plans).into_iter().map(told);
        if self.denies_slow {
            let messages: Vec<String> = slow.map(|text| format!("{place}: error: {text}")).collect();
            if !messages.is_empty() {
                return Err(Error { messages });
            }
        } else {
            warnings.extend(slow.map(|text| format!("{place}: warning: {text}")));
        }
        let mut options = Options::default();
        if let Some(facade) = &self.facade {
            options.facade = facade.parse().map_err(|_| no_path(facade))?;
        }
        emit::source(net, &plans, &options).map_err(|_| no_path(self.facade.as_deref().unwrap_or_default()))
    }
}

/// Where the name of a layer or net stands in its spec.
fn place(front: &Front, name: &str) -> Span {
    let mut items = front.file.iter().flat_map(|file| &file.items).map(|item| item.name());
    items.find(|item| item.text == name).map_or(Span { start: 0, end: 0 }, |item| item.span)
}

/// The number of the line in which a place is.
fn line(text: &[u8], place: Span) -> usize {
    1 + text.iter().take(place.start).filter(|&&byte| byte == b'\n').count()
}

fn no_path(facade: &str) -> Error {
    Error::one(format!("the facade `{}` is not a path such as `::atrous`", facade.escape_debug()))
}

/// `net.rs` for `specs/net.conv`.
fn file_name(spec: &Path) -> Result<String, Error> {
    let stem = spec.file_stem().ok_or_else(|| Error::one(format!("{} is not a file", spec.display())))?;
    let stem = stem.to_str().ok_or_else(|| Error::one(format!("the name of {} is not UTF-8", spec.display())))?;
    Ok(format!("{stem}.rs"))
}

fn list(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { "none".to_string() } else { names.join(", ") }
}
