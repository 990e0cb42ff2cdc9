//! One convolution: its fields, how they fit together, and its geometry.

use super::activation;
use super::axis::{Written, resolve};
use super::fields::{Fields, Place, collect};
use super::groups;
use super::padding::{self, Padding};
use super::read::{PerAxis, Rank, choice, integer, integers};
use super::scope::{Scope, Spanned};
use super::shape::{Shape, check_elements};
use super::warnings;
use crate::ast::{Field, Name};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::layer::{Layer, Layout, PaddingMode};

/// What is known of a convolution.
pub(super) struct Conv {
    /// The shape of its output, where there was no error.
    pub output: Option<Shape>,
    /// The layer, where there was no error and all sizes are known.
    pub layer: Option<Layer>,
    /// Its memory order, and where that is said; `None` after an error.
    pub layout: Option<Spanned<Layout>>,
}

/// The fields as values. `None` is a field that is missing or has an error of its own, which is reported.
struct Settings {
    channels: Option<Spanned<i64>>,
    kernel: Option<PerAxis<i64>>,
    stride: Option<PerAxis<i64>>,
    dilation: Option<PerAxis<i64>>,
    padding: Option<PerAxis<Padding>>,
    mode: Option<PaddingMode>,
    transposed: bool,
    /// The outer `None` is an error, the inner one says that it is not given.
    output_padding: Option<Option<PerAxis<i64>>>,
    output_size: Option<Option<PerAxis<i64>>>,
}

const MODES: &[(&str, PaddingMode)] = &[
    ("zeros", PaddingMode::Zeros),
    ("reflect", PaddingMode::Reflect),
    ("replicate", PaddingMode::Replicate),
    ("circular", PaddingMode::Circular),
];

const LAYOUTS: &[(&str, Layout)] = &[("nchw", Layout::Nchw), ("nhwc", Layout::Nhwc)];

/// Checks a convolution of a value of some shape; an unknown shape is the consequence of another error.
pub(super) fn check(scope: &mut Scope, name: &Name, fields: &[Field], input: Option<&Shape>, place: Place) -> Conv {
    let fields = collect(scope, fields, place);
    let layout_span = fields.value("layout").map_or(name.span, |value| value.span);
    let layout = fields.value("layout").map(|value| choice(scope, value, "layout", LAYOUTS));
    let activation = activation::read(scope, &fields);
    let settings = settings(scope, name, &fields, place, input.map(|shape| shape.len() - 2));
    let groups = groups::read(scope, &fields, input.and_then(|shape| shape[1]), settings.channels);
    exclude(scope, &fields, &settings);
    let layout = match layout {
        Some(layout) => layout,
        None => Some(Layout::Nchw),
    };
    let mut conv = Conv { output: None, layer: None, layout: layout.map(|value| Spanned { value, span: layout_span }) };
    let weight = input.zip(groups).and_then(|(input, groups)| check_weight(scope, &settings, input, groups));
    let Some((output, axes)) = input.and_then(|shape| geometry(scope, &fields, &settings, shape)) else {
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

fn settings(scope: &mut Scope, name: &Name, fields: &Fields, place: Place, rank: Rank) -> Settings {
    let one = Spanned { value: 1, span: name.span };
    let no_padding = Spanned { value: Padding::Sides([0, 0]), span: name.span };
    let mut required = |field: &str, what: &str| {
        let value = fields.value(field);
        if value.is_none() && !fields.meant.contains(&field) {
            let error = Diagnostic::error(codes::MISSING_FIELD, name.span, format!("`{field}` is missing"));
            let error = error.label(format!("has no `{field}`"));
            scope.add(error.help(format!("add `{field}: …`, {what}")));
        }
        value
    };
    if place == Place::Layer {
        required("input", "the shape `[N, C, …]` of the input");
    }
    let channels = required("channels", "the number of output channels");
    let kernel = required("kernel", "the taps along each axis");
    let mut list = |field: &str, least: i64| match fields.value(field) {
        Some(value) => integers(scope, value, field, least, rank).map(Some),
        None => Some(None),
    };
    let stride = list("stride", 1);
    let dilation = list("dilation", 1);
    let output_padding = list("output_padding", 0);
    let output_size = list("output_size", 1);
    let channels = channels.and_then(|value| {
        let number = integer(scope, value, "channels", 1)?;
        Some(Spanned { value: number, span: value.span })
    });
    let or_one = |given: Option<Option<PerAxis<i64>>>| given.map(|given| given.unwrap_or(PerAxis::All(one)));
    Settings {
        channels,
        kernel: kernel.and_then(|value| integers(scope, value, "kernel", 1, rank)),
        stride: or_one(stride),
        dilation: or_one(dilation),
        padding: match fields.value("padding") {
            Some(value) => padding::read(scope, value, rank),
            None => Some(PerAxis::All(no_padding)),
        },
        mode: match fields.value("padding_mode") {
            Some(value) => choice(scope, value, "padding_mode", MODES),
            None => Some(PaddingMode::Zeros),
        },
        transposed: fields.flag("transposed").is_some_and(|flag| flag.value),
        output_padding,
        output_size,
    }
}

/// Fields that have no meaning beside others.
fn exclude(scope: &mut Scope, fields: &Fields, settings: &Settings) {
    let mut add = |code, span: Span, message: &str, help: &str| {
        scope.add(Diagnostic::error(code, span, message).help(help));
    };
    if !settings.transposed {
        for field in ["output_padding", "output_size"] {
            if let Some(span) = fields.name_span(field) {
                let message = format!("`{field}` has a meaning for transposed layers only");
                add(codes::ONLY_TRANSPOSED, span, &message, "add `transposed`, or remove it");
            }
        }
        return;
    }
    if let (Some(mode), Some(value)) = (settings.mode, fields.value("padding_mode"))
        && mode != PaddingMode::Zeros
    {
        let message = "a transposed layer has no padding mode but zeros: its padding crops the output";
        add(codes::NOT_TRANSPOSED, value.span, message, "remove `padding_mode`");
    }
    let padding = settings.padding.as_ref().filter(|padding| padding.is_shared()).map(|padding| padding.get(0));
    match padding {
        Some(Spanned { value: Padding::Causal, span }) => {
            let message = "causal padding has no meaning for a transposed layer";
            add(codes::NOT_TRANSPOSED, span, message, "crop the end of the output: `padding: [[0, n]]`");
        }
        Some(Spanned { value: Padding::Same | Padding::SameLower, .. }) => {
            if let Some(span) = fields.name_span("output_size") {
                let message = "`output_size` stands beside same padding, which gives an output of stride · input";
                add(codes::EXCLUSIVE, span, message, "remove one of them");
            }
        }
        _ => {}
    }
    if let (Some(_), Some(span)) = (fields.name_span("output_padding"), fields.name_span("output_size")) {
        let message = "`output_size` and `output_padding` exclude each other: each follows from the other";
        add(codes::EXCLUSIVE, span, message, "remove one of them");
    }
}

type Axes = Vec<crate::layer::LayerAxis>;

/// The output's shape, and the axes where all their sizes are known; `None` after an error.
fn geometry(scope: &mut Scope, fields: &Fields, settings: &Settings, input: &Shape) -> Option<(Shape, Option<Axes>)> {
    let rank = input.len() - 2;
    let kernel = settings.kernel.as_ref()?;
    let stride = settings.stride.as_ref()?;
    let dilation = settings.dilation.as_ref()?;
    let padding = settings.padding.as_ref()?;
    let (output_padding, output_size) = (settings.output_padding.as_ref()?, settings.output_size.as_ref()?);
    let mode = settings.mode?;
    if !consistent(scope, fields, settings, padding, rank) {
        return None;
    }
    warnings::dilation(scope, kernel, dilation, rank);
    let written = |axis: usize| Written {
        axis,
        input: input[axis + 2],
        transposed: settings.transposed,
        kernel: kernel.get(axis),
        stride: stride.get(axis).value,
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

/// Whether the fields fit together, so that geometry makes sense. Everything that does not is reported elsewhere,
/// but for the rank of causal padding.
fn consistent(
    scope: &mut Scope,
    fields: &Fields,
    settings: &Settings,
    padding: &PerAxis<Padding>,
    rank: usize,
) -> bool {
    let transposed = settings.transposed;
    let causal = padding.is_shared() && padding.get(0).value == Padding::Causal;
    if causal && !transposed && rank > 1 {
        let message = format!("causal padding has a meaning for one spatial axis only, but the input has {rank}");
        let error = Diagnostic::error(codes::CAUSAL_RANK, padding.get(0).span, message);
        scope.add(error.help("write the padding of both sides of each axis: `[[lo, hi], …]`"));
        return false;
    }
    let same = padding.is_shared() && matches!(padding.get(0).value, Padding::Same | Padding::SameLower);
    let has = |field: &str| fields.name_span(field).is_some();
    let only_transposed = !transposed && (has("output_padding") || has("output_size"));
    let never_transposed = transposed && (causal || settings.mode != Some(PaddingMode::Zeros));
    let exclusive = has("output_size") && (has("output_padding") || same);
    !(only_transposed || never_transposed || exclusive)
}
