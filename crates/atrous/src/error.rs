//! What can be wrong with the tensors that a caller hands over.

use std::fmt;

/// Why a layer or net cannot take the tensors it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A slice has not as many elements as the tensor it should hold.
    Length {
        /// The layer or net as its spec names it.
        model: String,
        /// The input or output, or the parameter as in `conv1.weight`.
        tensor: String,
        /// The shape that was expected.
        shape: Vec<usize>,
        /// The number of elements that were found.
        found: usize,
    },
    /// Parameters are not there.
    Missing {
        /// The layer or net as its spec names it.
        model: String,
        /// All of them, in the order of the spec.
        tensors: Vec<String>,
    },
    /// The scratch memory of a run is too short.
    Scratch {
        /// The layer or net as its spec names it.
        model: String,
        /// The number of elements that it needs.
        expected: usize,
        /// The number of elements that were found.
        found: usize,
    },
    /// The environment variable `ATROUS_TARGET` asks for an instruction set that cannot be used.
    Target {
        /// What it says.
        asked: String,
        /// What the layer or net is compiled for.
        compiled: Vec<&'static str>,
        /// What this machine has.
        available: Vec<&'static str>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Length { model, tensor, shape, found } => {
                let expected: usize = shape.iter().product();
                write!(f, "`{model}`: `{tensor}` has {found} elements, but its shape {shape:?} has {expected}")
            }
            Error::Missing { model, tensors } => write!(f, "`{model}`: no tensor named `{}`", tensors.join("`, `")),
            Error::Scratch { model, expected, found } => {
                write!(f, "`{model}`: scratch memory has {found} elements, but {expected} are needed")
            }
            Error::Target { asked, compiled, available } => write!(
                f,
                "ATROUS_TARGET is `{asked}`: compiled are `{}`; this machine has `{}`",
                compiled.join("`, `"),
                available.join("`, `")
            ),
        }
    }
}

impl std::error::Error for Error {}
