//! Which layers are too large to be drawn.

use std::fmt::{self, Display, Formatter};

use atrous_compiler::front;
use atrous_compiler::layer::Layer;

use super::View;
use super::line::{Geometry, geometries};

/// The most cells along an axis, of the input with all that is drawn around and between its values, of the output, and of
/// the kernel with its holes.
pub const MOST_CELLS: usize = 64;

/// A layer that has too many cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// The layer's name.
    pub layer: String,
    /// The axis, outermost first, from 0.
    pub axis: usize,
    /// What there is too much of.
    pub what: &'static str,
    /// How many cells of it.
    pub cells: u64,
    /// The largest input along the axis with which it can be drawn, if there is one.
    pub fits: Option<usize>,
}

impl Display for TooLarge {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let TooLarge { layer, axis, what, cells, .. } = self;
        write!(
            f,
            "`{layer}` is too large to draw: {what} takes {cells} cells along axis {axis}; at most {MOST_CELLS} are drawn"
        )
    }
}

impl TooLarge {
    /// What can be drawn instead; one line.
    pub fn help(&self) -> String {
        match self.fits {
            Some(fits) => format!("an input of {fits} or fewer positions along axis {} can be drawn", self.axis),
            None => format!("draw a layer with fewer taps or smaller steps along axis {}", self.axis),
        }
    }
}

impl std::error::Error for TooLarge {}

/// Refuses a layer that is too large.
pub(super) fn check(layer: &Layer, view: View, adjoint: bool) -> Result<(), TooLarge> {
    for (axis, geometry) in geometries(layer, adjoint).iter().enumerate() {
        let what = match (view, layer.transposed != adjoint) {
            (View::Phases, _) => "the input",
            (View::Zeros, true) => "the input with zeros and padding",
            (View::Zeros, false) => "the input with padding",
        };
        let named = [what, "the output", "the kernel"].into_iter().zip(geometry.cells(view));
        // What is largest tells the most.
        let (what, cells) = named.max_by_key(|(_, cells)| *cells).expect("three numbers");
        if cells > MOST_CELLS as i64 {
            let fits = largest_input(layer, axis, view, adjoint);
            return Err(TooLarge { layer: layer.name.clone(), axis, what, cells: cells as u64, fits });
        }
    }
    Ok(())
}

/// The largest input along an axis with which the layer is legal and can be drawn.
fn largest_input(layer: &Layer, axis: usize, view: View, adjoint: bool) -> Option<usize> {
    let fits = |&input: &usize| {
        let mut smaller = layer.clone();
        smaller.axes[axis].input = input;
        let is_legal = !front::text(&smaller.to_string(), &front::Sizes::new()).has_errors();
        let cells = |geometry: &Geometry| geometry.cells(view).into_iter().max();
        is_legal && cells(&geometries(&smaller, adjoint)[axis]) <= Some(MOST_CELLS as i64)
    };
    (1..=MOST_CELLS.min(layer.axes[axis].input)).rev().find(fits)
}
