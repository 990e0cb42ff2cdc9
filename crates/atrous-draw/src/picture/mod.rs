//! Pictures of layers, in pixels and without colours.

pub mod canvas;
mod grid;
mod groups;
mod legend;
mod refusal;
mod strip;
pub(crate) mod text;

use atrous_compiler::layer::Layer;

use crate::scene::{Scene, View};
use canvas::{Canvas, Stroke, Type, column, flow};
use grid::Plane;
pub use refusal::Refusal;
use strip::Strip;

/// The most frames that are drawn when nobody says how many.
pub const MOST_FRAMES: usize = 36;

/// The most cells of a picture.
pub const MOST_SQUARES: usize = 40_000;

/// Space around the picture.
const MARGIN: i32 = 24;

/// Texts and rows of frames keep within this width, unless a grid is wider.
const WIDTH: i32 = 760;

/// What to draw of each layer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// One view; by default both where they differ by more than padding.
    pub view: Option<View>,
    /// Draws the adjoint: from the outputs to the inputs.
    pub adjoint: bool,
    /// The chosen output on the axes that are drawn, which are the last two; by default one in the middle.
    pub at: Option<Vec<usize>>,
    /// The chosen plane of outputs of a layer of three axes; by default one in the middle.
    pub slice: Option<usize>,
    /// Draws so many outputs in order, each in a frame of its own.
    pub frames: Option<usize>,
}

/// A picture and what it shows, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The layers that it shows; one line.
    pub title: String,
    /// The same with their numbers; several lines.
    pub description: String,
    /// The picture.
    pub canvas: Canvas,
}

/// The picture of some layers, below one another.
///
/// # Errors
/// A layer, or the whole picture, is too large, or the request does not suit a layer.
pub fn picture(layers: &[&Layer], request: &Request) -> Result<Picture, Refusal> {
    let views = |layer: &&Layer| views(layer, request);
    let all: Vec<Vec<Shown>> = layers.iter().map(views).collect::<Result<_, _>>()?;
    let squares: usize = all.iter().flatten().map(Shown::squares).sum();
    if squares > MOST_SQUARES {
        return Err(Refusal::Crowded { squares, layers: layers.len(), has_frames: request.frames.is_some() });
    }
    let parts: Vec<Canvas> = all.iter().map(|views| of_layer(views, request.frames.is_some())).collect();
    let mut canvas = Canvas::default();
    canvas.place(column(separated(parts), 20), MARGIN, MARGIN);
    canvas.width += MARGIN;
    canvas.height += MARGIN;
    let scenes = all.iter().filter_map(|views| views.first()).map(|shown| &shown.scene);
    Ok(Picture {
        title: scenes.clone().map(Scene::title).collect::<Vec<_>>().join("; "),
        description: scenes.map(description).collect::<Vec<_>>().join("\n"),
        canvas,
    })
}

/// A scene and the outputs that are chosen in it.
struct Shown {
    scene: Scene,
    outputs: Vec<Vec<usize>>,
}

impl Shown {
    fn squares(&self) -> usize {
        let product = |size: fn(&crate::scene::Line) -> usize| self.scene.lines.iter().map(size).product::<usize>();
        self.outputs.len() * (product(|line| line.inputs.len()) + product(|line| line.outputs.len()))
    }
}

/// The views of a layer.
fn views(layer: &Layer, request: &Request) -> Result<Vec<Shown>, Refusal> {
    let views = match request.view {
        Some(view) => vec![view],
        None if Scene::has_zeros(layer, request.adjoint) => vec![View::Zeros, View::Phases],
        None => vec![View::Zeros],
    };
    let shown = |view| {
        let scene = Scene::new(layer, view, request.adjoint)?;
        let outputs = chosen(&scene, request)?;
        Ok(Shown { scene, outputs })
    };
    views.into_iter().map(shown).collect()
}

/// The outputs that are chosen.
fn chosen(scene: &Scene, request: &Request) -> Result<Vec<Vec<usize>>, Refusal> {
    let mut telling = scene.telling_output();
    let sizes = scene.outputs();
    let hidden = sizes.len().saturating_sub(2);
    let (planes, drawn) = sizes.split_at(hidden);
    if let Some(slice) = request.slice {
        match planes {
            [planes] if slice < *planes => telling[0] = slice,
            _ => return Err(Refusal::slice(&scene.layer, slice, planes.first().copied())),
        }
    }
    if let Some(at) = &request.at {
        let is_inside = at.len() == drawn.len() && at.iter().zip(drawn).all(|(index, size)| index < size);
        if !is_inside {
            return Err(Refusal::at(&scene.layer, at, drawn));
        }
        telling[hidden..].copy_from_slice(at);
    }
    let Some(frames) = request.frames else { return Ok(vec![telling]) };
    let (mut output, mut outputs) = (telling, Vec::new());
    if request.at.is_none() {
        output[hidden..].fill(0);
    }
    while outputs.len() < frames {
        outputs.push(output.clone());
        // The next output, row by row.
        let Some(axis) = (hidden..sizes.len()).rev().find(|&axis| output[axis] + 1 < sizes[axis]) else { break };
        output[axis] += 1;
        output[axis + 1..].fill(0);
    }
    Ok(outputs)
}

/// What a screen reader reads.
fn description(scene: &Scene) -> String {
    let title = [scene.title()];
    title.into_iter().chain(scene.parameters()).chain(scene.size_formulas()).collect::<Vec<_>>().join(".\n") + "."
}

fn separated(parts: Vec<Canvas>) -> Vec<Canvas> {
    let width = parts.iter().map(|part| part.width).max().unwrap_or(0);
    let mut separated: Vec<Canvas> = Vec::new();
    for part in parts {
        if !separated.is_empty() {
            let mut rule = Canvas::new(width, 1);
            rule.line([0, 0], [width, 0], Stroke::Rule);
            separated.push(rule);
        }
        separated.push(part);
    }
    separated
}

/// A layer: title, views, legend, numbers.
fn of_layer(views: &[Shown], has_frames: bool) -> Canvas {
    let Some(Shown { scene, .. }) = views.first() else { return Canvas::default() };
    let heading = |shown: &Shown| {
        let body = if has_frames { frames(shown) } else { panel(&shown.scene, &shown.outputs[0]) };
        let width = body.width.max(WIDTH);
        let subtitle = shown.scene.subtitle().map(|subtitle| text::paragraph(&subtitle, Type::Heading, width));
        column(subtitle.into_iter().chain([body]).collect(), 10)
    };
    let panels = column(views.iter().map(heading).collect(), 22);
    let width = panels.width.max(WIDTH);
    let legend = legend::legend(&panels, names(scene), width);
    let mut parts = vec![text::paragraph(&scene.title(), Type::Title, width), panels, legend];
    parts.extend(groups::groups(&scene.layer));
    let numbers = scene.parameters().into_iter().map(|line| text::paragraph(&line, Type::Note, width));
    let formulas = scene.size_formulas().into_iter().map(|line| text::paragraph(&line, Type::Formula, width));
    parts.push(column(numbers.chain(formulas).collect(), 1));
    column(parts, 16)
}

/// What the input and the output of a picture are called.
fn names(scene: &Scene) -> [&'static str; 2] {
    if scene.adjoint { ["dy", "dx"] } else { ["input", "output"] }
}

/// One output after the other.
fn frames(shown: &Shown) -> Canvas {
    let frame = |output: &Vec<usize>| {
        let body =
            plane(&shown.scene, output).map_or_else(|| strip(&shown.scene, output).rows(), |plane| plane.grids());
        column(vec![text::paragraph(&sentence(&shown.scene, output), Type::Formula, body.width.max(300)), body], 4)
    };
    let parts: Vec<Canvas> = shown.outputs.iter().map(frame).collect();
    let total: usize = shown.scene.outputs().iter().rev().take(2).product();
    let frames = flow(parts, WIDTH.max(1200), 36);
    if total <= shown.outputs.len() {
        return frames;
    }
    let note = format!("{} of {total} outputs", shown.outputs.len());
    column(vec![frames, text::paragraph(&note, Type::Note, WIDTH)], 8)
}

/// The cells of a scene with one output chosen, its weights, and what it is in words.
fn panel(scene: &Scene, output: &[usize]) -> Canvas {
    let parts = match plane(scene, output) {
        None => vec![strip(scene, output).rows(), strip(scene, output).weights()],
        Some(plane) if scene.lines.len() == 2 => vec![with_weights(plane.grids(), plane.weights())],
        Some(plane) => {
            let strip = strip(scene, output);
            let planes = with_weights(strip.rows(), strip.weights());
            let taps: usize = plane.lines.iter().map(|line| line.weights).product();
            let numbers = format!("Weight w of the sum is {taps} times that of axis 0 plus that of axes 1 and 2.");
            let inside = with_weights(plane.grids(), plane.weights());
            vec![
                note("Along axis 0, plane by plane:"),
                planes,
                note("In each plane, along axes 1 and 2:"),
                inside,
                note(&numbers),
            ]
        }
    };
    let body = column(parts, 12);
    let width = body.width.max(WIDTH);
    column(vec![body, text::paragraph(&sentence(scene, output), Type::Formula, width)], 12)
}

fn note(text: &str) -> Canvas {
    text::paragraph(text, Type::Note, WIDTH)
}

/// Weights beside what reads them, or below where that is too wide.
fn with_weights(grids: Canvas, weights: Canvas) -> Canvas {
    flow(vec![grids, weights], 1100, 44)
}

/// The last two axes of a scene, if it has two.
fn plane<'a>(scene: &'a Scene, output: &[usize]) -> Option<Plane<'a>> {
    let [.., row, column] = *output else { return None };
    let lines = &scene.lines[scene.lines.len() - 2..];
    Some(Plane { lines, view: scene.view, output: [row, column], names: names(scene) })
}

/// The first axis of a scene.
fn strip<'a>(scene: &'a Scene, output: &[usize]) -> Strip<'a> {
    Strip { line: &scene.lines[0], view: scene.view, output: output[0], names: names(scene) }
}

/// The most products that a sum is written out with.
const MOST_PRODUCTS: usize = 9;

/// What an output is, in words.
fn sentence(scene: &Scene, output: &[usize]) -> String {
    let index = |index: &[usize]| index.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let [x, y] = if scene.adjoint { ["dy", "dx"] } else { ["x", "y"] };
    let reads = scene.reads(output);
    let products: Vec<String> = reads
        .iter()
        .filter_map(|reading| Some(format!("w{}·{x}[{}]", reading.weight, index(reading.input.as_ref()?))))
        .collect();
    let cells: Vec<usize> = scene.lines.iter().zip(output).map(|(line, &output)| line.outputs[output].output).collect();
    let is_border = scene.lines.iter().zip(output).any(|(line, &output)| line.outputs[output].is_border);
    let left = format!("{y}[{}] {}", index(&cells), if is_border { "+=" } else { "=" });
    match products.len() {
        0 => format!("{left} 0: it reads no input"),
        1..=MOST_PRODUCTS => format!("{left} {}", products.join(" + ")),
        number => {
            let shown = products[..3].join(" + ");
            format!("{left} {shown} + … + {} ({number} products)", products[number - 1])
        }
    }
}
