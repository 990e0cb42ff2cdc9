//! The command line of `matrix`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::LayersArgs;

const MATRIX_EXAMPLES: &str = "\
Examples:
  atrous matrix up.conv
  atrous matrix nets.conv --net upconv7 --size H=2 --size W=2 --layer conv1
  atrous matrix up.conv --channels all -o up.svg

A convolution is a linear map y = W·x, and a transposed one x = Wᵀ·y: both matrices of each layer
are shown, with taps as entries. Beside each row stand its phase, and its taps that meet zeros
between inputs or padding. Text holds at most 64 rows and columns, a picture 256, and all
layers together 131072 cells.";

/// Arguments of `matrix`.
#[derive(Debug, Args)]
#[command(after_help = MATRIX_EXAMPLES)]
pub struct MatrixArgs {
    /// The spec; `-` is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Which layers.
    #[command(flatten)]
    pub layers: LayersArgs,
    /// The channels to show
    #[arg(long, value_enum, default_value_t = ChannelsArg::One)]
    pub channels: ChannelsArg,
    /// Where to write; a name that ends in .svg gets a picture, `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
}

/// The channels that a matrix connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ChannelsArg {
    /// One input channel and one output channel: all pairs of a group are alike
    One,
    /// All of them, which makes one block for each pair
    All,
}
