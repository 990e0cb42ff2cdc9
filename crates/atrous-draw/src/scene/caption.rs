//! What is said below a picture.

use atrous_compiler::layer::{Layer, LayerAxis, PaddingMode};

use super::{Kind, Scene, View};

impl Scene {
    /// What the picture shows; one line.
    pub fn title(&self) -> String {
        let what = match (self.layer.transposed, self.adjoint) {
            (false, false) => "convolution",
            (true, false) => "transposed convolution",
            (false, true) => "adjoint of a convolution: gradients of inputs, dx, from those of outputs, dy",
            (true, true) => "adjoint of a transposed convolution: gradients of inputs, dx, from those of outputs, dy",
        };
        format!("{}: {what}", self.layer.name)
    }

    /// What the view shows of the zeros, where there is something to say; one line.
    pub fn subtitle(&self) -> Option<String> {
        let is_padded = self.lines.iter().flat_map(|line| &line.inputs).any(|cell| cell.kind == Kind::Padding);
        match (self.view, Scene::has_zeros(&self.layer, self.adjoint)) {
            (View::Zeros, true) => Some("as a convolution over an input with zeros between its values".into()),
            (View::Zeros, false) if self.layer.transposed != self.adjoint => {
                Some("as a convolution, with the weights backwards".into())
            }
            (View::Zeros, false) => is_padded.then(|| "with padding".into()),
            (View::Phases, _) => Some(match self.phase_count() {
                1 => "only what is real".into(),
                phases => format!("only what is real: {phases} phases of outputs, each with weights of its own"),
            }),
        }
    }

    /// The numbers of the layer; one line each.
    pub fn parameters(&self) -> Vec<String> {
        let layer = &self.layer;
        let axes = |name: &str, value: fn(&LayerAxis) -> usize| {
            let values: Vec<String> = layer.axes.iter().map(|axis| value(axis).to_string()).collect();
            format!("{name} {}", joined(&values))
        };
        let mode = match layer.padding_mode {
            PaddingMode::Zeros => String::new(),
            mode => format!(" ({})", mode.name()),
        };
        let mut first = vec![
            axes("kernel", |axis| axis.kernel),
            axes("stride", |axis| axis.stride),
            axes("dilation", |axis| axis.dilation),
            format!("padding {}{mode}", paddings(&layer.axes)),
        ];
        if layer.axes.iter().any(|axis| axis.output_padding > 0) {
            first.push(axes("output padding", |axis| axis.output_padding));
        }
        vec![first.join(", "), channels(layer)]
    }

    /// How the size of the layer's output comes about; one line for each axis, or one for all that are equal.
    pub fn size_formulas(&self) -> Vec<String> {
        let transposed = self.layer.transposed;
        let formula = |axis: &LayerAxis| format!("{} = {}", axis.output_formula(transposed), axis.output(transposed));
        let lines: Vec<String> = self.layer.axes.iter().map(formula).collect();
        match &lines[..] {
            [first, rest @ ..] if rest.iter().all(|line| line == first) => vec![format!("output size: {first}")],
            lines => {
                lines.iter().enumerate().map(|(axis, line)| format!("output size on axis {axis}: {line}")).collect()
            }
        }
    }
}

/// One value where all are equal, else all of them.
fn joined(values: &[String]) -> String {
    match values {
        [first, rest @ ..] if rest.iter().all(|value| value == first) => first.clone(),
        values => values.join(" × "),
    }
}

/// One number where both sides are equal everywhere, else both sides.
fn paddings(axes: &[LayerAxis]) -> String {
    let signed = |number: i64| if number < 0 { format!("−{}", number.unsigned_abs()) } else { number.to_string() };
    if axes.iter().all(|axis| axis.padding[0] == axis.padding[1]) {
        return joined(&axes.iter().map(|axis| signed(axis.padding[0])).collect::<Vec<_>>());
    }
    let sides = |axis: &LayerAxis| format!("{} before and {} after", signed(axis.padding[0]), signed(axis.padding[1]));
    match axes {
        [first, rest @ ..] if rest.iter().all(|axis| axis.padding == first.padding) => sides(first),
        axes => {
            let on_axis = |(number, axis): (usize, &LayerAxis)| format!("{} on axis {number}", sides(axis));
            axes.iter().enumerate().map(on_axis).collect::<Vec<_>>().join(", ")
        }
    }
}

fn channels(layer: &Layer) -> String {
    let Layer { input_channels, output_channels, groups, .. } = layer;
    match groups {
        1 if [*input_channels, *output_channels] == [1, 1] => "one channel".into(),
        1 => format!("input channels {input_channels}, output channels {output_channels}: each reads all"),
        _ => format!(
            "{groups} groups: {} of {output_channels} output channels read {} of {input_channels} input channels",
            output_channels / groups,
            input_channels / groups
        ),
    }
}
