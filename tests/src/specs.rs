//! The specs of the repository. The build script includes this file too.

use atrous_compiler::front::{self, Model, Sizes};
use atrous_compiler::layer::Layer;
use atrous_compiler::net::Net;
use std::path::{Path, PathBuf};

/// A `.conv` file under `specs/`, unless it is a table of layers.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The file's name without its ending; unique, and a Rust identifier.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
    /// Values of its free sizes: small ones, since every executor runs every spec.
    pub sizes: Sizes,
}

impl Spec {
    /// Whether a random test found the file, so that it is for machines more than for people.
    pub fn is_regression(&self) -> bool {
        self.path.starts_with(root().join("specs/regressions"))
    }

    /// Whether the file is there for its picture, which is in `docs/gallery/`.
    pub fn is_in_gallery(&self) -> bool {
        self.path.starts_with(root().join("specs/gallery"))
    }

    /// The one layer or net of the file, with small sizes.
    ///
    /// # Panics
    ///
    /// If the file has an error, or not exactly one layer or net.
    pub fn net(&self) -> Net {
        self.net_of_sizes(&self.sizes)
    }

    /// The same with other sizes.
    ///
    /// # Panics
    ///
    /// As [`net`](Spec::net).
    pub fn net_of_sizes(&self, sizes: &Sizes) -> Net {
        parse(&self.text, sizes).unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }
}

/// The one layer or net of a spec text that has no error.
pub fn parse(text: &str, sizes: &Sizes) -> Result<Net, String> {
    let mut front = front::text(text, sizes);
    if front.has_errors() {
        return Err(format!("{:#?}", front.diagnostics));
    }
    match (front.models.pop(), front.models.pop()) {
        (Some(Model::Net(net)), None) => Ok(net),
        (Some(Model::Open(_)), None) => Err("sizes are missing".into()),
        (_, _) => Err("not exactly one layer or net".into()),
    }
}

/// Small values for the free sizes of the specs that have any.
#[rustfmt::skip]
pub const SIZES: &[(&str, &[(&str, usize)])] = &[
    ("atrous_wavelet", &[("H", 17), ("W", 18)]),
    ("upconv7",        &[("H", 2), ("W", 3)]),
];

/// The specs that are warned about, since they go where few layers should.
pub const WARNED: &[&str] = &[
    "output_padding_over_stride",
    "padding_negative_transposed",
    "padding_over_kernel",
    "shared_factor_transposed",
    "sparse_transposed",
    "stride_over_kernel_3d",
    "strided_dilated_grouped_3d",
    "transposed_activation",
    "transposed_all_1d",
    "transposed_all_2d",
    "transposed_all_3d",
    "transposed_bias_only",
    "transposed_longer_3d",
    "transposed_negative",
    "transposed_one_pixel",
    "transposed_output_shape_3d",
    "transposed_output_shape_upper",
    "transposed_stride_dilation",
    "transposed_stride_dilation_2d",
    "transposed_stride_over_kernel",
    "transposed_trimmed",
    "transposed_valid_3d",
];

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace").to_path_buf()
}

/// A table of the layers of a network, a file under `specs/networks/`.
#[derive(Clone, Debug)]
pub struct Network {
    /// The file's name without its ending.
    pub name: String,
    /// Its layers, those of nets included, as large as they are.
    pub layers: Vec<Layer>,
}

/// Every network, sorted by name.
///
/// # Panics
///
/// If a file has an error or a warning, or a layer of some free size.
pub fn networks() -> Vec<Network> {
    let network = |path: PathBuf| {
        let Spec { name, text, .. } = read(path);
        let front = front::text(&text, &Sizes::default());
        assert!(front.diagnostics.is_empty(), "{name}: {:#?}", front.diagnostics);
        let layers = |model| match model {
            Model::Net(net) => net.layers().cloned().collect::<Vec<_>>(),
            Model::Open(_) => panic!("{name}: sizes are missing"),
        };
        Network { layers: front.models.into_iter().flat_map(layers).collect(), name }
    };
    files(&tables(), "conv").into_iter().map(network).collect()
}

fn tables() -> PathBuf {
    root().join("specs/networks")
}

/// Every spec, sorted by name.
pub fn all() -> Vec<Spec> {
    let files = files(&root().join("specs"), "conv").into_iter().filter(|path| !path.starts_with(tables()));
    let mut specs: Vec<Spec> = files.map(read).collect();
    specs.sort_by(|a, b| a.name.cmp(&b.name));
    specs
}

/// The files below a directory whose names have an ending, sorted.
pub fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let has_ending = |path: &PathBuf| path.extension().is_some_and(|extension| extension == ending);
    all_files(directory).into_iter().filter(has_ending).collect()
}

/// The files below a directory, sorted.
pub fn all_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("a readable directory").path();
        if path.is_dir() {
            found.extend(all_files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: PathBuf) -> Spec {
    let name = path.file_stem().expect("a file with a name").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let sizes = SIZES.iter().filter(|(of, _)| *of == name).flat_map(|(_, sizes)| *sizes);
    let sizes = sizes.map(|&(size, value)| (size.to_string(), value)).collect();
    Spec { name, path, text, sizes }
}
