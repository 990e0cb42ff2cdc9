//! Nets whose sizes are not all known.

use super::read::MOST;
use super::shape::{Dim, Sizes};
use super::suggest::count;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::layer::Layout;
use std::collections::BTreeSet;

/// A net without errors whose sizes are not all bound. Bound to sizes it may still have errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenNet {
    /// The name of the net or layer.
    pub name: String,
    /// Whether it was written as a `layer`.
    pub standalone: bool,
    /// The names of sizes that are not bound, in the order in which they appear.
    pub free: Vec<String>,
    /// The inputs with their shapes `[N, C, S…]`, in order.
    pub inputs: Vec<(String, Vec<Dim>)>,
    /// The names of the outputs, in order.
    pub outputs: Vec<String>,
    /// Memory order of all values.
    pub layout: Layout,
}

pub(super) fn new(
    name: &str,
    standalone: bool,
    inputs: Vec<(String, Vec<Dim>)>,
    outputs: Vec<String>,
    layout: Layout,
) -> OpenNet {
    let mut free: Vec<String> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for dim in inputs.iter().flat_map(|input| &input.1) {
        match dim {
            Dim::Free(name) if seen.insert(name) => free.push(name.clone()),
            Dim::Free(_) | Dim::Known(_) => {}
        }
    }
    OpenNet { name: name.to_string(), standalone, free, inputs, outputs, layout }
}

impl OpenNet {
    /// The error that sizes are free where code is made; `help` says how to bind them there.
    pub fn unbound(&self, span: Span, help: &str) -> Diagnostic {
        let message = format!("`{}` has sizes that are not bound: {}", self.name, self.free.join(", "));
        Diagnostic::error(codes::UNBOUND_SIZE, span, message).help(help)
    }

    /// The sizes for which the inputs have the given shapes, each `[N, C, S…]`, in the order of [`OpenNet::inputs`].
    ///
    /// # Errors
    /// One line that says which input, which dimension and which numbers do not fit.
    pub fn sizes_for(&self, shapes: &[Vec<usize>]) -> Result<Sizes, String> {
        if shapes.len() != self.inputs.len() {
            let inputs = count(self.inputs.len(), "input", "inputs");
            return Err(format!("`{}` has {inputs}, but {} given", self.name, count(shapes.len(), "is", "are")));
        }
        // For each name its size and the input that gave it.
        let mut sizes = Sizes::new();
        for ((name, dims), shape) in self.inputs.iter().zip(shapes) {
            if shape.len() != dims.len() {
                let wants = dims.iter().map(Dim::to_string).collect::<Vec<_>>().join(", ");
                return Err(format!("input `{name}` has the shape [{wants}], but {shape:?} is given"));
            }
            for (dimension, (dim, &size)) in dims.iter().zip(shape).enumerate() {
                let place = match dimension {
                    0 => format!("the batch of input `{name}`"),
                    1 => format!("the channel count of input `{name}`"),
                    _ => format!("the size of input `{name}` in axis {}", dimension - 2),
                };
                if size == 0 || size > MOST as usize {
                    return Err(format!("{place} is {size}; sizes are 1 to {MOST}"));
                }
                match dim {
                    Dim::Known(known) if *known != size => {
                        return Err(format!("{place} is {known}, but {size} is given"));
                    }
                    Dim::Known(_) => {}
                    Dim::Free(free) => {
                        let first = *sizes.entry(free.clone()).or_insert(size);
                        if first != size {
                            return Err(format!(
                                "{place} is {size}, but {free} stands for {first} in an earlier place"
                            ));
                        }
                    }
                }
            }
        }
        Ok(sizes)
    }
}
