//! Where the outputs go, decided before anything is computed.

use std::path::{Path, PathBuf};

use atrous_compiler::Net;
use atrous_compiler::layer::Layout;
use image::ImageFormat;

use crate::args::{OutputFormat, RunArgs, TensorSource};
use crate::failure::{Failure, quoted};
use crate::output;
use crate::tensors::{Tensor, npy, picture};

/// Where the outputs go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Destinations {
    /// The directory that is made when it is not there.
    directory: Option<PathBuf>,
    /// One for each output of the net, or none when nothing is to be written.
    pub files: Vec<Destination>,
}

/// Where one output goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// A file, or `-` for standard output.
    pub path: PathBuf,
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Npy,
    Picture(ImageFormat),
}

/// What the command line says about the outputs of the net.
///
/// Refuses pictures of tensors that are none, and one file for several outputs.
pub fn of_outputs(args: &RunArgs, net: &Net) -> Result<Destinations, Failure> {
    let Some(path) = &args.output else { return Ok(Destinations::default()) };
    let names: Vec<&str> = net.outputs.iter().map(|&id| net.value_name(id)).collect();
    let chosen = args.format.map(|format| match format {
        OutputFormat::Npy => Format::Npy,
        OutputFormat::Png => Format::Picture(ImageFormat::Png),
    });
    let destinations = if output::is_directory(path) {
        let format = chosen.unwrap_or(Format::Npy);
        let extension = if format == Format::Npy { "npy" } else { "png" };
        let file = |name: &&str| Destination { path: path.join(format!("{name}.{extension}")), format };
        Destinations { directory: Some(path.clone()), files: names.iter().map(file).collect() }
    } else if names.len() > 1 {
        let text = format!("one file cannot take the outputs {}", quoted(names.iter().copied()));
        return Err(Failure::usage(text).help("give a directory: -o DIR/"));
    } else {
        let format = match chosen {
            Some(format) => format,
            None if path == Path::new("-") => Format::Npy,
            None => format_of_name(path)?,
        };
        Destinations { directory: None, files: vec![Destination { path: path.clone(), format }] }
    };
    if let Some(directory) = &destinations.directory {
        output::check_directory(directory)?;
    }
    let read = files_read(args);
    for (destination, &id) in destinations.files.iter().zip(&net.outputs) {
        // A directory that is made when it is not there may lie in others that are made too.
        if destinations.directory.as_ref().is_none_or(|directory| directory.exists()) {
            output::check(&destination.path, &read)?;
        }
        if destination.format != Format::Npy {
            check_picture(net.value_name(id), &net.value_shape(id))?;
        }
    }
    Ok(destinations)
}

/// What the command reads, with what each file is.
fn files_read(args: &RunArgs) -> Vec<(&'static str, &Path)> {
    fn file(source: &TensorSource) -> Option<&Path> {
        match source {
            TensorSource::File(path) => Some(path),
            TensorSource::Random(_) => None,
        }
    }
    let weights = args.weights.iter().filter_map(file).map(|path| ("the weights", path));
    let arrays = args.inputs.iter().filter_map(|(_, source)| file(source)).map(|path| ("an input", path));
    let pictures = args.images.iter().map(|(_, path)| ("an input", path.as_path()));
    [("the spec", args.spec.file.as_path())].into_iter().chain(weights).chain(arrays).chain(pictures).collect()
}

fn format_of_name(path: &Path) -> Result<Format, Failure> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("npy") => Ok(Format::Npy),
        Some("png") => Ok(Format::Picture(ImageFormat::Png)),
        Some("jpg" | "jpeg") => Ok(Format::Picture(ImageFormat::Jpeg)),
        Some("bmp") => Ok(Format::Picture(ImageFormat::Bmp)),
        Some("pnm" | "ppm" | "pgm") => Ok(Format::Picture(ImageFormat::Pnm)),
        _ => {
            let text = format!("the name {} does not say a format that can be written", path.display());
            Err(Failure::usage(text).help("use .npy, .png, .jpg, .bmp or .ppm, or give --format npy or --format png"))
        }
    }
}

fn check_picture(name: &str, shape: &[usize]) -> Result<(), Failure> {
    if matches!(shape, [1, 1 | 3, _, _]) {
        return Ok(());
    }
    let text = format!("output `{name}` of shape {shape:?} is no picture: it needs [1, 1 or 3, H, W]");
    Err(Failure::usage(text).help("write it to a .npy file"))
}

/// Writes the outputs, which are in memory order of the layout: all of them or none.
pub fn write(destinations: &Destinations, outputs: &[Tensor], layout: Layout) -> Result<(), Failure> {
    if let Some(directory) = &destinations.directory {
        output::make_directory(directory)?;
    }
    let mut prepared = Vec::new();
    for (Destination { path, format }, output) in destinations.files.iter().zip(outputs) {
        let bytes = match *format {
            Format::Npy => npy::encode(output),
            Format::Picture(format) => {
                let encoded = picture::encode(&output.planes(layout), format);
                encoded.map_err(|failure| failure.file(path.display().to_string()))?
            }
        };
        prepared.push(output::prepare(path, bytes)?);
    }
    output::finish(prepared)
}
