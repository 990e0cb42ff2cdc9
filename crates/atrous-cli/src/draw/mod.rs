//! `draw`: pictures of layers.

mod destination;

use std::path::Path;

use atrous_compiler::front::{Model, Sizes};
use atrous_compiler::{Layer, Net};
use atrous_draw::scene::TooLarge;
use atrous_draw::{Background, Picture, Refusal, Request, View, picture, svg};

use crate::args::{DrawArgs, PictureFormat, ThemeArg, ViewArg};
use crate::failure::{Failure, quoted};
use crate::model;
use crate::output;
use crate::report::Report;
use crate::source::Source;

/// Draws each spec into a file of its own: all of them or none.
pub fn run(args: &DrawArgs, report: &mut Report) -> Result<(), Failure> {
    let destinations = destination::of_specs(args)?;
    let sizes = model::sizes(&args.layers.sizes)?;
    let mut drawn = Vec::new();
    for (file, destination) in args.files.iter().zip(&destinations.files) {
        drawn.push(draw(file, destination.format, args, &sizes, report)?);
    }
    destinations.make_directory()?;
    let mut prepared = Vec::new();
    for (destination, bytes) in destinations.files.iter().zip(drawn) {
        prepared.push(output::prepare(&destination.path, bytes)?);
    }
    output::finish(prepared)
}

/// The file that a spec becomes.
fn draw(
    file: &Path,
    format: PictureFormat,
    args: &DrawArgs,
    sizes: &Sizes,
    report: &mut Report,
) -> Result<Vec<u8>, Failure> {
    let source = Source::read(file)?;
    let front = model::check(&source, args.layers.net.as_deref(), sizes, report)?;
    let layers = layers(&front.models, args.layers.net.as_deref(), args.layers.layer.as_deref())
        .map_err(|failure| failure.file(&source.name))?;
    let picture = || {
        let layers: Vec<&Layer> = layers.iter().collect();
        let request = request(args);
        picture(&layers, &request).map_err(|refusal| refused(&refusal, &layers, &request, sizes).file(&source.name))
    };
    match format {
        PictureFormat::Svg => Ok(svg::write(&picture()?, background(args.theme)).into_bytes()),
        PictureFormat::Png => png(&picture()?, background(args.theme)),
        PictureFormat::Html => page(&source, &layers, args),
    }
}

/// The page of a spec, which has the file's name as its title.
fn page(source: &Source, layers: &[Layer], args: &DrawArgs) -> Result<Vec<u8>, Failure> {
    let of_pictures = [
        ("--view", args.view.is_some()),
        ("--adjoint", args.adjoint),
        ("--at", args.at.is_some()),
        ("--slice", args.slice.is_some()),
        ("--frames", args.frames.is_some()),
        ("--theme", args.theme != ThemeArg::Auto),
    ];
    if let Some((option, _)) = of_pictures.into_iter().find(|(_, is_given)| *is_given) {
        let text = format!("{option} is for pictures: a page shows every output in both views and directions");
        return Err(Failure::usage(text).help(format!("leave {option} away, or draw a .svg or .png file")));
    }
    let title = Path::new(&source.name).file_stem().unwrap_or_default().to_string_lossy();
    let page = atrous_draw::page::write(&title, layers);
    let refused = |error: TooLarge| Failure::error(error.to_string()).help(error.help()).file(&source.name);
    page.map(String::into_bytes).map_err(refused)
}

/// The layers of a spec: all, or those of the net and with the name that are given.
pub fn layers(models: &[Model], net: Option<&str>, name: Option<&str>) -> Result<Vec<Layer>, Failure> {
    let nets = nets(models, net, name)?;
    let all: Vec<&Layer> = nets.iter().flat_map(Net::layers).collect();
    Ok(choose(&all, name)?.into_iter().cloned().collect())
}

/// The nets that are to be drawn: all of the spec, or the one that is named. Those with free sizes are not needed where
/// another has the layer that is named.
fn nets(models: &[Model], net: Option<&str>, layer: Option<&str>) -> Result<Vec<Net>, Failure> {
    if let Some(name) = net {
        return Ok(vec![model::closed(model::choose(models, Some(name))?)?]);
    }
    let has_layer = |net: &Net| net.layers().any(|own| layer == Some(own.name.as_str()));
    let known: Vec<Net> = models.iter().filter_map(|model| model::closed(model).ok()).collect();
    if known.iter().any(has_layer) { Ok(known) } else { models.iter().map(model::closed).collect() }
}

/// The layers that are to be drawn: all, or those with a name.
fn choose<'a>(layers: &[&'a Layer], name: Option<&str>) -> Result<Vec<&'a Layer>, Failure> {
    let names = || quoted(layers.iter().map(|layer| layer.name.as_str()));
    let chosen: Vec<&Layer> =
        layers.iter().copied().filter(|layer| name.is_none_or(|name| layer.name == name)).collect();
    match (name, layers) {
        (_, []) => Err(Failure::error("the spec has no convolution to draw")),
        (Some(name), _) if chosen.is_empty() => {
            Err(Failure::usage(format!("the spec has no layer `{name}`")).help(format!("it has {}", names())))
        }
        _ => Ok(chosen),
    }
}

fn request(args: &DrawArgs) -> Request {
    Request {
        view: args.view.map(|view| match view {
            ViewArg::Zeros => View::Zeros,
            ViewArg::Phases => View::Phases,
        }),
        adjoint: args.adjoint,
        at: args.at.clone(),
        slice: args.slice,
        frames: args.frames.map(usize::from),
    }
}

/// What to tell the user of a refusal, with the options of the command that may help.
fn refused(refusal: &Refusal, layers: &[&Layer], request: &Request, sizes: &Sizes) -> Failure {
    let mut help = vec![refusal.help()];
    let is_size = matches!(refusal, Refusal::TooLarge(_) | Refusal::Crowded { .. });
    if is_size && !sizes.is_empty() {
        help.push("give smaller sizes with --size".into());
    }
    if is_size && layers.len() > 1 {
        let fits = |layer: &&&Layer| picture(&[layer], request).is_ok();
        let fitting: Vec<&str> = layers.iter().filter(fits).map(|layer| layer.name.as_str()).collect();
        if !fitting.is_empty() {
            help.push(format!("choose one of the others with --layer: {}", quoted(fitting)));
        }
    }
    let failure = if is_size { Failure::error(refusal.to_string()) } else { Failure::usage(refusal.to_string()) };
    failure.help(help.join("; "))
}

fn background(theme: ThemeArg) -> Background {
    match theme {
        ThemeArg::Auto => Background::Auto,
        ThemeArg::Light => Background::Light,
        ThemeArg::Dark => Background::Dark,
    }
}

#[cfg(feature = "png")]
fn png(picture: &Picture, background: Background) -> Result<Vec<u8>, Failure> {
    atrous_draw::png::write(picture, background).map_err(Failure::error)
}

#[cfg(not(feature = "png"))]
fn png(_: &Picture, _: Background) -> Result<Vec<u8>, Failure> {
    Err(Failure::usage("this command is built without PNG").help("draw an SVG, or build it with the feature `png`"))
}
