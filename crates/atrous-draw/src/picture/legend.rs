//! What the cells of a picture mean; only those that it has.

use super::canvas::{Anchor, CELL, Canvas, Look, Mark, Type, flow};
use super::text;

/// A look, or a mark on any look, in words.
fn entries(canvas: &Canvas, [input, output]: [&str; 2]) -> Vec<(Look, Mark, String)> {
    let has = |look: Look| canvas.squares.iter().any(|square| square.look == look);
    let has_mark = |mark: Mark| canvas.squares.iter().any(|square| square.mark == mark);
    let has_phases = canvas.squares.iter().any(|square| matches!(square.look, Look::Phase(phase) if phase > 0));
    let plain = if has_phases { Look::Phase(1) } else { Look::Output };
    let candidates = [
        (has(Look::Input), Look::Input, Mark::None, input.to_string()),
        (has(Look::Padding), Look::Padding, Mark::None, "padding".to_string()),
        (has(Look::Copy), Look::Copy, Mark::None, format!("padding that repeats the {input} at its index")),
        (has(Look::Zero), Look::Zero, Mark::None, "zero between neighbours".to_string()),
        (has_mark(Mark::Unread), Look::Input, Mark::Unread, format!("read by no {output}")),
        (has(Look::Output), Look::Output, Mark::None, output.to_string()),
        (has_phases, Look::Phase(1), Mark::None, format!("{output} with the number of its phase")),
        (has_mark(Mark::Extra), plain, Mark::Extra, "output padding".to_string()),
        (has_mark(Mark::Border), plain, Mark::Border, format!("adds to the {output} at its index")),
        (has_mark(Mark::Chosen), Look::Phase(0), Mark::Chosen, format!("chosen {output}")),
        (has_mark(Mark::Read), Look::Phase(0), Mark::Read, "what it reads, with the weight".to_string()),
        (has(Look::Hole), Look::Hole, Mark::None, "hole of the kernel".to_string()),
    ];
    let shown = candidates.into_iter().filter(|(is_there, ..)| *is_there);
    shown.map(|(_, look, mark, words)| (look, mark, words)).collect()
}

/// The legend of a picture, in rows of some width; `names` are those of the input and the output.
pub fn legend(canvas: &Canvas, names: [&str; 2], width: i32) -> Canvas {
    let entry = |(look, mark, words): (Look, Mark, String)| {
        let mut entry = Canvas::new(CELL + 8 + text::width(&words, Type::Note), CELL + 2);
        entry.square(1, 1, look, mark);
        let label = match (look, mark) {
            (Look::Phase(1), _) => ("1", Type::Ink),
            (Look::Phase(_), Mark::Read) => ("w0", Type::Ink),
            (Look::Zero, _) => ("0", Type::Pale),
            _ => ("", Type::Label),
        };
        if !label.0.is_empty() {
            entry.label(1, 1, label.0, label.1);
        }
        entry.text(CELL + 8, 17, words, Type::Note, Anchor::Start);
        entry
    };
    flow(entries(canvas, names).into_iter().map(entry).collect(), width, 14)
}
