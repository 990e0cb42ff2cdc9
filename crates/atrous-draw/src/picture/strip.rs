//! One axis: the output above the input, with lines between them.

use super::canvas::{Anchor, CELL, Canvas, Look, PITCH, Stroke, Type};
use super::grid::{draw_input, draw_output, draw_weight, no_weights, output_index, phase_with};
use super::text;
use crate::View;
use crate::scene::{InputCell, Kind, Line, Reading};

/// Left of the cells, for names.
const MARGIN: i32 = 56;

/// Upper edges of the output and of the input.
const OUTPUT: i32 = 18;
const INPUT: i32 = 108;

/// One axis of a scene.
pub struct Strip<'a> {
    /// The axis.
    pub line: &'a Line,
    /// What is shown of the zeros.
    pub view: View,
    /// The chosen output.
    pub output: usize,
    /// What input and output are called.
    pub names: [&'a str; 2],
}

impl Strip<'_> {
    fn has_phases(&self) -> bool {
        self.line.phases.len() > 1
    }

    fn phase(&self, output: usize) -> usize {
        self.line.outputs[output].phase
    }

    /// The output above the input.
    pub fn rows(&self) -> Canvas {
        let Line { inputs, outputs, .. } = self.line;
        let most = inputs.len().max(outputs.len()) as i32;
        let mut canvas = Canvas::new(MARGIN + most * PITCH, INPUT + CELL + 18);
        self.wires(&mut canvas);
        for (index, cell) in outputs.iter().enumerate() {
            let x = self.output_x(index);
            let phase = self.has_phases().then_some(cell.phase);
            draw_output(&mut canvas, [x, OUTPUT], &[cell], phase, index == self.output);
            canvas.text(x + CELL / 2, OUTPUT - 5, output_index(cell), Type::Index, Anchor::Middle);
        }
        for (index, cell) in inputs.iter().enumerate() {
            let x = self.input_x(index);
            let look = Look::Phase(if self.has_phases() { self.phase(self.output) } else { 0 });
            draw_input(&mut canvas, [x, INPUT], &[cell], self.reading(index, cell).as_ref(), look);
            if let Some(input) = cell.input {
                canvas.text(x + CELL / 2, INPUT + CELL + 13, input.to_string(), Type::Index, Anchor::Middle);
            }
        }
        canvas.text(0, OUTPUT + 16, self.names[1], Type::Part, Anchor::Start);
        canvas.text(0, INPUT + 16, self.names[0], Type::Part, Anchor::Start);
        canvas
    }

    /// What the chosen output reads at a position.
    fn reading(&self, index: usize, cell: &InputCell) -> Option<Reading> {
        let read = self.line.outputs[self.output].reads.iter().find(|read| read.cell == index)?;
        let input = cell.input.map(|input| vec![input]);
        Some(Reading { weight: read.weight, cells: vec![index], kind: cell.kind, input })
    }

    /// Both rows are centred.
    fn input_x(&self, index: usize) -> i32 {
        let missing = self.line.outputs.len().saturating_sub(self.line.inputs.len()) as i32;
        MARGIN + missing * PITCH / 2 + index as i32 * PITCH
    }

    fn output_x(&self, index: usize) -> i32 {
        let missing = self.line.inputs.len().saturating_sub(self.line.outputs.len()) as i32;
        MARGIN + missing * PITCH / 2 + index as i32 * PITCH
    }

    fn wires(&self, canvas: &mut Canvas) {
        for (index, output) in self.line.outputs.iter().enumerate() {
            for read in &output.reads {
                let is_real = matches!(self.line.inputs[read.cell].kind, Kind::Input | Kind::Copy);
                let stroke = match (index == self.output, is_real) {
                    (true, true) => Stroke::Strong,
                    (true, false) => Stroke::Void,
                    (false, false) => continue,
                    (false, true) if self.has_phases() => Stroke::Wire(output.phase),
                    (false, true) => Stroke::Plain,
                };
                let from = [self.output_x(index) + CELL / 2, OUTPUT + CELL + 1];
                canvas.line(from, [self.input_x(read.cell) + CELL / 2, INPUT - 1], stroke);
            }
        }
    }

    /// The weights: one kernel, or one for each phase.
    pub fn weights(&self) -> Canvas {
        let phases = &self.line.phases;
        if self.view == View::Zeros {
            let phase = |weight: Option<usize>| phase_with(phases, weight?).filter(|_| self.has_phases());
            return kernel("weights", &self.line.kernel, phase);
        }
        let kernels = phases.iter().enumerate().map(|(number, phase)| {
            let name = if self.has_phases() { format!("phase {number}") } else { "weights".to_string() };
            if phase.kernel.is_empty() { no_weights(&name) } else { kernel(&name, &phase.kernel, |_| Some(number)) }
        });
        super::canvas::flow(kernels.collect(), 900, 20)
    }
}

fn kernel(name: &str, cells: &[Option<usize>], phase: impl Fn(Option<usize>) -> Option<usize>) -> Canvas {
    let width = text::width(name, Type::Part).max(cells.len() as i32 * PITCH);
    let mut canvas = Canvas::new(width, CELL + 22);
    canvas.text(0, 12, name, Type::Part, Anchor::Start);
    for (index, &weight) in cells.iter().enumerate() {
        draw_weight(&mut canvas, [index as i32 * PITCH, 20], weight, phase(weight));
    }
    canvas
}
