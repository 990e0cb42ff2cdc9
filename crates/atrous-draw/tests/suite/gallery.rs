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

What each output reads, for the layers that everyone draws and some that nobody does. Colours and numbers of outputs are
phases: outputs of one phase read the same weights. The first picture of a transposed layer has the zeros that an ordinary
convolution would multiply; the second what Atrous computes.

`cargo run --release -- draw specs/gallery/*.conv -o pictures/` draws all of them, and
`cargo run --release -- draw FILE -o layer.svg` any other layer; `--frames`, `--at`, `--view` and `--adjoint` show more of
it.
";

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
    let (transposed, ordinary): (Vec<Spec>, Vec<Spec>) =
        gallery().into_iter().partition(|spec| spec.net().layers().any(|layer| layer.transposed));
    let section =
        |title: &str, specs: &[Spec]| format!("\n## {title}\n{}", specs.iter().map(entry).collect::<String>());
    [INTRODUCTION.to_string(), section("Convolutions", &ordinary), section("Transposed convolutions", &transposed)]
        .concat()
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
