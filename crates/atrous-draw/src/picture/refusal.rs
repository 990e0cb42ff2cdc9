//! Why there is no picture.

use std::fmt::{self, Display, Formatter};

use atrous_compiler::layer::Layer;

use super::MOST_SQUARES;
use crate::scene::TooLarge;

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A layer is too large.
    TooLarge(TooLarge),
    /// The layers together, or the frames, have too many cells.
    Crowded {
        /// How many cells.
        squares: usize,
        /// How many layers.
        layers: usize,
        /// Whether frames are drawn.
        has_frames: bool,
    },
    /// The chosen output is none.
    At {
        /// The layer's name.
        layer: String,
        /// What is chosen.
        at: Vec<usize>,
        /// The number of outputs on each axis.
        outputs: Vec<usize>,
    },
    /// The chosen plane is none.
    Slice {
        /// The layer's name.
        layer: String,
        /// What is chosen.
        slice: usize,
        /// How many planes there are, if the layer has three axes.
        planes: Option<usize>,
    },
}

impl Refusal {
    pub(super) fn at(layer: &Layer, at: &[usize], outputs: &[usize]) -> Refusal {
        Refusal::At { layer: layer.name.clone(), at: at.to_vec(), outputs: outputs.to_vec() }
    }

    pub(super) fn slice(layer: &Layer, slice: usize, planes: Option<usize>) -> Refusal {
        Refusal::Slice { layer: layer.name.clone(), slice, planes }
    }

    /// What would be legal; one line.
    pub fn help(&self) -> String {
        match self {
            Refusal::TooLarge(error) => error.help(),
            Refusal::Crowded { has_frames: true, .. } => "draw fewer frames, or one layer".into(),
            Refusal::Crowded { .. } => "draw one layer, or smaller ones".into(),
            Refusal::At { outputs, .. } => match outputs.len() {
                1 => format!("choose one of 0 to {}", outputs[0] - 1),
                _ => {
                    let last: Vec<String> = outputs.iter().map(|size| (size - 1).to_string()).collect();
                    format!("choose row and column, from 0,0 to {}", last.join(","))
                }
            },
            Refusal::Slice { planes: Some(planes), .. } => format!("choose one of 0 to {}", planes - 1),
            Refusal::Slice { planes: None, .. } => "draw it without choosing a plane".into(),
        }
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::TooLarge(error) => error.fmt(f),
            Refusal::Crowded { squares, layers, .. } => {
                let what = if *layers == 1 { "the picture" } else { "the picture of all layers" };
                write!(f, "{what} takes {squares} cells; at most {MOST_SQUARES} are drawn")
            }
            Refusal::At { layer, at, outputs } => {
                let joined = |numbers: &[usize], by| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(by);
                let (at, outputs) = (joined(at, ","), joined(outputs, " × "));
                write!(f, "`{layer}` has no output {at}: there are {outputs}")
            }
            Refusal::Slice { layer, slice, planes: Some(planes) } => {
                write!(f, "`{layer}` has no plane {slice}: there are {planes}")
            }
            Refusal::Slice { layer, slice, planes: None } => {
                write!(f, "`{layer}` has no plane {slice}: only layers of three axes have planes")
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
