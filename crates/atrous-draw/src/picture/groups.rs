//! Which input channels the output channels of each group read.

use atrous_compiler::layer::Layer;

use super::canvas::{Anchor, Canvas, Stroke, Type, flow};
use super::text;

/// Of more groups, the first three and the last are drawn.
const MOST_GROUPS: usize = 6;

/// A picture of the groups, where there are any.
pub fn groups(layer: &Layer) -> Option<Canvas> {
    let Layer { groups, input_channels, output_channels, .. } = *layer;
    if groups == 1 {
        return None;
    }
    let all: Vec<usize> = if groups > MOST_GROUPS { vec![0, 1, 2, groups - 1] } else { (0..groups).collect() };
    let mut parts = vec![block("output channels", "input channels", false)];
    for (place, &group) in all.iter().enumerate() {
        if place > 0 && all[place - 1] + 1 != group {
            parts.push(block("…", "…", false));
        }
        let names = [output_channels / groups, input_channels / groups].map(|each| range(group * each, each));
        parts.push(block(&names[0], &names[1], true));
    }
    Some(flow(parts, i32::MAX, 14))
}

fn range(first: usize, count: usize) -> String {
    if count == 1 { first.to_string() } else { format!("{first}–{}", first + count - 1) }
}

/// What is read by what above it.
fn block(above: &str, below: &str, is_joined: bool) -> Canvas {
    let width = text::width(above, Type::Note).max(text::width(below, Type::Note));
    let mut canvas = Canvas::new(width, 58);
    canvas.text(width / 2, 13, above, Type::Note, Anchor::Middle);
    canvas.text(width / 2, 53, below, Type::Note, Anchor::Middle);
    if is_joined {
        canvas.line([width / 2, 19], [width / 2, 39], Stroke::Strong);
    }
    canvas
}
