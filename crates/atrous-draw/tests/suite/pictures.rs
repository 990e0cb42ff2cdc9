//! Pictures as wholes: their text, what they refuse, and that they are XML.

use atrous_compiler::front::{self, Model, Sizes};
use atrous_compiler::layer::Layer;
use atrous_compiler::{Diagnostic, Net};
use atrous_draw::picture::{MOST_FRAMES, MOST_SQUARES};
use atrous_draw::scene::MOST_CELLS;
use atrous_draw::{Background, Refusal, Request, View, picture, svg};
use atrous_tests::specs;

fn net(text: &str) -> Net {
    specs::parse(text, &Sizes::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn draw(text: &str, request: &Request) -> Result<String, Refusal> {
    let net = net(text);
    let layers: Vec<&Layer> = net.layers().collect();
    picture(&layers, request).map(|picture| svg::write(&picture, Background::Light))
}

fn refusal(text: &str, request: &Request) -> String {
    let refusal = draw(text, request).expect_err("no picture");
    format!("{refusal}\n  help: {}\n", refusal.help())
}

/// Everything but the style, which all have.
fn body(svg: &str) -> String {
    let (before, rest) = svg.split_once("<style>").expect("a style");
    let (_, after) = rest.split_once("</style>\n").expect("its end");
    format!("{before}{after}")
}

const UP: &str =
    "layer up { input: [1, 1, 3], channels: 1, kernel: 3, stride: 2, padding: 1, output_padding: 1, transposed }";
const EDGE: &str = "layer edge { input: [1, 1, 3], channels: 1, kernel: 3, padding: 1, padding_mode: reflect }";
const STEP: &str = "layer step { input: [1, 4, 3, 3], channels: 4, kernel: 2, stride: 2, padding: 1, groups: 2 }";

#[test]
fn pictures_have_their_cells_lines_and_words() {
    let plain = Request::default();
    let adjoint = Request { adjoint: true, view: Some(View::Phases), ..plain.clone() };
    insta::assert_snapshot!("transposed", body(&draw(UP, &plain).expect("a picture")));
    insta::assert_snapshot!("adjoint_of_reflection", body(&draw(EDGE, &adjoint).expect("a picture")));
    insta::assert_snapshot!("groups", body(&draw(STEP, &plain).expect("a picture")));
}

#[test]
fn styles_are_for_one_background_or_for_both() {
    let net = net(UP);
    let layers: Vec<&Layer> = net.layers().collect();
    let picture = picture(&layers, &Request::default()).expect("a picture");
    let style = |background| {
        let svg = svg::write(&picture, background);
        svg.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).expect("a style").0.to_string()
    };
    insta::assert_snapshot!("style", style(Background::Auto));
    for (background, color, other) in
        [(Background::Light, "#ffffff", "#15181c"), (Background::Dark, "#15181c", "#ffffff")]
    {
        let style = style(background);
        assert!(style.contains(color) && !style.contains(other) && !style.contains("@media"), "{style}");
    }
}

#[test]
fn frames_show_one_output_after_the_other() {
    let frames = |text: &str, request: Request| {
        let svg = draw(text, &request).expect("a picture");
        svg.matches("y[").count()
    };
    let some = |frames| Request { frames: Some(frames), view: Some(View::Zeros), ..Request::default() };
    assert_eq!(frames(UP, some(MOST_FRAMES)), 6);
    assert_eq!(frames(UP, some(2)), 2);
    assert_eq!(frames(UP, Request { at: Some(vec![4]), ..some(9) }), 2);
    assert_eq!(frames(STEP, some(9)), 4);
    let second = draw(STEP, &Request { at: Some(vec![1, 0]), ..some(1) }).expect("a picture");
    assert!(second.contains("y[1,0] =") && second.contains("1 of 4 outputs"), "{second}");
}

#[test]
fn refusals_say_what_is_legal() {
    let plain = Request::default();
    let at = |at: &[usize]| Request { at: Some(at.to_vec()), ..Request::default() };
    let slice = Request { slice: Some(3), ..Request::default() };
    let volume = "layer cube { input: [1, 1, 3, 3, 3], channels: 1, kernel: 2 }";
    let wide = "layer wide { input: [1, 1, 300], channels: 1, kernel: 3, padding: 1 }";
    let high = "layer high { input: [1, 1, 40, 4], channels: 1, kernel: 3, stride: 2, transposed }";
    let long = "layer long { input: [1, 1, 200], channels: 1, kernel: 9, dilation: 20 }";
    let holes = "layer holes { input: [1, 1, 10], channels: 1, kernel: 2, stride: 100, dilation: 1000, padding: 1000 }";
    let full = "layer full { input: [1, 1, 60, 60], channels: 1, kernel: 3 }";
    let texts = [
        refusal(wide, &plain),
        refusal(high, &plain),
        refusal(long, &plain),
        refusal(holes, &Request { view: Some(View::Phases), ..plain.clone() }),
        refusal(full, &Request { frames: Some(MOST_FRAMES), ..plain }),
        refusal(UP, &at(&[6])),
        refusal(UP, &at(&[1, 1])),
        refusal(STEP, &at(&[0, 2])),
        refusal(volume, &slice),
        refusal(STEP, &slice),
    ];
    insta::assert_snapshot!("refusals", texts.concat());
}

/// The input that a refusal says can be drawn can be, and no larger one.
#[test]
fn the_largest_input_is_told() {
    for text in ["kernel: 3, padding: 1", "kernel: 3, stride: 3, transposed", "kernel: 2, dilation: 40, padding: 9"] {
        let layer = |input: usize| {
            net(&format!("layer a {{ input: [1, 1, {input}], channels: 1, {text} }}"))
                .layers()
                .next()
                .cloned()
                .expect("a layer")
        };
        let error = atrous_draw::Scene::new(&layer(300), View::Zeros, false).expect_err("too large");
        let fits = error.fits.expect("a smaller one fits");
        assert!(atrous_draw::Scene::new(&layer(fits), View::Zeros, false).is_ok(), "{text}: {fits}");
        assert!(atrous_draw::Scene::new(&layer(fits + 1), View::Zeros, false).is_err(), "{text}: {fits}");
    }
}

/// All layers and nets of a file, the tables of networks included.
fn nets_of(path: &std::path::Path) -> Vec<Net> {
    let text = std::fs::read_to_string(path).expect("a spec");
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let sizes = specs::SIZES.iter().filter(|(of, _)| *of == name).flat_map(|(_, sizes)| *sizes);
    let front = front::text(&text, &sizes.map(|&(size, value)| (size.to_string(), value)).collect());
    let errors: Vec<&Diagnostic> = front.diagnostics.iter().filter(|_| front.has_errors()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let closed = |model| match model {
        Model::Net(net) => net,
        Model::Open(_) => panic!("{name}: sizes are missing"),
    };
    front.models.into_iter().map(closed).collect()
}

#[test]
fn every_layer_is_drawn_as_xml_or_refused_with_numbers() {
    let (mut drawn, mut refused) = (0, 0);
    for path in specs::files(&specs::root().join("specs"), "conv") {
        for net in nets_of(&path) {
            for layer in net.layers() {
                match picture(&[layer], &Request::default()) {
                    Ok(picture) => {
                        drawn += 1;
                        let svg = svg::write(&picture, Background::Auto);
                        let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}"));
                        assert!(document.descendants().all(|node| !node.has_tag_name("script")));
                        let inside = |at: i32, most: i32| (0..=most).contains(&at);
                        let canvas = &picture.canvas;
                        let is_inside = |square: &atrous_draw::picture::canvas::Square| {
                            inside(square.x, canvas.width) && inside(square.y, canvas.height)
                        };
                        assert!(canvas.squares.iter().all(is_inside), "{}", layer.name);
                        assert!(canvas.squares.len() < 2 * MOST_SQUARES);
                    }
                    Err(Refusal::TooLarge(error)) => {
                        refused += 1;
                        assert!(
                            error.cells > MOST_CELLS as u64 && error.to_string().contains(&error.cells.to_string())
                        );
                    }
                    Err(error) => panic!("{}: {error}", layer.name),
                }
            }
        }
    }
    assert!(drawn > 150 && refused > 100, "{drawn} are drawn, {refused} refused");
}

#[test]
fn names_are_escaped() {
    let mut layer = net(UP).layers().next().cloned().expect("a layer");
    layer.name = "a<b>&\"c\"".into();
    let svg = svg::write(&picture(&[&layer], &Request::default()).expect("a picture"), Background::Auto);
    let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    let title = document.descendants().find(|node| node.has_tag_name("title")).and_then(|node| node.text());
    assert_eq!(title, Some("a<b>&\"c\": transposed convolution"));
}
