//! The picture of a layer as data: cells, phases, and what each output reads.
//!
//! A picture of several axes is the product of its [`Line`]s. A transposed layer and an adjoint are drawn as what they
//! are: convolutions over an input with zeros in it. All geometry comes from `atrous_compiler::ir::Axis`.

mod caption;
pub(crate) mod line;
mod size;

use atrous_compiler::layer::Layer;

pub use line::{InputCell, Kind, Line, OutputCell, Phase, Read};
pub use size::{MOST_CELLS, TooLarge};

/// What is shown of the zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum View {
    /// All that an ordinary convolution would read: padding, and zeros between the inputs of a transposed layer.
    Zeros,
    /// Only what is real: each phase of the outputs reads inputs with its own weights.
    Phases,
}

/// The picture of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Scene {
    /// What is drawn.
    pub layer: Layer,
    /// What is shown of the zeros.
    pub view: View,
    /// Whether this is the adjoint of the layer: from its outputs to its inputs, as gradients flow.
    pub adjoint: bool,
    /// One for each axis, outermost first.
    pub lines: Vec<Line>,
}

/// What one output reads with one weight, over all axes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Reading {
    /// The index of the weight among those of a kernel, row by row.
    pub weight: usize,
    /// For each axis an index into [`Line::inputs`].
    pub cells: Vec<usize>,
    /// What stands there.
    pub kind: Kind,
    /// The input that stands there, for each axis; `None` for zeros.
    pub input: Option<Vec<usize>>,
}

impl Scene {
    /// The picture of a checked layer.
    ///
    /// # Errors
    /// The layer has more than [`MOST_CELLS`] along an axis.
    pub fn new(layer: &Layer, view: View, adjoint: bool) -> Result<Scene, TooLarge> {
        size::check(layer, view, adjoint)?;
        let lines = line::geometries(layer, adjoint).iter().map(|geometry| geometry.line(view)).collect();
        Ok(Scene { layer: layer.clone(), view, adjoint, lines })
    }

    /// Whether the drawn convolution has zeros between its inputs, so that the two views differ by more than padding.
    pub fn has_zeros(layer: &Layer, adjoint: bool) -> bool {
        layer.transposed != adjoint && layer.axes.iter().any(|axis| axis.stride > 1)
    }

    /// Number of outputs of each axis.
    pub fn outputs(&self) -> Vec<usize> {
        self.lines.iter().map(|line| line.outputs.len()).collect()
    }

    /// Number of phases over all axes.
    pub fn phase_count(&self) -> usize {
        phase_count(&self.lines)
    }

    /// The phase of an output; see [`phase`].
    pub fn phase(&self, output: &[usize]) -> usize {
        phase(&self.lines, output)
    }

    /// What an output reads; see [`reads`].
    pub fn reads(&self, output: &[usize]) -> Vec<Reading> {
        reads(&self.lines, output)
    }

    /// An output from which much can be seen: it reads as many inputs as any, and of those is in the middle.
    pub fn telling_output(&self) -> Vec<usize> {
        self.lines.iter().map(Line::telling_output).collect()
    }
}

/// Number of phases over some axes.
pub fn phase_count(lines: &[Line]) -> usize {
    lines.iter().map(|line| line.phases.len()).product()
}

/// The phase of an output, which has one index per axis: those of the last axis count first.
///
/// # Panics
/// If the output is not one.
pub fn phase(lines: &[Line], output: &[usize]) -> usize {
    let of_axis = |(line, &output): (&Line, &usize)| (line.phases.len(), line.outputs[output].phase);
    lines.iter().zip(output).map(of_axis).fold(0, |phase, (phases, of_axis)| phase * phases + of_axis)
}

/// What an output reads over some axes, row by row of the input.
///
/// # Panics
/// If the output is not one.
pub fn reads(lines: &[Line], output: &[usize]) -> Vec<Reading> {
    let start = Reading { weight: 0, cells: Vec::new(), kind: Kind::Input, input: Some(Vec::new()) };
    lines.iter().zip(output).fold(vec![start], |outer, (line, &output)| {
        let reads = &line.outputs[output].reads;
        let extended = |reading: &Reading| reads.iter().map(|read| reading.extended(read, line)).collect::<Vec<_>>();
        outer.iter().flat_map(extended).collect()
    })
}

impl Reading {
    /// The same on one axis more.
    fn extended(&self, read: &Read, line: &Line) -> Reading {
        let cell = &line.inputs[read.cell];
        let input = self.input.as_ref().zip(cell.input);
        Reading {
            weight: self.weight * line.weights + read.weight,
            cells: [&self.cells[..], &[read.cell]].concat(),
            kind: self.kind.max(cell.kind),
            input: input.map(|(outer, input)| [&outer[..], &[input]].concat()),
        }
    }
}

impl Line {
    fn telling_output(&self) -> usize {
        let real = |output: usize| {
            let kinds = self.outputs[output].reads.iter().map(|read| self.inputs[read.cell].kind);
            kinds.filter(|kind| *kind == Kind::Input).count()
        };
        let middle = (self.outputs.len() - 1) / 2;
        let order = |&output: &usize| (real(output), std::cmp::Reverse(output.abs_diff(middle)));
        (0..self.outputs.len()).max_by_key(order).expect("a layer has outputs")
    }
}
