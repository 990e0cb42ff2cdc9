//! The suites: the same layers as specs and as a table.

/// Layers that are timed together.
#[derive(Clone, Copy, Debug)]
pub struct Suite {
    /// What the harness and the files call it.
    pub name: &'static str,
    /// Every layer as a spec in Atrous' language.
    pub specs: &'static str,
    /// Every layer as a line of tab-separated numbers. A first line of words names the columns; lines that start with `#`
    /// are comments.
    pub table: &'static str,
}

/// Layers that were chosen. The feature `compiled` has these as Rust.
pub const LAYERS: Suite =
    Suite { name: "layers", specs: include_str!("../suite/layers.conv"), table: include_str!("../suite/layers.tsv") };

/// Layers that nobody chose: those of whole networks.
pub const NETWORKS: Suite = Suite {
    name: "networks",
    specs: include_str!("../suite/networks.conv"),
    table: include_str!("../suite/networks.tsv"),
};

/// Every suite.
pub const ALL: [Suite; 2] = [LAYERS, NETWORKS];

/// What stands before the name of a row in the name of its spec: names of rows may start with a digit.
pub const PREFIX: &str = "layer_";

/// A row of a suite's table; batch 1, with bias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its name, [`PREFIX`] not included.
    pub name: &'a str,
    /// Whether the convolution is transposed.
    pub transposed: bool,
    /// Number of groups.
    pub groups: usize,
    /// Input channels over all groups.
    pub channels_in: usize,
    /// Output channels over all groups.
    pub channels_out: usize,
    /// One per spatial axis, outermost first.
    pub axes: Vec<RowAxis>,
}

/// One spatial axis of a [`Row`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowAxis {
    /// Input positions.
    pub input: usize,
    /// Kernel taps.
    pub kernel: usize,
    /// Stride.
    pub stride: usize,
    /// Dilation.
    pub dilation: usize,
    /// Padding at the start and at the end.
    pub padding: [usize; 2],
    /// Extra outputs at the end of a transposed layer.
    pub output_padding: usize,
    /// Output positions.
    pub output: usize,
}

impl Suite {
    /// The rows of the table in order.
    ///
    /// # Panics
    ///
    /// The table is not what [`Row`] says. It is part of this crate.
    pub fn rows(&self) -> Vec<Row<'static>> {
        self.table.lines().filter(|line| !line.starts_with('#')).skip(1).map(row).collect()
    }
}

fn row(line: &'static str) -> Row<'static> {
    let cells: Vec<&str> = line.split('\t').collect();
    let [name, kind, groups, channels_in, channels_out, sizes @ ..] = cells.as_slice() else {
        panic!("a row of the table is short: {line}")
    };
    let sizes: Vec<Vec<usize>> = sizes.iter().map(|cell| cell.split('x').map(number).collect()).collect();
    let axis = |index: usize| {
        let [input, kernel, stride, dilation, low, high, output_padding, output] =
            std::array::from_fn(|column| sizes[column][index]);
        RowAxis { input, kernel, stride, dilation, padding: [low, high], output_padding, output }
    };
    Row {
        name,
        transposed: *kind == "transposed",
        groups: number(groups),
        channels_in: number(channels_in),
        channels_out: number(channels_out),
        axes: (0..sizes[0].len()).map(axis).collect(),
    }
}

fn number(cell: &str) -> usize {
    cell.parse().unwrap_or_else(|error| panic!("{cell} in the table: {error}"))
}
