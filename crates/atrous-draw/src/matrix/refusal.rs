//! Why there are no matrices.

use std::fmt::{self, Display, Formatter};

use super::MOST_CELLS;

/// Why the matrices of layers are not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A layer is too large.
    TooLarge(TooLarge),
    /// The layers together have too many cells.
    Crowded {
        /// How many cells.
        cells: u128,
    },
}

/// Why a layer has no matrix that could be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// The layer's name.
    pub layer: String,
    /// What there is too much of.
    pub what: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The most elements of such a shape.
    pub most: usize,
}

impl TooLarge {
    /// How many elements there are.
    pub fn count(&self) -> u128 {
        self.shape.iter().map(|&size| size as u128).fold(1, u128::saturating_mul)
    }
}

impl Display for TooLarge {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let TooLarge { layer, what, shape, most } = self;
        let product = shape.iter().map(usize::to_string).collect::<Vec<_>>().join("·");
        let equals = if shape.len() > 1 { format!(" = {}", self.count()) } else { String::new() };
        write!(f, "the matrices of `{layer}` are too large: {product}{equals} {what}, and at most {most} can be shown")
    }
}

impl std::error::Error for TooLarge {}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::TooLarge(error) => error.fmt(f),
            Refusal::Crowded { cells } => {
                write!(f, "the matrices of all layers take {cells} cells; at most {MOST_CELLS} can be shown")
            }
        }
    }
}

impl From<TooLarge> for Refusal {
    fn from(error: TooLarge) -> Refusal {
        Refusal::TooLarge(error)
    }
}

impl std::error::Error for Refusal {}
