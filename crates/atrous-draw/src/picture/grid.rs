//! Two axes: grids of the input, the output and the weights beside one another.

use super::canvas::{Anchor, CELL, Canvas, Look, Mark, PITCH, Stroke, Type};
use super::text;
use crate::View;
use crate::scene::{self, InputCell, Kind, Line, OutputCell, Phase, Reading};

/// Above and left of a grid, for indices.
const MARGIN: i32 = 20;

/// The name of a grid and what is below it.
const NAME: i32 = 20;

/// Between grids.
const GAP: i32 = 44;

/// More kernels than this are not drawn; then there is only that of the chosen phase.
const MOST_KERNELS: usize = 16;

/// Two axes of a scene.
pub struct Plane<'a> {
    /// Rows and columns.
    pub lines: &'a [Line],
    /// What is shown of the zeros.
    pub view: View,
    /// The chosen output on both axes.
    pub output: [usize; 2],
    /// What input and output are called.
    pub names: [&'a str; 2],
}

impl<'a> Plane<'a> {
    fn lines(&self) -> [&'a Line; 2] {
        let [rows, columns] = self.lines else { unreachable!("a plane has two axes") };
        [rows, columns]
    }

    fn phase_count(&self) -> usize {
        scene::phase_count(self.lines)
    }

    fn phase(&self, output: [usize; 2]) -> usize {
        scene::phase(self.lines, &output)
    }

    /// The input and the output, with edges between what is read and the output that reads it.
    pub fn grids(&self) -> Canvas {
        let reads = scene::reads(self.lines, &self.output);
        let (input, output) = (self.input(&reads), self.output());
        let height = input.height.max(output.height);
        let left = [MARGIN, (height - input.height) / 2 + MARGIN + NAME];
        let right = [input.width + GAP + MARGIN, (height - output.height) / 2 + MARGIN + NAME];
        let mut canvas = Canvas::default();
        let x = input.width + GAP;
        let [low, high] = [left[1], right[1]].map(|y| y - MARGIN - NAME);
        canvas.place(input, 0, low);
        canvas.place(output, x, high);
        self.guides(&reads, left, right, &mut canvas);
        canvas
    }

    /// From the right edge of what is read to the left edge of the output.
    fn guides(&self, reads: &[Reading], left: [i32; 2], right: [i32; 2], canvas: &mut Canvas) {
        let rows = reads.iter().map(|reading| reading.cells[0] as i32);
        let columns = reads.iter().map(|reading| reading.cells[1] as i32);
        let (Some(first), Some(last), Some(column)) = (rows.clone().min(), rows.max(), columns.max()) else { return };
        let x = left[0] + column * PITCH + CELL + 1;
        let [row, to] = self.output.map(|index| index as i32 * PITCH);
        let to_x = right[0] + to - 1;
        canvas.line([x, left[1] + first * PITCH - 1], [to_x, right[1] + row - 1], Stroke::Guide);
        canvas.line([x, left[1] + last * PITCH + CELL + 1], [to_x, right[1] + row + CELL + 1], Stroke::Guide);
    }

    fn input(&self, reads: &[Reading]) -> Canvas {
        let [rows, columns] = self.lines();
        let mut canvas = frame(self.names[0], rows.inputs.len(), columns.inputs.len());
        for (row, from_row) in rows.inputs.iter().enumerate() {
            for (column, from_column) in columns.inputs.iter().enumerate() {
                let read = reads.iter().find(|reading| reading.cells == [row, column]);
                let [x, y] = place(row, column);
                let cells = [from_row, from_column];
                draw_input(&mut canvas, [x, y], &cells, read, self.read_look());
            }
        }
        let index = |cell: &InputCell| cell.input.map(|input| input.to_string());
        indices(&mut canvas, rows.inputs.iter().map(index), columns.inputs.iter().map(index));
        canvas
    }

    fn read_look(&self) -> Look {
        Look::Phase(if self.phase_count() > 1 { self.phase(self.output) } else { 0 })
    }

    fn output(&self) -> Canvas {
        let [rows, columns] = self.lines();
        let mut canvas = frame(self.names[1], rows.outputs.len(), columns.outputs.len());
        for (row, to_row) in rows.outputs.iter().enumerate() {
            for (column, to_column) in columns.outputs.iter().enumerate() {
                let phase = (self.phase_count() > 1).then(|| self.phase([row, column]));
                let is_chosen = self.output == [row, column];
                draw_output(&mut canvas, place(row, column), &[to_row, to_column], phase, is_chosen);
            }
        }
        let index = |cell: &OutputCell| Some(output_index(cell));
        indices(&mut canvas, rows.outputs.iter().map(index), columns.outputs.iter().map(index));
        canvas
    }

    /// The weights: one kernel, or one for each phase.
    pub fn weights(&self) -> Canvas {
        let [rows, columns] = self.lines();
        let taps = columns.weights;
        if self.view == View::Zeros {
            return self.kernel("weights", [&rows.kernel, &columns.kernel], taps, None);
        }
        let kernel = |[row, column]: [usize; 2]| {
            let number = row * columns.phases.len() + column;
            let name = if self.phase_count() > 1 { format!("phase {number}") } else { "weights".to_string() };
            let phase = (self.phase_count() > 1).then_some(number);
            self.kernel(&name, [&rows.phases[row].kernel, &columns.phases[column].kernel], taps, phase)
        };
        if self.phase_count() > MOST_KERNELS {
            let [row, column] = self.output;
            return kernel([rows.outputs[row].phase, columns.outputs[column].phase]);
        }
        let phases = |line: &Line| 0..line.phases.len();
        let row = |row: usize| beside(phases(columns).map(|column| kernel([row, column])).collect());
        super::canvas::column(phases(rows).map(row).collect(), 12)
    }

    fn kernel(&self, name: &str, [rows, columns]: [&[Option<usize>]; 2], taps: usize, phase: Option<usize>) -> Canvas {
        if rows.is_empty() || columns.is_empty() {
            return no_weights(name);
        }
        let width = (columns.len() as i32 * PITCH).max(text::width(name, Type::Part));
        let mut canvas = Canvas::new(width, NAME + rows.len() as i32 * PITCH);
        canvas.text(0, 12, name, Type::Part, Anchor::Start);
        for (row, outer) in rows.iter().enumerate() {
            for (column, inner) in columns.iter().enumerate() {
                let weight = outer.zip(*inner).map(|(outer, inner)| outer * taps + inner);
                let of = phase.or_else(|| self.phase_of(outer.zip(*inner)));
                draw_weight(&mut canvas, [column as i32 * PITCH, NAME + row as i32 * PITCH], weight, of);
            }
        }
        canvas
    }

    /// The phase that a weight belongs to, where there is more than one.
    fn phase_of(&self, weight: Option<(usize, usize)>) -> Option<usize> {
        let (row, column) = weight.filter(|_| self.phase_count() > 1)?;
        let [rows, columns] = self.lines();
        let (row, column) = (phase_with(&rows.phases, row)?, phase_with(&columns.phases, column)?);
        Some(row * columns.phases.len() + column)
    }
}

/// The phase whose kernel has a weight.
pub fn phase_with(phases: &[Phase], weight: usize) -> Option<usize> {
    phases.iter().position(|phase| phase.kernel.contains(&Some(weight)))
}

/// A phase that reads nothing.
pub fn no_weights(name: &str) -> Canvas {
    let mut canvas = Canvas::new(text::width("no weights", Type::Index), NAME + CELL);
    canvas.text(0, 12, name, Type::Part, Anchor::Start);
    canvas.text(0, NAME + 14, "no weights", Type::Index, Anchor::Start);
    canvas
}

fn frame(name: &str, rows: usize, columns: usize) -> Canvas {
    let size = |cells: usize| cells as i32 * PITCH;
    let mut canvas = Canvas::new(MARGIN + size(columns), NAME + MARGIN + size(rows));
    canvas.text(MARGIN, 12, name, Type::Part, Anchor::Start);
    canvas
}

fn place(row: usize, column: usize) -> [i32; 2] {
    [MARGIN + column as i32 * PITCH, NAME + MARGIN + row as i32 * PITCH]
}

fn indices(
    canvas: &mut Canvas,
    rows: impl Iterator<Item = Option<String>>,
    columns: impl Iterator<Item = Option<String>>,
) {
    for (row, text) in rows.enumerate().filter_map(|(row, text)| Some((row, text?))) {
        let [x, y] = place(row, 0);
        canvas.text(x - 5, y + CELL / 2 + 3, text, Type::Index, Anchor::End);
    }
    for (column, text) in columns.enumerate().filter_map(|(column, text)| Some((column, text?))) {
        let [x, y] = place(0, column);
        canvas.text(x + CELL / 2, y - 5, text, Type::Index, Anchor::Middle);
    }
}

fn beside(parts: Vec<Canvas>) -> Canvas {
    super::canvas::flow(parts, i32::MAX, 14)
}

/// A position of the input, with the weight that the chosen output multiplies it by.
pub fn draw_input(
    canvas: &mut Canvas,
    [x, y]: [i32; 2],
    cells: &[&InputCell],
    read: Option<&Reading>,
    read_look: Look,
) {
    let kind = cells.iter().map(|cell| cell.kind).max().unwrap_or(Kind::Input);
    let is_unread = cells.iter().any(|cell| !cell.is_read);
    let look = match kind {
        Kind::Input => Look::Input,
        Kind::Copy => Look::Copy,
        Kind::Zero => Look::Zero,
        Kind::Padding => Look::Padding,
    };
    let is_real = matches!(kind, Kind::Input | Kind::Copy);
    match read {
        Some(reading) if is_real => {
            canvas.square(x, y, read_look, Mark::Read);
            canvas.label(x, y, format!("w{}", reading.weight), Type::Ink);
        }
        Some(_) => {
            canvas.square(x, y, look, Mark::Read);
            canvas.label(x, y, "0", Type::Pale);
        }
        None => {
            canvas.square(x, y, look, if is_unread { Mark::Unread } else { Mark::None });
            if kind == Kind::Zero {
                canvas.label(x, y, "0", Type::Pale);
            }
        }
    }
}

/// An output, with the number of its phase where there is more than one.
pub fn draw_output(
    canvas: &mut Canvas,
    [x, y]: [i32; 2],
    cells: &[&OutputCell],
    phase: Option<usize>,
    is_chosen: bool,
) {
    let look = phase.map_or(if is_chosen { Look::Phase(0) } else { Look::Output }, Look::Phase);
    let mark = match is_chosen {
        true => Mark::Chosen,
        false if cells.iter().any(|cell| cell.is_border) => Mark::Border,
        false if cells.iter().any(|cell| cell.is_output_padding) => Mark::Extra,
        false => Mark::None,
    };
    canvas.square(x, y, look, mark);
    if let Some(phase) = phase {
        canvas.label(x, y, phase.to_string(), Type::Ink);
    }
}

/// The index of an output, or the one that it adds to.
pub fn output_index(cell: &OutputCell) -> String {
    if cell.is_border { format!("+{}", cell.output) } else { cell.output.to_string() }
}

/// A weight in the colour of its phase, or a hole.
pub fn draw_weight(canvas: &mut Canvas, [x, y]: [i32; 2], weight: Option<usize>, phase: Option<usize>) {
    let Some(weight) = weight else { return canvas.square(x, y, Look::Hole, Mark::None) };
    canvas.square(x, y, Look::Phase(phase.unwrap_or(0)), Mark::None);
    canvas.label(x, y, format!("w{weight}"), Type::Ink);
}
