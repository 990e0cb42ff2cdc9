//! What can be wrong with a cache.

use super::file::{FORMAT, VERSION};
use std::fmt;
use std::path::PathBuf;

/// Why a cache cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheError {
    /// The file.
    pub path: PathBuf,
    /// What is the matter with it.
    pub problem: CacheProblem,
}

/// What is the matter with a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheProblem {
    /// There is no such file.
    Missing,
    /// The system does not give the file.
    Read(String),
    /// The file holds something else.
    Corrupt(String),
    /// Another version of Atrous wrote the file.
    Version {
        /// The version of the file's format.
        format: u32,
        /// The version of Atrous.
        version: String,
    },
    /// The system does not take the file.
    Write(String),
}

impl fmt::Display for CacheProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CacheProblem::Missing => write!(f, "there is no such file"),
            CacheProblem::Read(reason) => write!(f, "cannot read the tuning cache: {reason}"),
            CacheProblem::Corrupt(reason) => write!(f, "the file is no tuning cache: {reason}"),
            CacheProblem::Version { format, version } => write!(
                f,
                "the tuning cache is of format {format} and Atrous {version}; this is format {FORMAT} and Atrous {VERSION}"
            ),
            CacheProblem::Write(reason) => write!(f, "cannot write the tuning cache: {reason}"),
        }
    }
}

impl fmt::Display for CacheError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for CacheError {}
