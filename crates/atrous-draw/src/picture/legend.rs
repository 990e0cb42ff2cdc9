//! What the cells of a picture mean; only those that it has.

use super::canvas::{Anchor, CELL, Canvas, Look, Mark, Type, flow};
use super::text;

/// A look, or a mark on any look, in words.
fn entries(canvas: &Canvas) -> Vec<(Look, Mark, &'static str)> {
    let has = |look: Look| canvas.squares.iter().any(|square| square.look == look);
    let has_mark = |mark: Mark| canvas.squares.iter().any(|square| square.mark == mark);
    let has_phases = canvas.squares.iter().any(|square| matches!(square.look, Look::Phase(phase) if phase > 0));
    let candidates = [
        (has(Look::Input), Look::Input, Mark::None, "input"),
        (has(Look::Padding), Look::Padding, Mark::None, "padding"),
        (has(Look::Copy), Look::Copy, Mark::None, "padding that repeats the input at its index"),
        (has(Look::Zero), Look::Zero, Mark::None, "zero between inputs"),
        (has_mark(Mark::Unread), Look::Input, Mark::Unread, "read by no output"),
        (has(Look::Output), Look::Output, Mark::None, "output"),
        (has_phases, Look::Phase(1), Mark::None, "output with the number of its phase"),
        (has_mark(Mark::Extra), output(has_phases), Mark::Extra, "output padding"),
        (has_mark(Mark::Border), output(has_phases), Mark::Border, "adds to the output at its index"),
        (has_mark(Mark::Chosen), Look::Phase(0), Mark::Chosen, "chosen output"),
        (has_mark(Mark::Read), Look::Phase(0), Mark::Read, "what it reads, with the weight"),
        (has(Look::Hole), Look::Hole, Mark::None, "hole of the kernel"),
    ];
    let shown = candidates.into_iter().filter(|(is_there, ..)| *is_there);
    shown.map(|(_, look, mark, words)| (look, mark, words)).collect()
}

fn output(has_phases: bool) -> Look {
    if has_phases { Look::Phase(1) } else { Look::Output }
}

/// The legend of a picture, in rows of some width.
pub fn legend(canvas: &Canvas, width: i32) -> Canvas {
    let entry = |(look, mark, words): (Look, Mark, &str)| {
        let mut entry = Canvas::new(CELL + 8 + text::width(words, Type::Note), CELL + 2);
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
    flow(entries(canvas).into_iter().map(entry).collect(), width, 14)
}
