//! The text form of graphs, for people and snapshots.

use std::fmt::{self, Display, Formatter};

use super::axis::{Axis, Piece, Progression};
use super::graph::{Contraction, Conv, Graph, Node, Op, PiecewiseAxis};

impl Display for Graph {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "graph {}", self.name)?;
        for (index, node) in self.nodes.iter().enumerate() {
            writeln!(f, "  %{index} = {node}")?;
            match &node.op {
                Op::Conv(Conv { axes, .. }) => print_axes(f, axes)?,
                Op::TransposedConv(Conv { axes, .. }) => print_transposed_axes(f, axes)?,
                Op::Contraction(contraction) => print_pieces(f, &contraction.axes)?,
                _ => {}
            }
        }
        for (name, value) in &self.outputs {
            writeln!(f, "  output {name} = %{}", value.0)?;
        }
        Ok(())
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let reads: Vec<String> = self.reads.iter().map(|read| format!("%{}", read.0)).collect();
        let reads = reads.join(", ");
        match &self.op {
            Op::Input => write!(f, "input {}", self.name)?,
            Op::Parameter => write!(f, "parameter {}", self.name)?,
            Op::Pad { mode, sides } => write!(f, "pad {reads} {} {sides:?}", mode.name())?,
            Op::TransposedConv(conv) => write!(f, "transposed_conv {reads} {}", Channels::of_conv(conv))?,
            Op::ZeroInsert { factors } => write!(f, "zero_insert {reads} factors {factors:?}")?,
            Op::FlipTaps { groups } => write!(f, "flip_taps {reads} groups {groups}")?,
            Op::Conv(conv) => write!(f, "conv {reads} {}", Channels::of_conv(conv))?,
            Op::Contraction(contraction) => write!(f, "contraction {reads} {}", Channels::of(contraction))?,
            Op::Epilogue { activation } => write!(f, "epilogue {reads} {activation:?}")?,
            Op::Add => write!(f, "add {reads}")?,
            Op::Mul => write!(f, "mul {reads}")?,
        }
        write!(f, " -> {:?}", self.shape)
    }
}

struct Channels {
    groups: usize,
    inputs: usize,
    outputs: usize,
}

impl Channels {
    fn of_conv(conv: &Conv) -> Channels {
        Channels { groups: conv.groups, inputs: conv.group_inputs, outputs: conv.group_outputs }
    }

    fn of(contraction: &Contraction) -> Channels {
        Channels { groups: contraction.groups, inputs: contraction.group_inputs, outputs: contraction.group_outputs }
    }
}

impl Display for Channels {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "channels {} to {}", self.inputs, self.outputs)?;
        if self.groups == 1 { Ok(()) } else { write!(f, " in each of {} groups", self.groups) }
    }
}

fn print_axes(f: &mut Formatter<'_>, axes: &[Axis]) -> fmt::Result {
    for (index, axis) in axes.iter().enumerate() {
        let Axis { input, output, taps, .. } = axis;
        let relation = relation(axis, ["i", "o", "k"]);
        writeln!(f, "       axis {index}: {relation} for i < {input}, o < {output}, k < {taps}")?;
    }
    Ok(())
}

/// The axes of a transposed convolution hold its output as input: the letters change places.
fn print_transposed_axes(f: &mut Formatter<'_>, axes: &[Axis]) -> fmt::Result {
    for (index, axis) in axes.iter().enumerate() {
        let Axis { input, output, taps, .. } = axis;
        let relation = relation(axis, ["o", "i", "k"]);
        writeln!(f, "       axis {index}: {relation} for i < {output}, o < {input}, k < {taps}")?;
    }
    Ok(())
}

fn print_pieces(f: &mut Formatter<'_>, axes: &[PiecewiseAxis]) -> fmt::Result {
    for (index, axis) in axes.iter().enumerate() {
        writeln!(f, "       axis {index}: i < {}, o < {}, k < {}", axis.input, axis.output, axis.taps)?;
        for Piece { outputs, taps, axis } in &axis.pieces {
            let outputs = progression(outputs, "o", "q");
            let taps = progression(taps, "k", "j");
            writeln!(f, "         {outputs}; {taps}; {}", relation(axis, ["i", "q", "j"]))?;
        }
        for outputs in &axis.empty {
            writeln!(f, "         {}; no tap", progression(outputs, "o", "q"))?;
        }
    }
    Ok(())
}

fn progression(progression: &Progression, name: &str, index: &str) -> String {
    match *progression {
        Progression { start, count: 1, .. } => format!("{name} = {start}"),
        Progression { start, step, count } => {
            let sum = sum(&[(step, index)], start);
            format!("{name} = {sum}, {index} < {count}")
        }
    }
}

/// `up·i = stride·o + dilation·k − pad` with the given names; parts that are always zero are left out.
fn relation(axis: &Axis, [i, o, k]: [&str; 3]) -> String {
    let left = sum(&[(axis.up, i)], 0);
    let stride = if axis.output == 1 { 0 } else { axis.stride };
    let dilation = if axis.taps <= 1 { 0 } else { axis.dilation };
    format!("{left} = {}", sum(&[(stride, o), (dilation, k)], -axis.pad))
}

fn sum(terms: &[(i64, &str)], constant: i64) -> String {
    let term = |&(factor, name): &(i64, &str)| if factor == 1 { name.to_string() } else { format!("{factor}{name}") };
    let text: Vec<String> = terms.iter().filter(|term| term.0 != 0).map(term).collect();
    match (text.join(" + "), constant) {
        (text, constant) if text.is_empty() => constant.to_string(),
        (text, 0) => text,
        (text, constant) if constant < 0 => format!("{text} - {}", -constant),
        (text, constant) => format!("{text} + {constant}"),
    }
}
