//! Canonical spec text: fields in the order of the language's table, defaults omitted.

use crate::layer::{Activation, Layer, LayerAxis, Layout, Number, PaddingMode};
use crate::net::{Net, Op, Step};
use std::fmt;

#[cfg(test)]
mod tests;

/// A `layer` item, one field a line.
impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "layer {} {{", self.name)?;
        writeln!(f, "    input: {},", list(&self.input_shape()))?;
        fields(self).iter().try_for_each(|field| writeln!(f, "    {field},"))?;
        writeln!(f, "}}")
    }
}

/// A `net` item, one statement a line; a standalone net is the `layer` item that it was written as.
impl fmt::Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (true, Some(layer)) = (self.standalone, self.layers().next()) {
            return layer.fmt(f);
        }
        writeln!(f, "net {} {{", self.name)?;
        for input in &self.inputs {
            writeln!(f, "    input {}: {};", input.name, list(&input.shape))?;
        }
        self.steps.iter().try_for_each(|step| writeln!(f, "    {};", self.step_text(step)))?;
        let outputs: Vec<&str> = self.outputs.iter().map(|&output| self.value_name(output)).collect();
        writeln!(f, "    output {};", outputs.join(", "))?;
        writeln!(f, "}}")
    }
}

impl Net {
    fn step_text(&self, step: &Step) -> String {
        let (op, fields) = match &step.op {
            Op::Conv(layer) => ("conv", fields(layer)),
            Op::Add(activation) => ("add", activation_text(*activation).into_iter().collect()),
            Op::Mul(activation) => ("mul", activation_text(*activation).into_iter().collect()),
        };
        let reads: Vec<&str> = step.reads.iter().map(|&read| self.value_name(read)).collect();
        let braces = if fields.is_empty() { String::new() } else { format!(" {{ {} }}", fields.join(", ")) };
        format!("{} = {op}({}){braces}", step.name, reads.join(", "))
    }
}

/// The fields behind `input`.
fn fields(layer: &Layer) -> Vec<String> {
    let axes = &layer.axes;
    let per_axis = |name: &str, value: fn(&LayerAxis) -> usize, default: Option<usize>| {
        let values: Vec<usize> = axes.iter().map(value).collect();
        let is_default = values.iter().all(|&value| Some(value) == default);
        (!is_default)
            .then(|| format!("{name}: {}", uniform(&values).map_or_else(|| list(&values), |one| one.to_string())))
    };
    let flag = |name: &str, is_set: bool| is_set.then(|| name.to_string());
    let fields = [
        Some(format!("channels: {}", layer.output_channels)),
        per_axis("kernel", |axis| axis.kernel, None),
        per_axis("stride", |axis| axis.stride, Some(1)),
        per_axis("dilation", |axis| axis.dilation, Some(1)),
        padding_text(axes),
        mode_text(layer.padding_mode),
        flag("transposed", layer.transposed),
        per_axis("output_padding", |axis| axis.output_padding, Some(0)),
        (layer.groups != 1).then(|| format!("groups: {}", layer.groups)),
        flag("bias", layer.bias),
        activation_text(layer.activation),
        flag("layout: nhwc", layer.layout == Layout::Nhwc),
    ];
    fields.into_iter().flatten().collect()
}

/// One integer where it can be, else one per axis, else both sides of each axis.
fn padding_text(axes: &[LayerAxis]) -> Option<String> {
    let sides: Vec<[i64; 2]> = axes.iter().map(|axis| axis.padding).collect();
    if sides.iter().all(|side| *side == [0, 0]) {
        return None;
    }
    let per_axis: Vec<i64> = sides.iter().map(|side| side[0]).collect();
    let symmetric = sides.iter().all(|[lo, hi]| lo == hi);
    Some(match uniform(&per_axis) {
        Some(one) if symmetric => format!("padding: {one}"),
        _ if symmetric => format!("padding: {}", list(&per_axis)),
        _ => format!("padding: {}", list(&sides.iter().map(|side| list(side)).collect::<Vec<_>>())),
    })
}

fn mode_text(mode: PaddingMode) -> Option<String> {
    (mode != PaddingMode::Zeros).then(|| format!("padding_mode: {}", mode.name()))
}

fn activation_text(activation: Activation) -> Option<String> {
    let word = match activation {
        Activation::None => return None,
        Activation::Relu => "relu",
        Activation::Relu6 => "relu6",
        Activation::LeakyRelu(slope) => return Some(format!("leaky_relu({})", number(slope))),
        Activation::Sigmoid => "sigmoid",
        Activation::Tanh => "tanh",
        Activation::Silu => "silu",
        Activation::Gelu => "gelu",
        Activation::Hardswish => "hardswish",
        Activation::Clamp(low, high) => return Some(format!("clamp({}, {})", number(low), number(high))),
    };
    Some(word.to_string())
}

/// The shortest decimal that reads back as the same number.
fn number(number: Number) -> String {
    number.get().to_string()
}

fn list<T: fmt::Display>(values: &[T]) -> String {
    format!("[{}]", values.iter().map(T::to_string).collect::<Vec<_>>().join(", "))
}

/// The value that all have, if they have one.
fn uniform<T: Copy + PartialEq>(values: &[T]) -> Option<T> {
    values.first().copied().filter(|first| values.iter().all(|value| value == first))
}
