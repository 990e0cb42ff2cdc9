use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::sandbox::{Outcome, Sandbox};

const UP: &str =
    "layer up { input: [1, 2, 3, 3], channels: 2, kernel: 3, stride: 2, padding: 1, transposed, bias, relu }\n";

const NET: &str = "\
net two {
    input x: [1, 1, L];
    first = conv(x) { channels: 2, kernel: 3, padding: same };
    second = conv(first) { channels: 1, kernel: 9, dilation: 20, padding: same };
    output second;
}
layer alone { input: [1, 1, 5], channels: 1, kernel: 2 }
";

fn draw(text: &str, arguments: &str) -> Outcome {
    Sandbox::new().file("a.conv", text).atrous(&format!("draw a.conv {arguments}"))
}

#[test]
fn an_svg_goes_to_standard_output_or_to_a_file() {
    let sandbox = Sandbox::new().file("a.conv", UP);
    let printed = sandbox.atrous("draw a.conv").ok();
    assert!(printed.stdout().starts_with("<svg ") && printed.stdout().ends_with("</svg>\n"), "{printed}");
    let written = sandbox.atrous("draw a.conv -o a.SVG").ok();
    assert!(written.stdout.is_empty());
    assert_eq!(std::fs::read(sandbox.path("a.SVG")).expect("the file"), printed.stdout);
    let named = sandbox.atrous("draw a.conv -o a.txt --format svg").ok();
    assert!(named.stderr.is_empty());
    let from_input = sandbox.atrous_with_input("draw -", UP.as_bytes()).ok();
    assert_eq!(from_input.stdout, printed.stdout);
    assert_eq!(sandbox.names(), ["a.SVG", "a.conv", "a.txt"]);
}

#[cfg(feature = "png")]
#[test]
fn a_png_has_the_background_that_is_asked_for() {
    let sandbox = Sandbox::new().file("a.conv", UP);
    let corner = |arguments: &str| {
        sandbox.atrous(&format!("draw a.conv -o a.png {arguments}")).ok();
        let bytes = std::fs::read(sandbox.path("a.png")).expect("the file");
        image::load_from_memory(&bytes).expect("a PNG").to_rgb8().get_pixel(0, 0).0
    };
    assert_eq!(["", "--theme light", "--theme dark"].map(corner), [[255; 3], [255; 3], [0x15, 0x18, 0x1c]]);
    let printed = sandbox.atrous("draw a.conv --theme dark --format png").ok();
    assert_eq!(printed.stdout, std::fs::read(sandbox.path("a.png")).expect("the file"));
}

#[test]
fn views_and_directions_are_chosen() {
    let count = |arguments: &str, part: &str| draw(UP, arguments).ok().stdout().matches(part).count();
    let zeros = "input with zeros between its values";
    let phases = "4 phases of outputs";
    assert_eq!([zeros, phases].map(|part| count("", part)), [1, 1]);
    assert_eq!([zeros, phases].map(|part| count("--view zeros", part)), [1, 0]);
    assert_eq!([zeros, phases].map(|part| count("--view phases", part)), [0, 1]);
    assert_eq!([zeros, phases].map(|part| count("--adjoint", part)), [0, 0]);
    assert_eq!(count("--adjoint", "dx[1,1] = w0·dy[1,1]"), 1);
    assert_eq!(count("--at 4,3 --view phases", "y[4,3] ="), 1);
    assert_eq!(count("--frames --view phases", "y["), 25);
    assert_eq!(count("--frames=7", "y["), 14);
    let cube = "layer cube { input: [1, 1, 3, 3, 3], channels: 1, kernel: 2 }";
    assert!(draw(cube, "--slice 1 --at 0,1").ok().stdout().contains("y[1,0,1] ="));
}

#[test]
fn layers_are_drawn_below_one_another_or_chosen() {
    let titles = |arguments: &str| {
        let outcome = draw(NET, arguments).ok();
        let (_, rest) = outcome.stdout().split_once("<title id=\"title\">").expect("a title");
        rest.split_once("</title>").expect("its end").0.to_string()
    };
    assert_eq!(titles("--size L=5 --net two --layer first"), "first: convolution");
    assert_eq!(titles("--size L=5 --layer first"), "first: convolution");
    assert_eq!(titles("--net alone"), "alone: convolution");
    assert_eq!(titles("--layer alone"), "alone: convolution");
    let small = NET.replace("dilation: 20", "dilation: 2");
    let all = draw(&small, "--size L=5").ok();
    assert!(all.stdout().contains("first: convolution; second: convolution; alone: convolution"), "{all}");
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let outcomes = [
        "--size L=5",
        "--size L=5 --layer second",
        "--size L=500",
        "",
        "--size L=5 --layer third",
        "--net alone --at 4",
        "--net alone --at 1,1",
        "--net alone --slice 0",
        "--net alone -o a.gif",
        "--net alone -o a",
    ];
    let told = outcomes.map(|arguments| {
        let outcome = draw(NET, arguments);
        assert!(outcome.stdout.is_empty());
        format!("──── {arguments}\nexit status {}\n{}", outcome.code, outcome.stderr)
    });
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn several_specs_go_into_a_directory_all_or_none() {
    let sandbox =
        Sandbox::new().file("a.conv", UP).file("b.conv", "layer b { input: [1, 1, 4], channels: 1, kernel: 2 }");
    sandbox.atrous("draw a.conv b.conv -o pictures/").ok();
    let read = |name: &str| std::fs::read(sandbox.path("pictures").join(name)).expect("a picture");
    assert_eq!(read("a.svg"), sandbox.atrous("draw a.conv").stdout);
    assert_eq!(read("b.svg"), sandbox.atrous("draw b.conv").stdout);
    let sandbox = sandbox.file("wide.conv", "layer c { input: [1, 1, 400], channels: 1, kernel: 2 }");
    let failed = sandbox.atrous("draw a.conv wide.conv -o others/");
    assert_eq!(failed.code, 1, "{failed}");
    assert_eq!(sandbox.names(), ["a.conv", "b.conv", "pictures", "wide.conv"]);
    let one_file = sandbox.atrous("draw a.conv b.conv -o a.svg");
    let one_name = sandbox.atrous("draw a.conv ./a.conv -o pictures");
    assert_eq!([one_file.code, one_name.code], [2, 2]);
    insta::assert_snapshot!(format!("{}{}", one_file.stderr, one_name.stderr));
}

/// What the repository shows is what the command draws.
#[test]
fn the_gallery_is_reproduced() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let list = |directory: &str, ending: &str| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(root.join(directory)).expect("the directory");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let mut paths: Vec<PathBuf> = paths.filter(|path| path.extension().is_some_and(|is| is == ending)).collect();
        paths.sort();
        paths
    };
    let (specs, pictures) = (list("specs/gallery", "conv"), list("docs/gallery", "svg"));
    assert!(specs.len() > 20 && specs.len() == pictures.len(), "{} specs, {} pictures", specs.len(), pictures.len());
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("draw -o drawn/");
    command.args(&specs).stdin(Stdio::piped());
    Outcome::of(command, b"").ok();
    for picture in pictures {
        let drawn = sandbox.path("drawn").join(picture.file_name().expect("a file"));
        let [drawn, shown] = [&drawn, &picture].map(|path| std::fs::read_to_string(path).expect("a picture"));
        assert_eq!(drawn, shown, "{}", picture.display());
    }
}
