//! Reading specs and other files whole.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use atrous_compiler::syntax::LONGEST_TEXT;

use crate::failure::Failure;
use crate::memory::{Limit, human};

/// No spec is longer.
const MAX_SPEC_BYTES: u64 = 16 << 20;

/// The text of a spec.
#[derive(Clone, Debug)]
pub struct Source {
    /// How messages call it.
    pub name: String,
    /// As read: not necessarily UTF-8.
    pub bytes: Vec<u8>,
}

impl Source {
    /// Reads a spec from a file, or from standard input for `-`.
    pub fn read(path: &Path) -> Result<Source, Failure> {
        let (name, bytes) = if path == Path::new("-") {
            let name = "<stdin>".to_string();
            let bytes = read_at_most(io::stdin().lock(), &name, MAX_SPEC_BYTES)?;
            (name, bytes)
        } else {
            let name = path.display().to_string();
            let bytes = read_at_most(open(path)?, &name, MAX_SPEC_BYTES)?;
            (name, bytes)
        };
        let most = human(LONGEST_TEXT as u64);
        let text = format!("the file has more than {}; at most {most} are read as a spec", human(MAX_SPEC_BYTES));
        let too_long = || Failure::error(text);
        Ok(Source { bytes: bytes.ok_or_else(|| too_long().file(&name))?, name })
    }
}

/// Refuses to read standard input twice.
pub fn check_stdin(files: &[PathBuf]) -> Result<(), Failure> {
    match files.iter().filter(|file| file.as_os_str() == "-").count() {
        0 | 1 => Ok(()),
        _ => Err(Failure::usage("standard input, `-`, is given twice")),
    }
}

/// Reads a file whole, when it is within the limit together with so many bytes of tensors.
pub fn read_file(path: &Path, tensors: u64, limit: Limit) -> Result<Vec<u8>, Failure> {
    let name = path.display().to_string();
    let file = open(path)?;
    let there = file.metadata().map_err(|error| cannot_read(&name, &error))?;
    if is_device(&there) {
        return Err(Failure::error("cannot read the file: it is a device").file(name));
    }
    let what = if tensors == 0 { "the file" } else { "the file, beside the tensors," };
    limit.check(what, there.len().saturating_add(tensors)).map_err(|failure| failure.file(&name))?;
    // Pipes do not say how much comes.
    let bytes = read_at_most(file, &name, limit.bytes.saturating_sub(tensors))?;
    bytes.ok_or_else(|| {
        let text = format!("{what} takes more than the limit of {}", human(limit.bytes));
        Failure::error(text).file(&name).help("allow more with --memory-limit")
    })
}

/// Whether a file has no end.
#[cfg(unix)]
fn is_device(there: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    there.file_type().is_char_device() || there.file_type().is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: &Metadata) -> bool {
    false
}

fn open(path: &Path) -> Result<File, Failure> {
    File::open(path).map_err(|error| cannot_read(&path.display().to_string(), &error))
}

/// All bytes, or `None` when there are more.
fn read_at_most(reader: impl Read, name: &str, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    let mut bytes = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| cannot_read(name, &error))?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

fn cannot_read(name: &str, error: &io::Error) -> Failure {
    Failure::error(format!("cannot read the file: {}", plain(error))).file(name)
}

/// What an IO error says, without the system's number for it.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    as_clause(&text[..end])
}

/// A message of a library as a part of ours: on one line, and not starting like a sentence.
pub fn as_clause(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut chars = line.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}
