//! Networks of layers: complete and valid, with every size known.

use crate::layer::{Activation, Layer, Layout};

/// A named value of a net: the inputs come first, then one value per step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub usize);

/// Layers by name, in order, each reading earlier values.
///
/// A single `layer` is a net too: one input named `input`, one step with the layer's own name, and `standalone` set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Net {
    /// The net's name: a Rust identifier.
    pub name: String,
    /// Whether it was written as a `layer`, and prints as one.
    pub standalone: bool,
    /// Memory order of all values.
    pub layout: Layout,
    /// What the caller provides.
    pub inputs: Vec<Input>,
    /// What is computed, in order.
    pub steps: Vec<Step>,
    /// What the caller gets; at least one, none twice.
    pub outputs: Vec<ValueId>,
}

/// An input of a [`Net`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    /// A Rust identifier.
    pub name: String,
    /// `[N, C, S…]`
    pub shape: Vec<usize>,
}

/// One computed value of a [`Net`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// A Rust identifier.
    pub name: String,
    /// What computes it.
    pub op: Op,
    /// What it reads: inputs and earlier steps.
    pub reads: Vec<ValueId>,
}

/// What a [`Step`] computes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// A convolution of one value.
    Conv(Layer),
    /// The sum of two or more values of one shape, added left to right.
    Add(Activation),
    /// The product of two or more values of one shape, multiplied left to right.
    Mul(Activation),
}

impl Net {
    /// The name of a value.
    pub fn value_name(&self, value: ValueId) -> &str {
        match self.inputs.get(value.0) {
            Some(input) => &input.name,
            None => &self.steps[value.0 - self.inputs.len()].name,
        }
    }

    /// The shape of a value, `[N, C, S…]`.
    pub fn value_shape(&self, value: ValueId) -> Vec<usize> {
        // A loop, because a chain of sums may be as long as a file.
        let mut value = value;
        while let Some(index) = value.0.checked_sub(self.inputs.len()) {
            let step = &self.steps[index];
            match &step.op {
                Op::Conv(layer) => return layer.output_shape(),
                Op::Add(_) | Op::Mul(_) => value = step.reads[0],
            }
        }
        self.inputs[value.0].shape.clone()
    }

    /// The value that a step computes.
    pub fn step_value(&self, step: usize) -> ValueId {
        ValueId(self.inputs.len() + step)
    }

    /// The convolutions in order.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.steps.iter().filter_map(|step| match &step.op {
            Op::Conv(layer) => Some(layer),
            Op::Add(_) | Op::Mul(_) => None,
        })
    }

    /// The same net with another memory order of all its values.
    pub fn with_layout(mut self, layout: Layout) -> Net {
        self.layout = layout;
        for step in &mut self.steps {
            if let Op::Conv(layer) = &mut step.op {
                layer.layout = layout;
            }
        }
        self
    }

    /// The net that consists of one layer.
    pub fn of_layer(layer: Layer) -> Net {
        Net {
            name: layer.name.clone(),
            standalone: true,
            layout: layer.layout,
            inputs: vec![Input { name: "input".into(), shape: layer.input_shape() }],
            steps: vec![Step { name: layer.name.clone(), op: Op::Conv(layer), reads: vec![ValueId(0)] }],
            outputs: vec![ValueId(1)],
        }
    }

    /// Parameters in the order in which kernels take them: for each layer its weight, then its bias if it has one.
    pub fn parameters(&self) -> Vec<Parameter> {
        let of = |layer: &Layer, kind: &str, shape| Parameter {
            layer: layer.name.clone(),
            name: format!("{}.{kind}", layer.name),
            shape,
        };
        self.layers()
            .flat_map(|layer| {
                let bias = layer.bias.then(|| of(layer, "bias", vec![layer.output_channels]));
                [of(layer, "weight", layer.weight_shape())].into_iter().chain(bias)
            })
            .collect()
    }
}

/// A tensor that a net is given once: `conv1.weight`, `conv1.bias`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Parameter {
    /// The layer it belongs to.
    pub layer: String,
    /// `<layer>.weight` or `<layer>.bias`.
    pub name: String,
    /// As PyTorch stores it.
    pub shape: Vec<usize>,
}
