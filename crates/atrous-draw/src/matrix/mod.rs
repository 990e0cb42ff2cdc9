//! The matrices of a layer: that of the layer itself, and its transpose, which is that of the layer's twin.
//!
//! A convolution is a linear map `y = W·x` of inputs to outputs, and the transposed convolution with the same parameters
//! is `x = Wᵀ·y`. Bias and activation are not part of the matrix.

mod drawing;
mod refusal;
mod text;

#[cfg(test)]
mod tests;

use atrous_compiler::layer::Layer;

use crate::scene::line::{Geometry, geometries};
use crate::scene::{InputCell, Kind, Line, OutputCell, Phase, View};

pub use drawing::picture;
pub use refusal::{Refusal, TooLarge};

/// Which channels a matrix connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// The first input channel and the first output channel; all pairs of a group are alike.
    One,
    /// All of them.
    All,
}

/// Both matrices of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrices {
    /// The layer.
    pub layer: Layer,
    /// Which of its channels.
    pub channels: Channels,
    /// What the layer computes: `W`, or `Wᵀ` when it is transposed.
    pub own: Matrix,
    /// The transpose: what the layer's twin computes.
    pub twin: Matrix,
}

/// One matrix: a row for each position that is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// Shape of what the matrix gives: `[S…]`, or `[C, S…]` for all channels. A row for each element.
    pub row_shape: Vec<usize>,
    /// Shape of what it is multiplied with. A column for each element.
    pub column_shape: Vec<usize>,
    /// The rows, each with the entries that are not zero.
    pub rows: Vec<Row>,
    /// The taps of each phase, over all axes.
    pub phases: Vec<Vec<usize>>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The phase, over all axes; `None` for what is cropped away.
    pub phase: Option<usize>,
    /// Columns, ascending, and the weights whose sum stands there.
    pub entries: Vec<(usize, Vec<Term>)>,
    /// Weights that meet a zero inserted between inputs.
    pub inserted: Vec<usize>,
    /// Weights that meet a zero outside of the input.
    pub padding: Vec<usize>,
}

/// A weight in an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Term {
    /// Its index: of a tap of the kernel, or, for all channels, of an element of the layer's weight.
    pub weight: usize,
    /// Whether it meets a copy of the input in the padding instead of the input.
    pub copy: bool,
}

/// How large matrices may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The most rows and columns.
    pub elements: usize,
}

impl Limit {
    /// What can be read as text.
    pub const TEXT: Limit = Limit { elements: 64 };
    /// What can be seen in a picture.
    pub const PICTURE: Limit = Limit { elements: 256 };
}

/// The most cells of all matrices: those of the largest layer that is shown, in both directions.
const MOST_CELLS: u128 = 2 * (Limit::PICTURE.elements as u128).pow(2);

impl Matrices {
    /// The matrices of a layer.
    ///
    /// # Errors
    ///
    /// The layer has more inputs, outputs, taps or padded inputs than can be shown.
    pub fn of(layer: &Layer, channels: Channels, limit: Limit) -> Result<Matrices, TooLarge> {
        check(layer, channels, limit)?;
        let [own, twin] = [false, true].map(|adjoint| Direction { layer, channels, adjoint }.matrix());
        Ok(Matrices { layer: layer.clone(), channels, own, twin })
    }

    /// The matrices of all layers, which are shown together.
    ///
    /// # Errors
    ///
    /// Those of [`Matrices::of`], or the layers have too many cells together.
    pub fn all(layers: &[Layer], channels: Channels, limit: Limit) -> Result<Vec<Matrices>, Refusal> {
        layers.iter().try_for_each(|layer| check(layer, channels, limit))?;
        let cells = layers.iter().map(|layer| cells(layer, channels)).sum();
        if cells > MOST_CELLS {
            return Err(Refusal::Crowded { cells });
        }
        Ok(layers.iter().map(|layer| Matrices::of(layer, channels, limit)).collect::<Result<_, _>>()?)
    }

    /// What the weight of an entry is called: `w2`, `w[0,2]`; for all channels with the numbers of its channels before
    /// the tap, as the layer's weight has them.
    pub fn weight_name(&self, weight: usize) -> String {
        let shape = self.layer.weight_shape();
        element_name('w', weight, if self.channels == Channels::All { &shape } else { &shape[2..] })
    }

    /// What a tap is called, whatever the channels.
    pub fn tap_name(&self, tap: usize) -> String {
        element_name('w', tap, &self.layer.weight_shape()[2..])
    }
}

/// What an element of a tensor is called: `x3`, or `x[0,3]` where it has several axes.
pub fn element_name(tensor: char, index: usize, shape: &[usize]) -> String {
    let numbers: Vec<String> = index_of(index, shape).iter().map(usize::to_string).collect();
    match &numbers[..] {
        [one] => format!("{tensor}{one}"),
        _ => format!("{tensor}[{}]", numbers.join(",")),
    }
}

/// The numbers of an index of a shape, row by row.
fn index_of(index: usize, shape: &[usize]) -> Vec<usize> {
    let strides = (0..shape.len()).map(|axis| shape[axis + 1..].iter().product::<usize>());
    shape.iter().zip(strides).map(|(size, stride)| index / stride % size).collect()
}

/// The cells of both matrices of a layer, each of which has a row or a column for each input and output.
fn cells(layer: &Layer, channels: Channels) -> u128 {
    let [inputs, outputs] =
        shapes(layer, channels).map(|shape| shape.iter().map(|&size| size as u128).product::<u128>());
    2 * inputs * outputs
}

/// The shapes of inputs and outputs that are shown.
fn shapes(layer: &Layer, channels: Channels) -> [Vec<usize>; 2] {
    let from = if channels == Channels::All { 1 } else { 2 };
    [layer.input_shape(), layer.output_shape()].map(|shape| shape[from..].to_vec())
}

/// The most positions along an axis of what is read, with zeros and padding.
const MOST_POSITIONS: i64 = 1024;

fn check(layer: &Layer, channels: Channels, limit: Limit) -> Result<(), TooLarge> {
    let [inputs, outputs] = shapes(layer, channels);
    let taps = layer.weight_shape()[2..].to_vec();
    let most = limit.elements;
    let sizes = [("inputs", inputs, most), ("outputs", outputs, most), ("taps", taps, Limit::PICTURE.elements)];
    let positions = |geometry: Geometry| geometry.cells(View::Zeros).into_iter().max().unwrap_or_default();
    let lines = [false, true].into_iter().flat_map(|adjoint| geometries(layer, adjoint)).map(positions);
    let what = "positions of an axis with its zeros and padding";
    let lines = lines.map(|positions| (what, vec![positions as usize], MOST_POSITIONS as usize));
    for (what, shape, most) in sizes.into_iter().chain(lines) {
        let error = TooLarge { layer: layer.name.clone(), what, shape, most };
        if error.count() > most as u128 {
            return Err(error);
        }
    }
    Ok(())
}

/// One of the two directions of a layer's map.
struct Direction<'a> {
    layer: &'a Layer,
    channels: Channels,
    /// Whether this is the direction of the layer's twin.
    adjoint: bool,
}

impl Direction<'_> {
    fn matrix(&self) -> Matrix {
        let layer = self.layer;
        let lines: Vec<Line> = geometries(layer, self.adjoint).iter().map(|line| line.line(View::Zeros)).collect();
        let [inputs, outputs] = [layer.input_shape(), layer.output_shape()];
        let (columns, rows) = if self.adjoint { (outputs, inputs) } else { (inputs, outputs) };
        let from = if self.channels == Channels::All { 1 } else { 2 };
        let [row_shape, column_shape] = [&rows[from..], &columns[from..]].map(<[usize]>::to_vec);
        let positions = Direction::positions(&lines, &rows[2..], &columns[2..]);
        let pairs = self.channel_pairs();
        let column_count: usize = columns[2..].iter().product();
        let of_channel = |channel: usize| {
            let pairs: Vec<&ChannelPair> = pairs.iter().filter(|pair| pair.row == channel).collect();
            positions.iter().map(move |position| position.row(&pairs, column_count)).collect::<Vec<Row>>()
        };
        let channels = if self.channels == Channels::All { rows[1] } else { 1 };
        let phases = lines.iter().fold(vec![vec![0]], |outer, line| {
            outer.iter().flat_map(|taps| line.phases.iter().map(|own| joined_taps(taps, own, line.weights))).collect()
        });
        Matrix { rows: (0..channels).flat_map(of_channel).collect(), row_shape, column_shape, phases }
    }

    /// The pairs of channels that the layer connects: weights are `[O, I/g, K…]`, transposed `[I, O/g, K…]`.
    fn channel_pairs(&self) -> Vec<ChannelPair> {
        if self.channels == Channels::One {
            return vec![ChannelPair { row: 0, column: 0, weight: 0 }];
        }
        let shape = self.layer.weight_shape();
        let (outer, inner) = (shape[0], shape[1]);
        let taps: usize = shape[2..].iter().product();
        let pair = |index: usize| {
            let first = index / inner;
            let second = first / (outer / self.layer.groups) * inner + index % inner;
            let (row, column) = if self.layer.transposed == self.adjoint { (first, second) } else { (second, first) };
            ChannelPair { row, column, weight: index * taps }
        };
        (0..outer * inner).map(pair).collect()
    }

    /// What every position that is computed reads along all axes, row by row.
    fn positions(lines: &[Line], rows: &[usize], columns: &[usize]) -> Vec<Position> {
        let start = Position { phase: Some(0), reads: vec![(0, Meets::Source { index: 0, copy: false })] };
        lines.iter().zip(rows.iter().zip(columns)).fold(vec![start], |outer, (line, (&rows, &columns))| {
            let own = of_line(line, rows);
            outer.iter().flat_map(|outer| own.iter().map(|own| outer.beside(own, line, columns))).collect()
        })
    }
}

/// What every position reads along one axis. Where the padding repeats inputs, an input reads what its copies do.
fn of_line(line: &Line, rows: usize) -> Vec<Position> {
    let mut positions = vec![Position { phase: None, reads: Vec::new() }; rows];
    for output in &line.outputs {
        let position = &mut positions[output.output];
        position.reads.extend(Position::reads(line, output));
        position.phase = if output.is_border { position.phase } else { Some(output.phase) };
    }
    positions
}

/// A pair of channels, and where its kernel begins among the weights that are named.
struct ChannelPair {
    row: usize,
    column: usize,
    weight: usize,
}

/// What a weight meets.
#[derive(Clone, Copy)]
enum Meets {
    /// An element of what is read, or by way of a copy of it.
    Source { index: usize, copy: bool },
    /// A zero between sources.
    Inserted,
    /// A zero outside of them.
    Padding,
}

/// What one position reads with which tap.
#[derive(Clone)]
struct Position {
    phase: Option<usize>,
    reads: Vec<(usize, Meets)>,
}

impl Position {
    fn reads(line: &Line, output: &OutputCell) -> Vec<(usize, Meets)> {
        let meets = |cell: InputCell| match (cell.kind, cell.input) {
            (Kind::Input | Kind::Copy, Some(index)) => {
                Meets::Source { index, copy: output.is_border || cell.kind == Kind::Copy }
            }
            (Kind::Zero, _) => Meets::Inserted,
            _ => Meets::Padding,
        };
        output.reads.iter().map(|read| (read.weight, meets(line.inputs[read.cell]))).collect()
    }

    /// The same with what is read along one more axis, with so many sources.
    fn beside(&self, own: &Position, line: &Line, sources: usize) -> Position {
        let with = |&(tap, outer): &(usize, Meets)| {
            own.reads.iter().map(move |&(own, inner)| (tap * line.weights + own, outer.and(inner, sources)))
        };
        let phase = self.phase.zip(own.phase).map(|(outer, own)| outer * line.phases.len() + own);
        Position { phase, reads: self.reads.iter().flat_map(with).collect() }
    }

    fn row(&self, pairs: &[&ChannelPair], columns: usize) -> Row {
        let mut row = Row { phase: self.phase, entries: Vec::new(), inserted: Vec::new(), padding: Vec::new() };
        let mut terms: Vec<(usize, Term)> = Vec::new();
        for pair in pairs {
            for &(tap, meets) in &self.reads {
                let weight = pair.weight + tap;
                match meets {
                    Meets::Source { index, copy } => terms.push((pair.column * columns + index, Term { weight, copy })),
                    Meets::Inserted => row.inserted.push(weight),
                    Meets::Padding => row.padding.push(weight),
                }
            }
        }
        terms.sort_unstable();
        for (column, term) in terms {
            match row.entries.last_mut() {
                Some((last, terms)) if *last == column => terms.push(term),
                _ => row.entries.push((column, vec![term])),
            }
        }
        row
    }
}

impl Meets {
    /// What is met at a place that is this along the axes before, and `inner` along one more of so many sources.
    fn and(self, inner: Meets, sources: usize) -> Meets {
        match (self, inner) {
            (Meets::Padding, _) | (_, Meets::Padding) => Meets::Padding,
            (Meets::Inserted, _) | (_, Meets::Inserted) => Meets::Inserted,
            (Meets::Source { index, copy }, Meets::Source { index: inner, copy: inner_copy }) => {
                Meets::Source { index: index * sources + inner, copy: copy || inner_copy }
            }
        }
    }
}

/// The taps of a phase of the axes before together with one of an axis of so many taps.
fn joined_taps(outer: &[usize], own: &Phase, taps: usize) -> Vec<usize> {
    outer.iter().flat_map(|tap| own.kernel.iter().flatten().map(move |own| tap * taps + own)).collect()
}
