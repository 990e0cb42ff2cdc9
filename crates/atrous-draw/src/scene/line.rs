//! One axis of a picture.

use atrous_compiler::ir::{Axis, Piece, padding};
use atrous_compiler::layer::{Layer, LayerAxis, PaddingMode};
use atrous_compiler::lower;

use super::{MOST_CELLS, View};

/// One axis: the positions of the input, the outputs, and which of them meet with which weight.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Line {
    /// Input positions from the first to the last. In the view of zeros these are inputs, the zeros between them, and
    /// padding; in the view of phases, inputs and the padding that repeats them.
    pub inputs: Vec<InputCell>,
    /// Outputs in order, with the borders of an adjoint that add to others.
    pub outputs: Vec<OutputCell>,
    /// The positions that the kernel covers: an index into the weights, or `None` for a hole of the dilation. Empty in the
    /// view of phases, which have kernels of their own.
    pub kernel: Vec<Option<usize>>,
    /// The phases in order; at least one.
    pub phases: Vec<Phase>,
    /// How many weights there are.
    pub weights: usize,
}

/// A position of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct InputCell {
    /// What stands there.
    pub kind: Kind,
    /// The input that it is or repeats, counted from 0; `None` for zeros.
    pub input: Option<usize>,
    /// Whether any output reads it.
    pub is_read: bool,
}

/// What stands at a position of the input. Of several axes, the greatest of their kinds holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Kind {
    /// An input.
    Input,
    /// Padding that repeats an input.
    Copy,
    /// A zero between two inputs.
    Zero,
    /// Padding by zeros.
    Padding,
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OutputCell {
    /// The number of its phase: an index into [`Line::phases`].
    pub phase: usize,
    /// The index of the output that it is, or adds to.
    pub output: usize,
    /// Whether it is there because of `output_padding`.
    pub is_output_padding: bool,
    /// Whether it adds to an output inside: the adjoint of padding that repeats inputs.
    pub is_border: bool,
    /// What it reads, by ascending positions. In the view of zeros one for each tap; in that of phases only what is real.
    pub reads: Vec<Read>,
}

/// One weight and what it is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Read {
    /// The index of the weight on this axis, as PyTorch counts.
    pub weight: usize,
    /// An index into [`Line::inputs`].
    pub cell: usize,
}

/// Outputs that read the same weights.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Phase {
    /// The first of its outputs.
    pub first: usize,
    /// The distance between its outputs.
    pub step: usize,
    /// The positions of the input that its kernel covers, as [`Line::kernel`]; empty for a phase without weights.
    pub kernel: Vec<Option<usize>>,
}

/// What a line is made of.
pub(crate) struct Geometry {
    layer: LayerAxis,
    /// From outputs to inputs in the direction that is drawn.
    relation: Axis,
    /// Whether the relation counts weights backwards.
    flipped: bool,
    /// How padding that is part of the relation's input repeats inputs, in the direction of the layer.
    border: Option<PaddingMode>,
    adjoint: bool,
}

/// The geometry of each axis of a layer, or of its adjoint.
pub(crate) fn geometries(layer: &Layer, adjoint: bool) -> Vec<Geometry> {
    let border = (layer.padding_mode != PaddingMode::Zeros && !layer.transposed).then_some(layer.padding_mode);
    let flipped = layer.transposed != adjoint;
    let geometry = |(&layer, axis): (&LayerAxis, Axis)| Geometry {
        layer,
        relation: if flipped { axis.adjoint() } else { axis },
        flipped,
        border,
        adjoint,
    };
    layer.axes.iter().zip(lower::axes(layer)).map(geometry).collect()
}

impl Geometry {
    /// How many cells there would be: positions of the input, outputs, positions that the kernel covers.
    pub(crate) fn cells(&self, view: View) -> [i64; 3] {
        let (first, last) = self.range(view);
        let kernel = match view {
            View::Zeros => self.relation.with_zeros().taps,
            // Where there are too many outputs, nobody asks for the kernel.
            View::Phases if self.relation.output > MOST_CELLS as i64 => 0,
            View::Phases => self.relation.phases().iter().map(|piece| piece.axis.with_zeros().taps).max().unwrap_or(0),
        };
        [last - first + 1, self.relation.output, kernel]
    }

    /// The line that a view shows.
    pub(crate) fn line(&self, view: View) -> Line {
        let (first, last) = self.range(view);
        let phases = self.relation.phases();
        let mut outputs = vec![None; self.relation.output as usize];
        for (phase, piece) in phases.iter().enumerate() {
            for number in 0..piece.outputs.count {
                let output = piece.outputs.at(number);
                let reads = match view {
                    View::Zeros => self.reads_of_zeros(output, first),
                    View::Phases => self.reads_of_piece(piece, number, first),
                };
                outputs[output as usize] = Some(self.output(output, phase, reads));
            }
        }
        let outputs: Vec<OutputCell> = outputs.into_iter().map(|cell| cell.expect("each has a phase")).collect();
        let mut inputs: Vec<InputCell> = (first..=last).map(|position| self.input(position, view)).collect();
        outputs.iter().flat_map(|output| &output.reads).for_each(|read| inputs[read.cell].is_read = true);
        let taps = if view == View::Zeros { self.relation.taps } else { 0 };
        let kernel = spread((0..taps).map(|tap| (self.relation.position(0, tap), self.weight(tap))));
        let phases = phases.iter().map(|piece| self.phase(piece)).collect();
        Line { inputs, outputs, kernel, phases, weights: self.layer.kernel }
    }

    /// The first and the last position that is drawn. Inputs that nothing reads and padding that is asked for count.
    fn range(&self, view: View) -> (i64, i64) {
        let relation = self.relation;
        let origin = self.origin();
        let size = if self.border.is_some() && !self.adjoint { self.layer.input as i64 } else { relation.input };
        match view {
            View::Phases => (origin.min(0), (origin + size).max(relation.input) - 1),
            View::Zeros => {
                let [low, high] = if self.flipped || self.border.is_some() { [0, 0] } else { self.layer.padding };
                let last = relation.with_zeros().input - 1;
                let first_read = relation.position(0, 0);
                let last_read = relation.position(relation.output - 1, relation.taps - 1);
                let first = first_read.min(origin).min(-low).min(0);
                (first, last_read.max(last + high).max(last).max(origin + size - 1))
            }
        }
    }

    /// The position of input 0 in the relation: borders that repeat inputs are inputs of the relation.
    fn origin(&self) -> i64 {
        if self.border.is_some() && !self.adjoint { self.layer.padding[0] } else { 0 }
    }

    fn input(&self, position: i64, view: View) -> InputCell {
        let cell = |kind, input: Option<i64>| InputCell { kind, input: input.map(|i| i as usize), is_read: false };
        if let (Some(mode), false) = (self.border, self.adjoint) {
            let (size, position) = (self.layer.input as i64, position - self.origin());
            let kind = if (0..size).contains(&position) { Kind::Input } else { Kind::Copy };
            return cell(kind, padding::source(mode, size, position));
        }
        // Without zeros the positions are the numbers of the inputs.
        let dense = Axis { up: 1, ..self.relation };
        let relation = if view == View::Phases { dense } else { self.relation };
        match relation.input_at(position) {
            Some(input) => cell(Kind::Input, Some(input)),
            None if (0..relation.with_zeros().input).contains(&position) => cell(Kind::Zero, None),
            None => cell(Kind::Padding, None),
        }
    }

    fn output(&self, output: i64, phase: usize, reads: Vec<Read>) -> OutputCell {
        let extra = if self.adjoint { 0 } else { self.layer.output_padding as i64 };
        let is_output_padding = output >= self.relation.output - extra;
        let Some(mode) = self.border.filter(|_| self.adjoint) else {
            return OutputCell { phase, output: output as usize, is_output_padding, is_border: false, reads };
        };
        let (size, position) = (self.layer.input as i64, output - self.layer.padding[0]);
        let folded = padding::source(mode, size, position).expect("borders repeat inputs");
        let is_border = folded != position;
        OutputCell { phase, output: folded as usize, is_output_padding, is_border, reads }
    }

    fn reads_of_zeros(&self, output: i64, first: i64) -> Vec<Read> {
        let read =
            |tap| Read { weight: self.weight(tap), cell: (self.relation.position(output, tap) - first) as usize };
        (0..self.relation.taps).map(read).collect()
    }

    /// What output `number` of a phase reads, without padding.
    fn reads_of_piece(&self, piece: &Piece, number: i64, first: i64) -> Vec<Read> {
        let read = |tap| {
            let cell = (piece.axis.source(number, tap)? - first) as usize;
            Some(Read { weight: self.weight(piece.taps.at(tap)), cell })
        };
        (0..piece.taps.count).filter_map(read).collect()
    }

    fn phase(&self, piece: &Piece) -> Phase {
        let taps = (0..piece.taps.count).map(|tap| (piece.axis.position(0, tap), self.weight(piece.taps.at(tap))));
        Phase { first: piece.outputs.start as usize, step: piece.outputs.step as usize, kernel: spread(taps) }
    }

    /// The index of the weight of a tap.
    fn weight(&self, tap: i64) -> usize {
        (if self.flipped { self.relation.taps - 1 - tap } else { tap }) as usize
    }
}

/// Weights at ascending positions, with holes where there is none.
fn spread(weights: impl Iterator<Item = (i64, usize)>) -> Vec<Option<usize>> {
    let weights: Vec<(i64, usize)> = weights.collect();
    let (Some(&(first, _)), Some(&(last, _))) = (weights.first(), weights.last()) else { return Vec::new() };
    let mut cells = vec![None; (last - first + 1) as usize];
    weights.iter().for_each(|&(position, weight)| cells[(position - first) as usize] = Some(weight));
    cells
}
