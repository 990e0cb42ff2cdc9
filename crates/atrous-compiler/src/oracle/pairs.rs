//! Which input positions meet which output positions, axis by axis.

use crate::layer::{Layer, LayerAxis, PaddingMode};

/// One spatial axis of a layer as a relation.
pub struct AxisPairs {
    /// Input positions.
    pub input: usize,
    /// Output positions.
    pub output: usize,
    /// For each tap the pairs (input position, output position) that it connects.
    pub taps: Vec<Vec<(usize, usize)>>,
}

/// The axes of a layer, with axes of one position and one tap before them up to rank three.
pub fn of_layer(layer: &Layer) -> [AxisPairs; 3] {
    let missing = 3 - layer.axes.len();
    std::array::from_fn(|index| match index.checked_sub(missing).map(|index| layer.axes[index]) {
        None => AxisPairs { input: 1, output: 1, taps: vec![vec![(0, 0)]] },
        Some(axis) if layer.transposed => scatter(axis),
        Some(axis) => gather(axis, layer.padding_mode),
    })
}

/// An ordinary convolution: output `o` reads position `s·o + d·k` of the padded signal, which is `x[map(j − lo)]` at `j`.
fn gather(axis: LayerAxis, mode: PaddingMode) -> AxisPairs {
    let output = axis.output(false);
    let pairs = |tap: usize| {
        let padded = move |output: usize| (axis.stride * output + axis.dilation * tap) as i64;
        let pair = move |output| Some((source(mode, axis.input, padded(output) - axis.padding[0])?, output));
        (0..output).filter_map(pair).collect()
    };
    AxisPairs { input: axis.input, output, taps: (0..axis.kernel).map(pairs).collect() }
}

/// A transposed convolution: input `i` adds to position `s·i + d·k` of a signal of which `lo` positions are cut off.
/// Its padding is a crop, so that nothing has to stand outside the input: its padding mode is always zeros.
fn scatter(axis: LayerAxis) -> AxisPairs {
    let output = axis.output(true);
    let pairs = |tap: usize| {
        let target = move |input: usize| (axis.stride * input + axis.dilation * tap) as i64 - axis.padding[0];
        let inside = move |target: i64| usize::try_from(target).ok().filter(|&target| target < output);
        (0..axis.input).filter_map(|input| Some((input, inside(target(input))?))).collect()
    };
    AxisPairs { input: axis.input, output, taps: (0..axis.kernel).map(pairs).collect() }
}

/// The input position that stands at `position`, which may lie outside the input; `None` where a zero stands.
fn source(mode: PaddingMode, input: usize, position: i64) -> Option<usize> {
    let size = input as i64;
    let inside = match mode {
        PaddingMode::Zeros if (0..size).contains(&position) => position,
        PaddingMode::Zeros => return None,
        PaddingMode::Replicate => position.clamp(0, size - 1),
        PaddingMode::Circular => position.rem_euclid(size),
        PaddingMode::Reflect if size == 1 => 0,
        PaddingMode::Reflect => {
            let folded = position.rem_euclid(2 * (size - 1));
            folded.min(2 * (size - 1) - folded)
        }
    };
    Some(inside as usize)
}
