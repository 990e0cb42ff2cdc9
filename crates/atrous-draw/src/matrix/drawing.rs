//! Matrices as pictures.

use crate::picture::Picture;
use crate::picture::canvas::{Anchor, CELL, Canvas, Look, Mark, PITCH, Type, column};
use crate::picture::text::{paragraph, width};

use super::{Channels, Matrices, Matrix, Row, Term, element_name, index_of};

/// Space around the picture, and between its parts.
const MARGIN: i32 = 24;

/// The width of paragraphs.
const WIDTH: i32 = 640;

/// The most weights of a row that are drawn one by one beside it; more are counted.
const MOST_BESIDE: usize = 9;

/// Where the parts of a row begin.
struct Columns {
    phase: i32,
    entries: i32,
    inserted: i32,
    padding: i32,
    end: i32,
}

/// The picture of some matrices below one another.
pub fn picture(all: &[Matrices]) -> Picture {
    let mut canvas = Canvas::default();
    canvas.place(column(all.iter().map(of_layer).collect(), 2 * MARGIN), MARGIN, MARGIN);
    canvas.width += MARGIN;
    canvas.height += MARGIN;
    let description = |matrices: &Matrices| {
        let [own, twin] = matrices.parts().map(|(heading, _, _)| heading);
        format!("{}. {own}. {twin}.", matrices.title())
    };
    Picture {
        title: all.iter().map(Matrices::title).collect::<Vec<_>>().join("; "),
        description: all.iter().map(description).collect::<Vec<_>>().join("\n"),
        canvas,
    }
}

fn of_layer(matrices: &Matrices) -> Canvas {
    let mut parts = vec![paragraph(&matrices.title(), Type::Title, WIDTH)];
    for (heading, matrix, letters) in matrices.parts() {
        parts.push(paragraph(&heading, Type::Heading, WIDTH));
        parts.push(table(matrices, matrix, letters));
    }
    parts.push(column(notes(matrices).iter().map(|note| paragraph(note, Type::Note, WIDTH)).collect(), 0));
    column(parts, 12)
}

fn notes(matrices: &Matrices) -> Vec<String> {
    let shape = matrices.layer.weight_shape();
    let (what, shape) = match matrices.channels {
        Channels::One => ("kernel", &shape[2..]),
        Channels::All => ("weight", &shape[..]),
    };
    let numbers = format!("An entry is the number of a weight, row by row of the {what} {shape:?}.");
    let beside = "Beside a row stand the weights that meet zeros between the values, and outside of them.";
    [numbers, beside.to_string()].into_iter().chain(matrices.copies_note()).collect()
}

fn table(matrices: &Matrices, matrix: &Matrix, [result, source]: [char; 2]) -> Canvas {
    let columns = columns(matrix, result);
    let rows = matrix.rows.len() as i32;
    let mut canvas = Canvas::new(columns.end, (rows + 1) * PITCH);
    let base = CELL / 2 + 4;
    let mut head = |x: i32, text: &str, anchor| canvas.text(x, base, text, Type::Index, anchor);
    let count: usize = matrix.column_shape.iter().product();
    for index in 0..count {
        let numbers: Vec<String> = index_of(index, &matrix.column_shape).iter().map(usize::to_string).collect();
        head(columns.entries + index as i32 * PITCH + CELL / 2, &numbers.join(","), Anchor::Middle);
    }
    head(columns.entries - 4, &source.to_string(), Anchor::End);
    if matrix.phases.len() > 1 {
        head(columns.phase + CELL / 2, "phase", Anchor::Middle);
    }
    head(columns.inserted, "inserted", Anchor::Start);
    head(columns.padding, "padding", Anchor::Start);
    for (number, row) in matrix.rows.iter().enumerate() {
        let y = (number as i32 + 1) * PITCH;
        let name = element_name(result, number, &matrix.row_shape);
        canvas.text(columns.phase - 8, y + base, name, Type::Index, Anchor::End);
        draw_row(&mut canvas, matrices, matrix, row, &columns, y);
    }
    canvas
}

fn columns(matrix: &Matrix, result: char) -> Columns {
    let names = (0..matrix.rows.len()).map(|row| width(&element_name(result, row, &matrix.row_shape), Type::Index));
    let phase = names.max().unwrap_or_default() + 10;
    let entries = phase + if matrix.phases.len() > 1 { PITCH + 16 } else { 0 };
    let inserted = entries + matrix.column_shape.iter().product::<usize>() as i32 * PITCH + 16;
    let padding = inserted + beside(matrix, |row| &row.inserted).max(60);
    Columns { phase, entries, inserted, padding, end: padding + beside(matrix, |row| &row.padding).max(60) }
}

/// The width that the weights beside the rows need.
fn beside(matrix: &Matrix, weights: fn(&Row) -> &Vec<usize>) -> i32 {
    let most = matrix.rows.iter().map(|row| weights(row).len()).max().unwrap_or_default();
    most.min(MOST_BESIDE) as i32 * PITCH + 12
}

fn draw_row(canvas: &mut Canvas, matrices: &Matrices, matrix: &Matrix, row: &Row, columns: &Columns, y: i32) {
    let has_phases = matrix.phases.len() > 1;
    let (look, ink) = match row.phase {
        Some(phase) if has_phases => (Look::Phase(phase), Type::Ink),
        _ => (Look::Output, Type::Label),
    };
    if has_phases {
        match row.phase {
            Some(phase) => cell(canvas, [columns.phase, y], look, &phase.to_string(), ink),
            None => cell(canvas, [columns.phase, y], Look::Padding, "–", Type::Pale),
        }
    }
    let mut entries = row.entries.iter().peekable();
    for index in 0..matrix.column_shape.iter().product::<usize>() {
        let place = [columns.entries + index as i32 * PITCH, y];
        match entries.next_if(|(column, _)| *column == index) {
            Some((_, terms)) if terms.iter().all(|term| term.copy) => {
                cell(canvas, place, Look::Copy, &sum(terms), Type::Label);
            }
            Some((_, terms)) => cell(canvas, place, look, &sum(terms), ink),
            None => canvas.label(place[0], y, "·", Type::Pale),
        }
    }
    for (x, weights, look) in
        [(columns.inserted, &row.inserted, Look::Zero), (columns.padding, &row.padding, Look::Padding)]
    {
        if weights.len() > MOST_BESIDE {
            canvas.text(
                x,
                y + CELL / 2 + 4,
                format!("{} of {}", weights.len(), taps(matrices)),
                Type::Index,
                Anchor::Start,
            );
            continue;
        }
        for (number, weight) in weights.iter().enumerate() {
            cell(canvas, [x + number as i32 * PITCH, y], look, &weight.to_string(), Type::Pale);
        }
    }
}

fn taps(matrices: &Matrices) -> usize {
    matrices.layer.weight_shape()[2..].iter().product()
}

fn cell(canvas: &mut Canvas, [x, y]: [i32; 2], look: Look, text: &str, kind: Type) {
    canvas.square(x, y, look, Mark::None);
    canvas.label(x, y, text, kind);
}

/// The weights of an entry, or how many there are.
fn sum(terms: &[Term]) -> String {
    let text = terms.iter().map(|term| term.weight.to_string()).collect::<Vec<_>>().join("+");
    if text.len() > 5 { format!("Σ{}", terms.len()) } else { text }
}
