//! Lines of text, whose width no one knows exactly: fonts differ.

use super::canvas::{Anchor, Canvas, Type};

/// The height of a line and an upper bound of the mean width of its characters in tenths of a pixel.
fn measure(kind: Type) -> (i32, i32) {
    match kind {
        Type::Title => (22, 95),
        Type::Heading => (19, 78),
        Type::Formula => (17, 74),
        _ => (17, 66),
    }
}

/// The width that a text needs at most.
pub fn width(text: &str, kind: Type) -> i32 {
    let (_, character) = measure(kind);
    text.chars().count() as i32 * character / 10 + 2
}

/// A paragraph, broken between words where it is wider than the width, if it can be.
pub fn paragraph(text: &str, kind: Type, most: i32) -> Canvas {
    let (height, _) = measure(kind);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if width(line, kind) + width(word, kind) < most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    let mut canvas = Canvas::new(0, height * lines.len() as i32);
    for (number, line) in lines.into_iter().enumerate() {
        canvas.width = canvas.width.max(width(&line, kind));
        canvas.text(0, height * number as i32 + height - 5, line, kind, Anchor::Start);
    }
    canvas
}
