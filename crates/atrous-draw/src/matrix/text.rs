//! Matrices as text.

use std::fmt::{self, Display, Formatter};

use atrous_compiler::layer::PaddingMode;

use super::{Channels, Matrices, Matrix, Row, Term, element_name};

impl Display for Matrices {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.title())?;
        for (heading, matrix, [result, source]) in self.parts() {
            writeln!(f, "\n{heading}")?;
            self.table(matrix, [result, source]).iter().try_for_each(|line| writeln!(f, "{line}"))?;
            self.phases(matrix).iter().try_for_each(|line| writeln!(f, "{line}"))?;
        }
        writeln!(f, "\n{}", self.legend())
    }
}

impl Matrices {
    /// What the layer is, in words.
    pub fn title(&self) -> String {
        let layer = &self.layer;
        let kind = if layer.transposed { "transposed convolution" } else { "convolution" };
        let [input, output] = [layer.input_shape(), layer.output_shape()].map(|shape| format!("{shape:?}"));
        let channels = match (self.channels, layer.input_channels * layer.output_channels) {
            (Channels::All, _) | (_, 1) => "",
            (Channels::One, _) => "; one input channel and one output channel",
        };
        format!("{}: {kind} of {input} to {output}{channels}", layer.name)
    }

    /// Both matrices, the layer's own first: a heading, the matrix, and the letters of its result and its source.
    pub fn parts(&self) -> [(String, &Matrix, [char; 2]); 2] {
        // `x` is the input of the ordinary convolution of the two, `y` its output.
        let (own, twin) = if self.layer.transposed { ("Wᵀ", "W") } else { ("W", "Wᵀ") };
        let [ordinary, transposed] = [['y', 'x'], ['x', 'y']];
        let (letters, twins_letters, kind) = match self.layer.transposed {
            false => (ordinary, transposed, "transposed"),
            true => (transposed, ordinary, "ordinary"),
        };
        let heading = |name: &str, matrix: &Matrix, [result, source]: [char; 2], whose: &str| {
            let [rows, columns] = [&matrix.row_shape, &matrix.column_shape].map(|shape| product(shape));
            format!("{name} {whose}, {rows} × {columns}: {result} = {name}·{source}")
        };
        [
            (heading(own, &self.own, letters, "of the layer"), &self.own, letters),
            (heading(twin, &self.twin, twins_letters, &format!("of its {kind} twin")), &self.twin, twins_letters),
        ]
    }

    /// What the marks mean.
    pub fn legend(&self) -> String {
        let copies = match self.layer.padding_mode {
            PaddingMode::Zeros => String::new(),
            mode => format!("; w' by a copy that {} padding makes", mode.name()),
        };
        let meaning = "taps that meet zeros between the values and outside of them";
        format!("·: zero{copies}\ninserted, padding: {meaning}")
    }

    /// Which entries of a picture are by way of copies, if the layer has any.
    pub(super) fn copies_note(&self) -> Option<String> {
        let mode = self.layer.padding_mode;
        let note = || {
            format!(
                "Dashed entries are by copies alone, which {} padding makes; sums are by an input and its copies.",
                mode.name()
            )
        };
        (mode != PaddingMode::Zeros).then(note)
    }

    /// An entry: the sum of its weights, with a mark on those that meet a copy.
    pub fn entry(&self, terms: &[Term]) -> String {
        let term = |term: &Term| self.weight_name(term.weight) + if term.copy { "'" } else { "" };
        terms.iter().map(term).collect::<Vec<_>>().join("+")
    }

    /// The taps of each phase, where there are several.
    fn phases(&self, matrix: &Matrix) -> Vec<String> {
        let line = |(number, taps): (usize, &Vec<usize>)| {
            let taps: Vec<String> = taps.iter().map(|&tap| self.tap_name(tap)).collect();
            let taps = if taps.is_empty() { "no tap".to_string() } else { taps.join(" ") };
            format!("phase {number}: {taps}")
        };
        if matrix.phases.len() > 1 { matrix.phases.iter().enumerate().map(line).collect() } else { Vec::new() }
    }

    fn table(&self, matrix: &Matrix, [result, source]: [char; 2]) -> Vec<String> {
        let columns: usize = matrix.column_shape.iter().product();
        let sources = (0..columns).map(|index| element_name(source, index, &matrix.column_shape));
        let head = [String::new(), "phase".into()].into_iter().chain(sources);
        let mut cells: Vec<Vec<String>> = vec![head.chain(["inserted".into(), "padding".into()]).collect()];
        for (index, row) in matrix.rows.iter().enumerate() {
            cells.push(self.cells(element_name(result, index, &matrix.row_shape), row, columns));
        }
        aligned(&cells)
    }

    fn cells(&self, name: String, row: &Row, columns: usize) -> Vec<String> {
        let count = |weights: &[usize]| if weights.is_empty() { "·".into() } else { weights.len().to_string() };
        let phase = row.phase.map_or_else(|| "–".to_string(), |phase| phase.to_string());
        let mut entries = vec!["·".to_string(); columns];
        row.entries.iter().for_each(|(column, terms)| entries[*column] = self.entry(terms));
        [name, phase].into_iter().chain(entries).chain([count(&row.inserted), count(&row.padding)]).collect()
    }
}

/// The factors of a number of elements.
fn product(shape: &[usize]) -> String {
    match shape {
        [one] => one.to_string(),
        sizes => format!("({})", sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("·")),
    }
}

/// Lines with cells below each other, two spaces apart, aligned at the right.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let widths: Vec<usize> = (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    let cell = |(cell, &width): (&String, &usize)| format!("{cell:>width$}");
    rows.iter().map(|row| row.iter().zip(&widths).map(cell).collect::<Vec<_>>().join("  ")).collect()
}
