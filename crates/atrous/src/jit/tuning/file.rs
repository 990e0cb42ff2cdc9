//! The cache as a file: JSON, replaced whole.

use super::error::{CacheError, CacheProblem};
use super::{Key, Tuning};
use crate::jit::compiler::plan::schedule::Schedule;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The version of the format.
pub const FORMAT: u32 = 1;

/// The version of Atrous, whose schedules mean the same.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is behind the name of a file that is no cache of this version.
const OLD: &str = ".old";

/// How many links are followed; systems follow no more.
const MOST_LINKS: usize = 40;

/// No cache is longer.
const MOST_BYTES: u64 = 64 << 20;

/// What every format has.
#[derive(Deserialize)]
struct Header {
    format: u32,
    version: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    format: u32,
    version: String,
    winners: Vec<Winner>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Winner {
    layer: String,
    target: String,
    threads: usize,
    cpu: String,
    schedule: Schedule,
}

/// Reads a cache.
pub fn read(path: &Path) -> Result<Tuning, CacheError> {
    let problem = match bytes(path) {
        Ok(bytes) => match parse(&bytes) {
            Ok(tuning) => return Ok(tuning),
            Err(problem) => problem,
        },
        Err(error) if error.kind() == ErrorKind::NotFound => CacheProblem::Missing,
        Err(error) => CacheProblem::Read(plain(&error)),
    };
    Err(CacheError { path: path.to_path_buf(), problem })
}

/// Adds winners to those in a file, which are replaced where they are of the same layers. A file that is no cache of this
/// version is put aside; what was wrong with it is returned.
pub fn merge(tuning: &Tuning, path: &Path) -> Result<Option<CacheError>, CacheError> {
    // What cannot be read stays as it is.
    if let Err(error @ CacheError { problem: CacheProblem::Read(_), .. }) = read(path) {
        return Err(error);
    }
    let unwritten = |reason| CacheError { path: path.to_path_buf(), problem: CacheProblem::Write(reason) };
    let failed = |error: io::Error| unwritten(plain(&error));
    let file = destination(path);
    if let Some(directory) = file.parent() {
        let unmade = |error: io::Error| unwritten(format!("there is no directory for it: {}", plain(&error)));
        fs::create_dir_all(directory).map_err(unmade)?;
    }
    // The file itself cannot be locked: it is replaced. The lock is given back when `lock` is dropped or the process ends.
    let lock = File::options().create(true).truncate(false).write(true).open(beside(&file, ".lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    let (mut all, ignored) = match read(path) {
        Ok(all) => (all, None),
        Err(CacheError { problem: CacheProblem::Missing, .. }) => (Tuning::default(), None),
        Err(error @ CacheError { problem: CacheProblem::Corrupt(_) | CacheProblem::Version { .. }, .. }) => {
            (Tuning::default(), Some(error))
        }
        Err(error) => return Err(error),
    };
    all.winners.extend(tuning.winners.clone());
    replace(&file, &print(&all), ignored.is_some()).map_err(failed)?;
    Ok(ignored)
}

/// Where a file goes that is no cache of this version.
pub fn aside(path: &Path) -> PathBuf {
    beside(&destination(path), OLD)
}

/// The file that a path leads to, which need not be there. A link stays one: the file that it leads to is replaced.
fn destination(path: &Path) -> PathBuf {
    let mut file = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Ok(target) = fs::read_link(&file) else { break };
        // Links are relative to their directories.
        file = file.with_file_name("").join(target);
    }
    file
}

/// The path with something behind its name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Whoever reads the file sees the old one or the new one, which may put the old one aside. Whoever calls this holds the
/// lock.
fn replace(path: &Path, bytes: &[u8], keeps_old: bool) -> io::Result<()> {
    let new = beside(path, ".new");
    let put_aside = || if keeps_old { fs::rename(path, beside(path, OLD)) } else { Ok(()) };
    let replaced = write(&new, bytes).and_then(|()| put_aside()).and_then(|()| fs::rename(&new, path));
    if replaced.is_err() {
        let _ = fs::remove_file(&new);
    }
    replaced
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let file = fs::metadata(path)?;
    if file.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    if !file.is_file() {
        return Err(io::Error::other("it is a device or a pipe"));
    }
    if file.len() > MOST_BYTES {
        return Err(io::Error::other(format!("it is longer than {} MiB", MOST_BYTES >> 20)));
    }
    fs::read(path)
}

fn parse(bytes: &[u8]) -> Result<Tuning, CacheProblem> {
    let corrupt = |error: serde_json::Error| CacheProblem::Corrupt(error.to_string());
    let Header { format, version } = serde_json::from_slice(bytes).map_err(corrupt)?;
    if (format, version.as_str()) != (FORMAT, VERSION) {
        return Err(CacheProblem::Version { format, version });
    }
    let contents: Contents = serde_json::from_slice(bytes).map_err(corrupt)?;
    let winner = |Winner { layer, target, threads, cpu, schedule }| (Key { layer, target, threads, cpu }, schedule);
    Ok(Tuning { winners: contents.winners.into_iter().map(winner).collect() })
}

fn print(tuning: &Tuning) -> Vec<u8> {
    let winner = |(key, schedule): (&Key, &Schedule)| {
        let Key { layer, target, threads, cpu } = key.clone();
        Winner { layer, target, threads, cpu, schedule: *schedule }
    };
    let winners = tuning.winners.iter().map(winner).collect();
    let contents = Contents { format: FORMAT, version: VERSION.to_string(), winners };
    let mut text = serde_json::to_vec_pretty(&contents).expect("strings and numbers are JSON");
    text.push(b'\n');
    text
}

/// What an IO error says, without the system's number for it, as the rest of a sentence.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    first.to_lowercase() + rest
}
