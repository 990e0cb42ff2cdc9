//! Pictures as SVG: text without scripts that needs nothing else.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::palette::{DARK, INK, LIGHT, PHASES, Theme};
use crate::picture::Picture;
use crate::picture::canvas::{Anchor, CELL, Canvas, Look, Mark, Segment, Square, Stroke, Text, Type};

/// For which background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// What the viewer prefers, where it says so; else light.
    Auto,
}

/// The text of an SVG file.
pub fn write(picture: &Picture, background: Background) -> String {
    let Canvas { width, height, squares, segments, texts } = &picture.canvas;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title desc\">\n"
    );
    let (title, description) = (escaped(&picture.title), escaped(&picture.description));
    let _ = writeln!(svg, "<title id=\"title\">{title}</title>\n<desc id=\"desc\">{description}</desc>");
    let _ = writeln!(svg, "<style>\n{}</style>", style(background));
    let _ = writeln!(svg, "<rect class=\"background\" width=\"{width}\" height=\"{height}\"/>");
    let (below, above): (Vec<&Segment>, Vec<&Segment>) =
        segments.iter().partition(|segment| segment.stroke == Stroke::Guide);
    write_segments(&mut svg, &below);
    write_squares(&mut svg, squares);
    write_segments(&mut svg, &above);
    texts.iter().for_each(|text| write_text(&mut svg, text));
    svg.push_str("</svg>\n");
    svg
}

/// A text as XML has it between tags and in attributes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// All cells of one look are one path; those that are marked come last, on top of others.
fn write_squares(svg: &mut String, squares: &[Square]) {
    let mut paths: BTreeMap<(Mark, Look), String> = BTreeMap::new();
    for &Square { x, y, look, mark } in squares {
        let path = paths.entry((mark, look)).or_default();
        let _ = write!(path, "M{x} {y}h{CELL}v{CELL}h-{CELL}z");
    }
    for ((mark, look), path) in paths {
        let _ = writeln!(svg, "<path class=\"{}{}\" d=\"{path}\"/>", look_class(look), mark_class(mark));
    }
}

fn write_segments(svg: &mut String, segments: &[&Segment]) {
    let mut paths: BTreeMap<Stroke, String> = BTreeMap::new();
    for Segment { from, to, stroke } in segments {
        let path = paths.entry(*stroke).or_default();
        let _ = write!(path, "M{} {}L{} {}", from[0], from[1], to[0], to[1]);
    }
    for (stroke, path) in paths {
        let _ = writeln!(svg, "<path class=\"{}\" d=\"{path}\"/>", stroke_class(stroke));
    }
}

fn write_text(svg: &mut String, Text { x, y, text, kind, anchor }: &Text) {
    let anchor = match anchor {
        Anchor::Start => "",
        Anchor::Middle => " text-anchor=\"middle\"",
        Anchor::End => " text-anchor=\"end\"",
    };
    let _ = writeln!(svg, "<text class=\"{}\" x=\"{x}\" y=\"{y}\"{anchor}>{}</text>", type_class(*kind), escaped(text));
}

fn look_class(look: Look) -> String {
    match look {
        Look::Input => "cell input".into(),
        Look::Copy => "cell copy".into(),
        Look::Zero => "cell zero".into(),
        Look::Padding => "cell padding".into(),
        Look::Hole => "cell hole".into(),
        Look::Output => "cell output".into(),
        Look::Phase(phase) => format!("cell p{}", phase % PHASES.len()),
    }
}

fn mark_class(mark: Mark) -> &'static str {
    match mark {
        Mark::None => "",
        Mark::Unread => " unread",
        Mark::Extra => " extra",
        Mark::Border => " border",
        Mark::Read => " read",
        Mark::Chosen => " chosen",
    }
}

fn stroke_class(stroke: Stroke) -> String {
    match stroke {
        Stroke::Wire(phase) => format!("wire s{}", phase % PHASES.len()),
        Stroke::Plain => "wire plain".into(),
        Stroke::Void => "void".into(),
        Stroke::Strong => "strong".into(),
        Stroke::Guide => "guide".into(),
        Stroke::Rule => "rule".into(),
    }
}

fn type_class(kind: Type) -> &'static str {
    match kind {
        Type::Label => "label",
        Type::Small => "label small",
        Type::Ink => "label ink",
        Type::SmallInk => "label small ink",
        Type::Pale => "label pale",
        Type::Index => "index",
        Type::Part => "part",
        Type::Note => "note",
        Type::Formula => "formula",
        Type::Heading => "heading",
        Type::Title => "title",
    }
}

/// Without variables, which some viewers do not know.
fn style(background: Background) -> String {
    let (first, other) = match background {
        Background::Light => (LIGHT, None),
        Background::Dark => (DARK, None),
        Background::Auto => (LIGHT, Some(DARK)),
    };
    let mut style = SHAPES.to_string() + &colors(&first);
    for (number, color) in PHASES.iter().enumerate() {
        let _ = writeln!(style, ".p{number} {{ fill: {color} }} .s{number} {{ stroke: {color} }}");
    }
    let _ = writeln!(style, ".ink {{ fill: {INK} }}");
    if let Some(other) = other {
        let _ = writeln!(style, "@media (prefers-color-scheme: dark) {{\n{}.ink {{ fill: {INK} }}\n}}", colors(&other));
    }
    style
}

const SHAPES: &str = "\
text { font-family: system-ui, 'Segoe UI', Helvetica, Arial, sans-serif; font-size: 12px }
.label, .index, .formula { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 11px }
.formula { font-size: 12px }
.small { font-size: 8.5px }
.index { font-size: 9px }
.part, .heading { font-size: 13px }
.title { font-size: 16px; font-weight: bold }
.heading { font-weight: bold }
.cell { stroke-width: 1; stroke-linejoin: round }
.padding, .hole { fill: none; stroke-dasharray: 3 3 }
.copy { stroke-dasharray: 3 3 }
.unread { opacity: 0.35 }
.extra, .border { stroke-width: 2; stroke-dasharray: 2 2 }
.read { stroke-width: 2 }
.chosen { stroke-width: 3 }
.wire, .void, .strong, .guide, .rule { fill: none }
.wire { stroke-width: 1 }
.void { stroke-width: 1.2; stroke-dasharray: 2 4 }
.strong { stroke-width: 2 }
.guide { stroke-width: 1.2; opacity: 0.7 }
";

fn colors(theme: &Theme) -> String {
    let Theme { background, text, muted, line, input, output, copy, zero, mark } = theme;
    format!(
        "\
.background {{ fill: {background} }}
.label, .part, .heading, .title, .note, .formula {{ fill: {text} }}
.index, .pale, .heading {{ fill: {muted} }}
.cell, .plain, .rule {{ stroke: {line} }}
.input {{ fill: {input} }} .output {{ fill: {output} }} .copy {{ fill: {copy} }} .zero {{ fill: {zero} }}
.read, .chosen, .void, .strong, .guide {{ stroke: {mark} }}
"
    )
}
