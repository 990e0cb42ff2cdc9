//! Reading specs and other files whole.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::failure::Failure;

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
        if path == Path::new("-") {
            let name = "<stdin>".to_string();
            let bytes = read_at_most(io::stdin().lock(), &name, MAX_SPEC_BYTES)?;
            return Ok(Source { name, bytes });
        }
        let name = path.display().to_string();
        let bytes = read_file(path, MAX_SPEC_BYTES)?;
        Ok(Source { name, bytes })
    }
}

/// Reads a file of at most so many bytes.
pub fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|error| cannot_read(&name, &error))?;
    read_at_most(file, &name, limit)
}

fn read_at_most(reader: impl Read, name: &str, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| cannot_read(name, &error))?;
    if bytes.len() as u64 > limit {
        let limit = crate::memory::human(limit);
        return Err(Failure::error(format!("the file is longer than the {limit} that may be read")).file(name));
    }
    Ok(bytes)
}

fn cannot_read(name: &str, error: &io::Error) -> Failure {
    Failure::error(format!("cannot read the file: {}", plain(error))).file(name)
}

/// What an IO error says, without the system's number for it.
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let end = text.find(" (os error").unwrap_or(text.len());
    let mut chars = text[..end].chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}
