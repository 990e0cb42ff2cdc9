//! `docs/gallery/`: the pictures of `specs/gallery/`, and a page that shows them.

use atrous_compiler::Net;
use atrous_draw::{Background, Request, picture, svg};
use atrous_tests::specs::{self, Spec};
use std::collections::BTreeMap;
use std::fs;

/// What refreshes the gallery.
const REFRESH: &str = "ATROUS_BLESS=1 cargo test -p atrous-draw gallery";

const INTRODUCTION: &str = "\
# Gallery

What each output reads. Colours and numbers of outputs are phases: outputs of one phase read the same weights. The first
picture of a layer with zeros between its inputs has all that an ordinary convolution would multiply, the second what
Atrous computes. The figures that everyone draws are those of V. Dumoulin and F. Visin, [A guide to convolution arithmetic
for deep learning](https://arxiv.org/abs/1603.07285).

`cargo run --release -- draw specs/gallery/*.conv -o pictures/` draws all of them, and
`cargo run --release -- draw FILE -o layer.svg` any other layer; `--frames`, `--at`, `--view` and `--adjoint` show more of
it.
";

/// The figures of V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning" (2016), in their order,
/// each before its transpose.
const CLASSIC: &[&str] = &[
    "no_padding",
    "no_padding_transposed",
    "arbitrary_padding",
    "arbitrary_padding_transposed",
    "half_padding",
    "half_padding_transposed",
    "full_padding",
    "full_padding_transposed",
    "no_padding_strides",
    "no_padding_strides_transposed",
    "padding_strides",
    "padding_strides_transposed",
    "padding_strides_odd",
    "padding_strides_odd_transposed",
    "dilation",
];

fn gallery() -> Vec<Spec> {
    specs::all().into_iter().filter(Spec::is_in_gallery).collect()
}

fn svg(net: &Net) -> String {
    let layers: Vec<_> = net.layers().collect();
    let picture = picture(&layers, &Request::default()).unwrap_or_else(|error| panic!("{error}"));
    svg::write(&picture, Background::Auto)
}

/// The page that shows the pictures.
fn index() -> String {
    let specs = gallery();
    let named = |name: &&str| specs.iter().find(|spec| spec.name == **name).expect("the figure is there");
    let classic: Vec<&Spec> = CLASSIC.iter().map(named).collect();
    let others: Vec<&Spec> = specs.iter().filter(|spec| !CLASSIC.contains(&spec.name.as_str())).collect();
    let section =
        |title: &str, specs: Vec<&Spec>| format!("\n## {title}\n{}", specs.into_iter().map(entry).collect::<String>());
    let sections = [section("What everyone draws", classic), section("What nobody draws", others)];
    format!("{INTRODUCTION}{}", sections.concat())
}

fn entry(spec: &Spec) -> String {
    let (comment, layer): (Vec<&str>, Vec<&str>) = spec.text.lines().partition(|line| line.starts_with("// "));
    let name = &spec.name;
    let comment = comment.iter().map(|line| line.trim_start_matches("// ")).collect::<Vec<_>>().join("\n");
    let layer = layer.join("\n");
    format!("\n### {name}\n\n{comment}\n\n```text\n{layer}\n```\n\n![{name}]({name}.svg)\n")
}

#[test]
fn the_gallery_is_up_to_date() {
    let pictures = gallery().into_iter().map(|spec| (format!("{}.svg", spec.name), svg(&spec.net())));
    let wanted: BTreeMap<String, String> = pictures.chain([("README.md".to_string(), index())]).collect();
    let directory = specs::root().join("docs/gallery");
    if std::env::var_os("ATROUS_BLESS").is_some() {
        fs::create_dir_all(&directory).expect("a directory");
        specs::all_files(&directory).iter().for_each(|file| fs::remove_file(file).expect("an old file"));
        wanted.iter().for_each(|(name, text)| fs::write(directory.join(name), text).expect("a new file"));
    }
    let name = |path: &std::path::PathBuf| path.file_name().expect("a file").to_string_lossy().into_owned();
    let text = |path: &std::path::PathBuf| fs::read_to_string(path).expect("a text");
    let found: BTreeMap<String, String> =
        specs::all_files(&directory).iter().map(|path| (name(path), text(path))).collect();
    let names = wanted.keys().chain(found.keys());
    let stale: std::collections::BTreeSet<&String> =
        names.filter(|name| wanted.get(*name) != found.get(*name)).collect();
    assert!(stale.is_empty(), "out of date in docs/gallery/: {stale:?}; `{REFRESH}` refreshes them");
}
