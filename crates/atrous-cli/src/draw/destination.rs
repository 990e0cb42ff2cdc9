//! Where the pictures go, decided before anything is drawn.

use std::path::{Path, PathBuf};

use crate::args::{DrawArgs, PictureFormat};
use crate::failure::Failure;
use crate::output;

/// Where the pictures go.
pub struct Destinations {
    /// The directory that is made when it is not there.
    directory: Option<PathBuf>,
    /// One for each spec.
    pub files: Vec<Destination>,
}

/// Where one picture goes.
pub struct Destination {
    /// A file, or `-` for standard output.
    pub path: PathBuf,
    /// What is written.
    pub format: PictureFormat,
}

impl Destinations {
    /// Makes the directory when it is not there.
    pub fn make_directory(&self) -> Result<(), Failure> {
        self.directory.as_deref().map_or(Ok(()), output::make_directory)
    }
}

/// What the command line says about the pictures.
pub fn of_specs(args: &DrawArgs) -> Result<Destinations, Failure> {
    let path = &args.output;
    let destinations = if output::is_directory(path) {
        output::check_directory(path)?;
        Destinations { directory: Some(path.clone()), files: in_directory(args)? }
    } else if args.files.len() > 1 {
        return Err(
            Failure::usage("one file cannot take the pictures of several specs").help("give a directory: -o DIR/")
        );
    } else {
        let format = match args.format {
            Some(format) => format,
            None if path == Path::new("-") => PictureFormat::Svg,
            None => format_of_name(path)?,
        };
        Destinations { directory: None, files: vec![Destination { path: path.clone(), format }] }
    };
    let read: Vec<(&str, &Path)> = args.files.iter().map(|file| ("the spec", file.as_path())).collect();
    // A directory that is made when it is not there may lie in others that are made too.
    if destinations.directory.as_ref().is_none_or(|directory| directory.exists()) {
        destinations.files.iter().try_for_each(|destination| output::check(&destination.path, &read))?;
    }
    Ok(destinations)
}

/// A file of each spec's name in the directory; no two of one name.
fn in_directory(args: &DrawArgs) -> Result<Vec<Destination>, Failure> {
    let format = args.format.unwrap_or(PictureFormat::Svg);
    let ending = match format {
        PictureFormat::Svg => "svg",
        PictureFormat::Png => "png",
        PictureFormat::Html => "html",
    };
    let mut files: Vec<Destination> = Vec::new();
    for spec in &args.files {
        let stem = spec.file_stem().filter(|_| spec != Path::new("-")).map(|stem| stem.to_string_lossy().into_owned());
        let path = args.output.join(format!("{}.{ending}", stem.as_deref().unwrap_or("stdin")));
        if files.iter().any(|file| file.path == path) {
            let text = format!("two specs would be drawn into {}", path.display());
            return Err(Failure::usage(text).help("draw them into different directories"));
        }
        files.push(Destination { path, format });
    }
    Ok(files)
}

fn format_of_name(path: &Path) -> Result<PictureFormat, Failure> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("svg") => Ok(PictureFormat::Svg),
        Some("png") => Ok(PictureFormat::Png),
        Some("html" | "htm") => Ok(PictureFormat::Html),
        _ => {
            let text = format!("the name {} does not say a format that can be drawn", path.display());
            Err(Failure::usage(text)
                .help("use .svg, .png or .html, or give --format svg, --format png or --format html"))
        }
    }
}
