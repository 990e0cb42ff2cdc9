//! The command line of `draw`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{LayersArgs, number};

const DRAW_EXAMPLES: &str = "\
Examples:
  atrous draw up.conv -o up.svg                  the layer with one output chosen
  atrous draw up.conv --at 3,4 --view phases -o up.png
  atrous draw up.conv --frames -o up.svg         all outputs, one after the other
  atrous draw upconv7.conv --size H=8 --size W=8 --layer conv1 -o conv1.svg
  atrous draw specs/gallery/*.conv -o pictures/
  atrous draw upconv7.conv --size H=8 --size W=8 -o upconv7.html

Layers of a net, and of a spec with several, are drawn below one another. A transposed layer is
drawn twice: as a convolution over an input with zeros between its values, and by phases without
them. One channel stands for all: each output channel reads each input channel in the same way.";

/// Arguments of `draw`.
#[derive(Debug, Args)]
#[command(after_help = DRAW_EXAMPLES)]
pub struct DrawArgs {
    /// The specs; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Which layers.
    #[command(flatten)]
    pub layers: LayersArgs,
    /// Show all that an ordinary convolution reads, or only what is real; by default both for layers with zeros between inputs
    #[arg(long, value_enum)]
    pub view: Option<ViewArg>,
    /// Draw the adjoint: from which outputs each input gets its gradient
    #[arg(long)]
    pub adjoint: bool,
    /// The output to choose: row and column from 0, or one number for a layer of one axis; by default one in the middle
    #[arg(long, value_name = "Y,X", value_delimiter = ',')]
    pub at: Option<Vec<usize>>,
    /// The plane of outputs to draw of a layer of three axes, from 0; by default one in the middle
    #[arg(long, value_name = "N")]
    pub slice: Option<usize>,
    /// Draw one output after the other, each in a frame: N of them, or at most 36, from that of --at on
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "36", require_equals = true, value_parser = number::<u16>(1..=1024))]
    pub frames: Option<u16>,
    /// The background to draw for; `auto` is what the viewer prefers, and light in a PNG
    #[arg(long, value_enum, default_value_t = ThemeArg::Auto)]
    pub theme: ThemeArg,
    /// The format; by default that of the file's name, and SVG for standard output and directories
    #[arg(long, value_enum)]
    pub format: Option<PictureFormat>,
    /// Where to write: a .svg, .png or .html file, a directory (`DIR/`) for a file of each spec's name, or `-` for standard output
    #[arg(short, long, value_name = "PATH", default_value = "-")]
    pub output: PathBuf,
}

/// What is shown of the zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ViewArg {
    /// As an ordinary convolution: padding, and zeros between the inputs of a transposed layer
    Zeros,
    /// By phases: only reads of real inputs
    Phases,
}

/// A background by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ThemeArg {
    /// What the viewer prefers
    Auto,
    /// White
    Light,
    /// Nearly black
    Dark,
}

/// The format of a picture of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PictureFormat {
    /// Vectors
    Svg,
    /// Pixels, two for each of the SVG
    Png,
    /// A page for the browser, which steps through all outputs and needs no network
    Html,
}
