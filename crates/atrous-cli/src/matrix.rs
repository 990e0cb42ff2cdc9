//! `matrix`: layers as matrices, beside their transposes.

use atrous_draw::matrix::{self, Channels, Limit, Matrices, Refusal};
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
    let matrices =
        Matrices::all(&layers, channels, limit).map_err(|refusal| refused(&refusal, is_picture).file(&source.name))?;
    let text = match is_picture {
        true => svg::write(&matrix::picture(&matrices), Background::Auto),
        false => matrices.iter().map(Matrices::to_string).collect::<Vec<_>>().join("\n\n"),
    };
    output::write(&args.output, text.into_bytes())
}

fn refused(refusal: &Refusal, is_picture: bool) -> Failure {
    let most = Limit::PICTURE.elements;
    let help = match refusal {
        Refusal::TooLarge(error) if !is_picture && error.count() <= most as u128 => {
            format!("write a picture, which holds {most}, with -o NAME.svg")
        }
        Refusal::TooLarge(_) => "the same layer with smaller sizes shows the same pattern".to_string(),
        Refusal::Crowded { .. } => "choose one with --layer, or a net with --net".to_string(),
    };
    Failure::error(refusal.to_string()).help(help)
}
