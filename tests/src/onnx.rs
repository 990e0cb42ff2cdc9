//! ONNX's own tests of convolutions, as specs. The build script includes this file too.

use crate::specs;
use serde::Deserialize;

/// A test: one node, and the shapes of its tensors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The test's name in the package `onnx`.
    pub name: String,
    operator: Operator,
    attributes: Attributes,
    /// Shapes of what it reads and writes.
    pub shapes: Shapes,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
enum Operator {
    Conv,
    ConvTranspose,
    CausalConvWithState,
}

/// Shapes of the tensors as the operator's definition names them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "UPPERCASE")]
pub struct Shapes {
    /// The input, `[N, C, S…]`.
    pub x: Vec<usize>,
    /// The weight, `[O, I/g, K…]`, of ConvTranspose `[I, O/g, K…]`.
    pub w: Vec<usize>,
    /// The bias, `[O]`.
    pub b: Option<Vec<usize>>,
    /// The output, `[N, O, S…]`.
    pub y: Vec<usize>,
}

/// Attributes of all operators; lists have one number per axis, `pads` all starts and then all ends.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Attributes {
    auto_pad: AutoPad,
    dilations: Option<Vec<i64>>,
    group: Option<usize>,
    kernel_shape: Option<Vec<i64>>,
    output_padding: Option<Vec<i64>>,
    output_shape: Option<Vec<i64>>,
    pads: Option<Vec<i64>>,
    strides: Option<Vec<i64>>,
    activation: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum AutoPad {
    #[default]
    #[serde(rename = "NOTSET")]
    NotSet,
    Valid,
    SameUpper,
    SameLower,
}

/// All tests, sorted by name.
///
/// # Panics
///
/// If `tests/onnx/nodes.json` is not what `tests/onnx/generate.py` writes.
pub fn all() -> Vec<Node> {
    let path = specs::root().join("tests/onnx/nodes.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn parse(text: &str) -> Result<Vec<Node>, serde_json::Error> {
    serde_json::from_str(text)
}

impl Node {
    /// The same as the text of a spec, whose one layer is called `node`.
    pub fn spec(&self) -> String {
        let Shapes { x, w, b, .. } = &self.shapes;
        let transposed = self.operator == Operator::ConvTranspose;
        let causal = self.operator == Operator::CausalConvWithState;
        let groups = if causal { x[1] } else { self.attributes.group.unwrap_or(1) };
        let channels = if transposed { w[1] * groups } else { w[0] };
        let mut fields = vec![
            format!("input: {x:?}"),
            format!("channels: {channels}"),
            format!("kernel: {:?}", self.kernel()),
            format!("stride: {:?}", self.strides()),
            format!("dilation: {:?}", self.dilations()),
            format!("padding: {}", if causal { "causal".into() } else { self.padding() }),
            format!("groups: {groups}"),
        ];
        if transposed {
            fields.push("transposed".into());
            fields.push(format!("output_padding: {:?}", self.output_padding()));
        }
        fields.extend(b.iter().map(|_| "bias".into()));
        fields.extend(self.activation());
        format!("layer node {{ {} }}", fields.join(", "))
    }

    fn kernel(&self) -> Vec<i64> {
        let of_weight = || self.shapes.w[2..].iter().map(|&size| size as i64).collect();
        self.attributes.kernel_shape.clone().unwrap_or_else(of_weight)
    }

    fn strides(&self) -> Vec<i64> {
        self.per_axis(&self.attributes.strides, 1)
    }

    fn dilations(&self) -> Vec<i64> {
        self.per_axis(&self.attributes.dilations, 1)
    }

    fn output_padding(&self) -> Vec<i64> {
        self.per_axis(&self.attributes.output_padding, 0)
    }

    fn per_axis(&self, list: &Option<Vec<i64>>, default: i64) -> Vec<i64> {
        list.clone().unwrap_or_else(|| vec![default; self.axes()])
    }

    fn axes(&self) -> usize {
        self.shapes.x.len() - 2
    }

    /// The value of the field `padding`.
    fn padding(&self) -> String {
        if let Some(shape) = &self.attributes.output_shape {
            return format!("{:?}", self.padding_for(shape));
        }
        match self.attributes.auto_pad {
            AutoPad::Valid => "valid".into(),
            AutoPad::SameUpper => "same".into(),
            AutoPad::SameLower => "same_lower".into(),
            AutoPad::NotSet => {
                let pads = self.attributes.pads.clone().unwrap_or_else(|| vec![0; 2 * self.axes()]);
                let sides = |axis: usize| [pads[axis], pads[axis + self.axes()]];
                format!("{:?}", (0..self.axes()).map(sides).collect::<Vec<_>>())
            }
        }
    }

    /// The padding of ConvTranspose which leaves an output of a shape: an odd one is at the start, unless `SAME_UPPER`.
    /// It may be negative, where the output has more positions than the input reaches.
    fn padding_for(&self, shape: &[i64]) -> Vec<[i64; 2]> {
        let (kernel, strides, dilations) = (self.kernel(), self.strides(), self.dilations());
        let output_padding = self.output_padding();
        let sides = |axis: usize| {
            let scattered =
                strides[axis] * (self.shapes.x[axis + 2] as i64 - 1) + dilations[axis] * (kernel[axis] - 1) + 1;
            let total = scattered + output_padding[axis] - shape[axis];
            let (less, more) = (total.div_euclid(2), total - total.div_euclid(2));
            if self.attributes.auto_pad == AutoPad::SameUpper { [less, more] } else { [more, less] }
        };
        (0..self.axes()).map(sides).collect()
    }

    fn activation(&self) -> Option<String> {
        match self.attributes.activation.as_deref() {
            None | Some("none") => None,
            Some("swish") => Some("silu".into()),
            Some(name) => Some(name.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padding(node: &str) -> Vec<[i64; 2]> {
        let nodes = parse(&format!("[{{\"name\": \"made up\", {node}}}]")).expect("a node");
        let net = specs::parse(&nodes[0].spec(), &Default::default()).expect("a legal layer");
        let layer = net.layers().next().expect("a net of one layer");
        assert_eq!(layer.output_shape(), nodes[0].shapes.y);
        layer.axes.iter().map(|axis| axis.padding).collect()
    }

    #[test]
    fn auto_pad_is_as_the_standard_says() {
        let conv = |auto_pad: &str, output: usize| {
            padding(&format!(
                r#""operator": "Conv", "attributes": {{"auto_pad": "{auto_pad}", "dilations": [3], "strides": [2]}},
                   "shapes": {{"X": [1, 1, 9], "W": [1, 1, 2], "Y": [1, 1, {output}]}}"#
            ))
        };
        assert_eq!(conv("NOTSET", 3), [[0, 0]]);
        assert_eq!(conv("VALID", 3), [[0, 0]]);
        assert_eq!(conv("SAME_UPPER", 5), [[1, 2]]);
        assert_eq!(conv("SAME_LOWER", 5), [[2, 1]]);
        let transposed = |attributes: &str| {
            padding(&format!(
                r#""operator": "ConvTranspose", "attributes": {{{attributes} "strides": [2]}},
                   "shapes": {{"X": [1, 1, 4], "W": [1, 1, 5], "Y": [1, 1, 8]}}"#
            ))
        };
        assert_eq!(transposed(r#""auto_pad": "SAME_UPPER","#), [[1, 2]]);
        assert_eq!(transposed(r#""auto_pad": "SAME_LOWER","#), [[2, 1]]);
        assert_eq!(transposed(r#""output_shape": [8],"#), [[2, 1]]);
        assert_eq!(transposed(r#""output_shape": [8], "auto_pad": "SAME_UPPER","#), [[1, 2]]);
        assert_eq!(transposed(r#""output_shape": [8], "output_padding": [1],"#), [[2, 2]]);
        assert_eq!(transposed(r#""pads": [0, 3],"#), [[0, 3]]);
    }
}
