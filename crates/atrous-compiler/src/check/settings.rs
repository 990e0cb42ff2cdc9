//! The fields of a convolution that are about its geometry, as values, and which of them exclude each other.

use super::fields::{Fields, Place};
use super::padding::{self, Padding};
use super::read::{PerAxis, Rank, choice, integer, integers};
use super::scope::{Scope, Spanned};
use crate::ast::Name;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::layer::PaddingMode;

/// The fields as values. `None` is a field that is missing or has an error of its own, which is reported.
pub(super) struct Settings {
    pub channels: Option<Spanned<i64>>,
    pub kernel: Option<PerAxis<i64>>,
    pub stride: Option<PerAxis<i64>>,
    pub dilation: Option<PerAxis<i64>>,
    pub padding: Option<PerAxis<Padding>>,
    pub mode: Option<PaddingMode>,
    pub transposed: bool,
    /// The outer `None` is an error, the inner one says that it is not given.
    pub output_padding: Option<Option<PerAxis<i64>>>,
    pub output_size: Option<Option<PerAxis<i64>>>,
}

/// The words of padding modes.
pub(super) fn modes() -> [(&'static str, PaddingMode); 4] {
    PaddingMode::ALL.map(|mode| (mode.name(), mode))
}

/// Reads the fields of a convolution but for groups, activation and layout.
pub(super) fn read(scope: &mut Scope, name: &Name, fields: &Fields, place: Place, rank: Rank) -> Settings {
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
            Some(value) => choice(scope, value, "padding_mode", &modes()),
            None => Some(PaddingMode::Zeros),
        },
        transposed: fields.flag("transposed").is_some_and(|flag| flag.value),
        output_padding,
        output_size,
    }
}

/// Reports fields that have no meaning beside others. False when geometry makes no sense: because of those, or because
/// one of its fields is misspelt.
pub(super) fn check(scope: &mut Scope, fields: &Fields, settings: &Settings, rank: Rank) -> bool {
    const GEOMETRY: [&str; 7] =
        ["stride", "dilation", "padding", "padding_mode", "transposed", "output_padding", "output_size"];
    if fields.meant.iter().any(|meant| GEOMETRY.contains(meant)) {
        return false;
    }
    let before = scope.reports.error_count();
    let padding = settings.padding.as_ref().filter(|padding| padding.is_shared()).map(|padding| padding.get(0));
    match settings.transposed {
        true => check_transposed(scope, fields, settings, padding),
        false => check_ordinary(scope, fields, padding, rank),
    }
    scope.reports.error_count() == before
}

fn check_ordinary(scope: &mut Scope, fields: &Fields, padding: Option<Spanned<Padding>>, rank: Rank) {
    for field in ["output_padding", "output_size"] {
        if let Some(span) = fields.name_span(field) {
            let message = format!("`{field}` has a meaning for transposed layers only");
            let error = Diagnostic::error(codes::ONLY_TRANSPOSED, span, message).label("not transposed");
            scope.add(error.help("add `transposed`, or remove it"));
        }
    }
    if let (Some(Spanned { value: Padding::Causal, span }), Some(rank @ 2..)) = (padding, rank) {
        let message = format!("causal padding has a meaning for one spatial axis only, but the input has {rank}");
        let error = Diagnostic::error(codes::CAUSAL_RANK, span, message).label(format!("{rank} spatial axes"));
        scope.add(error.help("write the padding of both sides of each axis: `[[lo, hi], …]`"));
    }
}

fn check_transposed(scope: &mut Scope, fields: &Fields, settings: &Settings, padding: Option<Spanned<Padding>>) {
    let mut add = |code, span: Span, message: &str, help: &str| {
        scope.add(Diagnostic::error(code, span, message).help(help));
    };
    if let (Some(mode), Some(value)) = (settings.mode, fields.value("padding_mode"))
        && mode != PaddingMode::Zeros
    {
        let message = "a transposed layer has no padding mode but zeros: its padding crops the output";
        add(codes::NOT_TRANSPOSED, value.span, message, "remove `padding_mode`");
    }
    let output_size = fields.name_span("output_size");
    match padding {
        Some(Spanned { value: Padding::Causal, span }) => {
            let message = "causal padding has no meaning for a transposed layer";
            add(codes::NOT_TRANSPOSED, span, message, "crop the end of the output: `padding: [[0, n]]`");
        }
        Some(Spanned { value: Padding::Same | Padding::SameLower, .. }) => {
            if let Some(span) = output_size {
                let message = "`output_size` stands beside same padding, which gives an output of stride · input";
                add(codes::EXCLUSIVE, span, message, "remove one of them");
            }
        }
        Some(Spanned { value: Padding::Sides(_), .. }) | None => {}
    }
    if let (Some(_), Some(span)) = (fields.name_span("output_padding"), output_size) {
        let message = "`output_size` and `output_padding` exclude each other: each follows from the other";
        add(codes::EXCLUSIVE, span, message, "remove one of them");
    }
}
