//! Why specs are not compiled.

use std::fmt::{self, Debug, Display, Formatter};
use std::io;
use std::path::Path;

/// Everything that is wrong, as text for people.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    pub(crate) messages: Vec<String>,
}

impl Error {
    pub(crate) fn one(message: impl Into<String>) -> Error {
        Error { messages: vec![message.into()] }
    }

    pub(crate) fn file(what: &str, path: &Path, error: &io::Error) -> Error {
        Error::one(format!("{what} {}: {error}", path.display()))
    }
}

/// One message below the other.
impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.messages.join("\n\n"))
    }
}

/// The same, on lines of its own: what cargo shows when `main` of a build script returns the error.
impl Debug for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "\n{self}\n")
    }
}

impl std::error::Error for Error {}
