//! Which layers of a spec are meant.

use clap::Args;

use super::named_size;

/// The layers that `draw` and `matrix` show.
#[derive(Debug, Args)]
pub struct LayersArgs {
    /// The layer or net to take when the spec has several; by default all
    #[arg(long, value_name = "NAME")]
    pub net: Option<String>,
    /// The layer of a net to take; by default all
    #[arg(long, value_name = "NAME")]
    pub layer: Option<String>,
    /// A value for a free size, such as H=8; may be repeated
    #[arg(long = "size", value_name = "NAME=N", value_parser = named_size)]
    pub sizes: Vec<(String, usize)>,
}
