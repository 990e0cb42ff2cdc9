//! What a convolution along one axis means, written out position by position.

use atrous_compiler::layer::PaddingMode;
use std::fmt;

/// A layer of one axis and one channel, legal or not.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub input: usize,
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    pub padding: [i64; 2],
    pub kind: Kind,
}

/// What differs between layers besides numbers that all have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ordinary(PaddingMode),
    Transposed { output_padding: usize },
}

/// For each output and each tap the input position that they meet at, or `None` where a zero stands.
pub type Table = Vec<Vec<Option<usize>>>;

impl Case {
    /// The table of a legal layer; `None` for others.
    pub fn table(&self) -> Option<Table> {
        let table = match self.kind {
            Kind::Ordinary(mode) => self.gather(&self.padded(mode)?),
            Kind::Transposed { output_padding } => self.scatter(output_padding)?,
        };
        (!table.is_empty()).then_some(table)
    }

    /// What stands at each position of the input between its borders, if the mode can fill them.
    fn padded(&self, mode: PaddingMode) -> Option<Vec<Option<usize>>> {
        let size = self.input as i64;
        let [low, high] = self.padding;
        let cropped = (-low).max(0) + (-high).max(0);
        let filled = match mode {
            PaddingMode::Zeros | PaddingMode::Replicate => i64::MAX,
            PaddingMode::Reflect => size - 1,
            PaddingMode::Circular => size,
        };
        let at = |position: i64| match mode {
            _ if (0..size).contains(&position) => Some(position),
            PaddingMode::Zeros => None,
            PaddingMode::Replicate if position < 0 => Some(0),
            PaddingMode::Replicate => Some(size - 1),
            PaddingMode::Reflect if position < 0 => Some(-position),
            PaddingMode::Reflect => Some(2 * (size - 1) - position),
            PaddingMode::Circular if position < 0 => Some(position + size),
            PaddingMode::Circular => Some(position - size),
        };
        let signal = (-low..size + high).map(|position| at(position).map(|at| at as usize));
        (cropped < size && low <= filled && high <= filled).then(|| signal.collect())
    }

    /// The kernel is laid on the signal at its start, and moved on by the stride as long as it fits.
    fn gather(&self, signal: &[Option<usize>]) -> Table {
        let fits = |start: &usize| start + self.dilation * (self.kernel - 1) < signal.len();
        let taps = |start| (0..self.kernel).map(|tap| signal[start + self.dilation * tap]).collect();
        (0..).map(|output| self.stride * output).take_while(fits).map(taps).collect()
    }

    /// Each input is spread by the kernel over a signal, from which the padding is cut off.
    fn scatter(&self, output_padding: usize) -> Option<Table> {
        let reached = self.stride * (self.input - 1) + self.dilation * (self.kernel - 1) + 1;
        let mut signal = vec![vec![None; self.kernel]; reached];
        for input in 0..self.input {
            for tap in 0..self.kernel {
                signal[self.stride * input + self.dilation * tap][tap] = Some(input);
            }
        }
        let at = |position: i64| usize::try_from(position).ok().and_then(|position| signal.get(position).cloned());
        let [low, high] = self.padding;
        let kept = low..(reached + output_padding) as i64 - high;
        let legal = output_padding < self.stride || output_padding < self.dilation;
        legal.then(|| kept.map(|position| at(position).unwrap_or(vec![None; self.kernel])).collect())
    }

    /// The outputs of each phase, and the taps that may meet an input there, counted from the last tap: when transposed,
    /// what hits a multiple of the stride. Otherwise there is one phase of everything.
    pub fn phases(&self, outputs: usize) -> Vec<(Vec<usize>, Vec<usize>)> {
        let Kind::Transposed { .. } = self.kind else {
            return vec![((0..outputs).collect(), (0..self.kernel).collect())];
        };
        let stride = self.stride as i64;
        let hits = |output: usize, tap: usize| {
            (output as i64 + self.padding[0] - (self.dilation * tap) as i64).rem_euclid(stride) == 0
        };
        let phase = |first: usize| {
            let taps = (0..self.kernel).filter(|&tap| hits(first, self.kernel - 1 - tap)).collect();
            ((first..outputs).step_by(self.stride).collect(), taps)
        };
        (0..outputs.min(self.stride)).map(phase).collect()
    }
}

/// The spec text.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case { input, kernel, stride, dilation, padding: [low, high], .. } = self;
        let kind = match self.kind {
            Kind::Ordinary(PaddingMode::Zeros) => "padding_mode: zeros".into(),
            Kind::Ordinary(PaddingMode::Reflect) => "padding_mode: reflect".into(),
            Kind::Ordinary(PaddingMode::Replicate) => "padding_mode: replicate".into(),
            Kind::Ordinary(PaddingMode::Circular) => "padding_mode: circular".into(),
            Kind::Transposed { output_padding } => format!("transposed, output_padding: {output_padding}"),
        };
        write!(
            f,
            "layer case {{ input: [1, 1, {input}], channels: 1, kernel: {kernel}, stride: {stride}, dilation: {dilation}, \
             padding: [[{low}, {high}]], {kind} }}"
        )
    }
}
