//! `matrix`: layers as matrices, beside their transposes.

use atrous_compiler::layer::Layer;
use atrous_draw::matrix::{self, Channels, Limit, Matrices, TooLarge};
use atrous_draw::{Background, svg};

use crate::args::{ChannelsArg, MatrixArgs};
use crate::draw;
use crate::failure::Failure;
use crate::model;
use crate::output;
use crate::report::Report;
use crate::source::Source;

/// Writes the matrices of all layers that are meant.
pub fn run(args: &MatrixArgs, report: &mut Report) -> Result<(), Failure> {
    let source = Source::read(&args.file)?;
    let sizes = model::sizes(&args.layers.sizes)?;
    let front = model::check(&source, args.layers.net.as_deref(), &sizes, report)?;
    output::check(&args.output, &[("the spec", &args.file)])?;
    let layers = draw::layers(&front.models, args.layers.net.as_deref(), args.layers.layer.as_deref())
        .map_err(|failure| failure.file(&source.name))?;
    let is_picture = args.output.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("svg"));
    let limit = if is_picture { Limit::PICTURE } else { Limit::TEXT };
    let channels = match args.channels {
        ChannelsArg::One => Channels::One,
        ChannelsArg::All => Channels::All,
    };
    let of = |layer: &Layer| {
        Matrices::of(layer, channels, limit).map_err(|error| too_large(error, is_picture).file(&source.name))
    };
    let matrices: Vec<Matrices> = layers.iter().map(of).collect::<Result<_, _>>()?;
    let text = match is_picture {
        true => svg::write(&matrix::picture(&matrices), Background::Auto),
        false => matrices.iter().map(Matrices::to_string).collect::<Vec<_>>().join("\n\n"),
    };
    output::write(&args.output, text.into_bytes())
}

fn too_large(error: TooLarge, is_picture: bool) -> Failure {
    let most = Limit::PICTURE.elements;
    let fits_picture = !is_picture && error.count() <= most as u128;
    let help = match fits_picture {
        true => format!("write a picture, which holds {most}, with -o NAME.svg"),
        false => "the same layer with smaller sizes shows the same pattern".to_string(),
    };
    Failure::error(error.to_string()).help(help)
}
