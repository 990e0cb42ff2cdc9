//! One convolution: its fields, how they fit together, and its geometry.

use super::activation;
use super::axis::{Written, check_combinations, resolve};
use super::fields::{Place, collect};
use super::groups;
use super::read::choice;
use super::scope::{Scope, Spanned};
use super::settings::{self, Settings};
use super::shape::{Shape, check_elements, check_product};
use super::warnings;
use crate::ast::{Field, Name};
use crate::layer::{Layer, LayerAxis, Layout, PaddingMode};

/// What is known of a convolution.
pub(super) struct Conv {
    /// The shape of its output, where there was no error.
    pub output: Option<Shape>,
    /// The layer, where there was no error and all sizes are known.
    pub layer: Option<Layer>,
    /// Its memory order, and where that is said; `None` after an error.
    pub layout: Option<Spanned<Layout>>,
}

/// The words of memory orders.
pub(super) fn layouts() -> [(&'static str, Layout); 2] {
    Layout::ALL.map(|layout| (layout.name(), layout))
}

/// Checks a convolution of a value of some shape; an unknown shape is the consequence of another error.
pub(super) fn check(scope: &mut Scope, name: &Name, fields: &[Field], input: Option<&Shape>, place: Place) -> Conv {
    let fields = collect(scope, fields, place);
    let layout_span = fields.value("layout").map_or(name.span, |value| value.span);
    let layout = fields.value("layout").map(|value| choice(scope, value, "layout", &layouts()));
    let activation = activation::read(scope, &fields);
    let settings = settings::read(scope, name, &fields, place, input.map(|shape| shape.len() - 2));
    let groups = groups::read(scope, &fields, input.and_then(|shape| shape[1]), settings.channels);
    let is_consistent = settings::check(scope, &fields, &settings, input.map(|shape| shape.len() - 2));
    let layout = match layout {
        Some(layout) => layout,
        None => Some(Layout::Nchw),
    };
    let mut conv = Conv { output: None, layer: None, layout: layout.map(|value| Spanned { value, span: layout_span }) };
    let weight = input.zip(groups).and_then(|(input, groups)| check_weight(scope, &settings, input, groups));
    let input = input.filter(|_| is_consistent);
    let Some((output, axes)) = input.and_then(|shape| geometry(scope, &settings, shape)) else {
        return conv;
    };
    conv.output = Some(output);
    let (Some([Some(batch), Some(input_channels), ..]), Some(axes)) = (input.map(Vec::as_slice), axes) else {
        return conv;
    };
    let (Some(channels), Some(padding_mode)) = (settings.channels, settings.mode) else {
        return conv;
    };
    let (Some(groups), Some(activation), Some(layout), Some(())) = (groups, activation, layout, weight) else {
        return conv;
    };
    let layer = Layer {
        name: name.text.clone(),
        batch: *batch,
        input_channels: *input_channels,
        output_channels: channels.value as usize,
        groups,
        axes,
        transposed: settings.transposed,
        padding_mode,
        bias: fields.flag("bias").is_some_and(|flag| flag.value),
        activation,
        layout,
    };
    warnings::mode(scope, &layer, fields.value("padding_mode").map_or(name.span, |value| value.span));
    conv.layer = Some(layer);
    conv
}

/// Checks the size of the weight, which depends on no free size.
fn check_weight(scope: &mut Scope, settings: &Settings, input: &Shape, groups: usize) -> Option<()> {
    let (channels, kernel) = (settings.channels?, settings.kernel.as_ref()?);
    let output_channels = channels.value as usize;
    let (outer, inner) = if settings.transposed { (input[1]?, output_channels) } else { (output_channels, input[1]?) };
    let taps = (0..input.len() - 2).map(|axis| kernel.get(axis).value as usize);
    let shape: Shape = [outer, inner / groups].into_iter().chain(taps).map(Some).collect();
    check_elements(scope, &shape, "the weight", kernel.get(0).span)
}

type Axes = Vec<LayerAxis>;

/// The output's shape, and the axes where all their sizes are known; `None` after an error.
fn geometry(scope: &mut Scope, settings: &Settings, input: &Shape) -> Option<(Shape, Option<Axes>)> {
    let rank = input.len() - 2;
    let kernel = settings.kernel.as_ref()?;
    let stride = settings.stride.as_ref()?;
    let dilation = settings.dilation.as_ref()?;
    let padding = settings.padding.as_ref()?;
    let (output_padding, output_size) = (settings.output_padding.as_ref()?, settings.output_size.as_ref()?);
    let mode = settings.mode?;
    warnings::dilation(scope, kernel, dilation, rank);
    let written = |axis: usize| Written {
        axis,
        input: input[axis + 2],
        transposed: settings.transposed,
        kernel: kernel.get(axis),
        stride: stride.get(axis).value,
        stride_span: stride.get(axis).span,
        dilation: dilation.get(axis).value,
        padding: padding.get(axis),
        mode,
        output_padding: output_padding.as_ref().map(|given| given.get(axis)),
        output_size: output_size.as_ref().map(|given| given.get(axis)),
    };
    let written: Vec<_> = (0..rank).map(written).collect();
    // An axis that repeats an earlier one has the same result, and is not reported again.
    let first_like = |axis: usize| (0..axis).find(|&earlier| written[axis].repeats(&written[earlier]));
    let mut resolved: Vec<Option<_>> = Vec::new();
    for (axis, written) in written.iter().enumerate() {
        resolved.push(match first_like(axis) {
            Some(earlier) => resolved[earlier],
            None => resolve(scope, written),
        });
    }
    let (axes, sizes): (Vec<_>, Vec<_>) = resolved.into_iter().collect::<Option<Vec<_>>>()?.into_iter().unzip();
    check_combinations(scope, &written)?;
    check_padded(scope, &written, input, &axes)?;
    let channels = settings.channels.map(|channels| channels.value as usize);
    let output: Shape = [input[0], channels].into_iter().chain(sizes).collect();
    let span = settings.channels.map_or(kernel.get(0).span, |channels| channels.span);
    check_elements(scope, &output, "the output", span)?;
    for axis in (0..rank).filter(|&axis| first_like(axis).is_none()) {
        if let Some(resolved) = &axes[axis] {
            warnings::outputs(scope, &written[axis], resolved, stride.get(axis).span);
        }
    }
    Some((output, axes.into_iter().collect()))
}

/// Checks the size of the input with its padding, which is copied where it is not zeros.
fn check_padded(scope: &mut Scope, written: &[Written], input: &Shape, axes: &[Option<LayerAxis>]) -> Option<()> {
    let Some(first) = written.first().filter(|first| first.mode != PaddingMode::Zeros) else { return Some(()) };
    let padded = axes.iter().map(|axis| axis.and_then(|axis| usize::try_from(axis.padded()).ok()));
    let shape: Shape = input[..2].iter().copied().chain(padded).collect();
    check_product(scope, &shape, "the padded input", first.padding.span)
}
