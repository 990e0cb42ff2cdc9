//! What is legal in a convolution but hardly intended.

use super::axis::Written;
use super::read::PerAxis;
use super::scope::{Scope, Spanned};
use super::suggest::count;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::layer::{Layer, LayerAxis, PaddingMode};
use crate::numbers::gcd;

/// A dilation between the taps of a kernel that has only one.
pub(super) fn dilation(scope: &mut Scope, kernel: &PerAxis<i64>, dilation: &PerAxis<i64>, rank: usize) {
    let is_pointless = |axis: &usize| kernel.get(*axis).value == 1 && dilation.get(*axis).value > 1;
    let axes: Vec<usize> = (0..rank).filter(is_pointless).collect();
    let Some(&first) = axes.first().filter(|_| !dilation.is_shared() || axes.len() == rank) else {
        return;
    };
    let Spanned { value, span } = dilation.get(first);
    let message = format!("dilation {value} has no effect: the kernel has one tap (axis {first})");
    scope.add(Diagnostic::warning(codes::POINTLESS_DILATION, span, message).help("remove it, or use a larger kernel"));
}

/// A padding mode without padding.
pub(super) fn mode(scope: &mut Scope, layer: &Layer, span: Span) {
    let pads = layer.axes.iter().any(|axis| axis.padding.iter().any(|&side| side > 0));
    if layer.padding_mode != PaddingMode::Zeros && !pads {
        let warning =
            Diagnostic::warning(codes::POINTLESS_MODE, span, "the padding mode has no effect without padding");
        scope.add(warning.help("add a padding, or remove the mode"));
    }
}

/// Outputs that depend on no input.
pub(super) fn outputs(scope: &mut Scope, written: &Written, axis: &LayerAxis, stride: Span) {
    if written.mode == PaddingMode::Zeros {
        blind_ends(scope, written, axis);
    }
    if written.transposed {
        gaps(scope, written, axis, stride);
    }
}

/// The outputs at both ends that see nothing but zeros.
fn blind_ends(scope: &mut Scope, written: &Written, axis: &LayerAxis) {
    let [lo, _] = axis.padding.map(i128::from);
    let (input, stride) = (axis.input as i128, axis.stride as i128);
    let reach = axis.dilation as i128 * (axis.kernel as i128 - 1);
    let outputs = axis.output(written.transposed) as i128;
    // The outputs before the first that sees the last tap on an input, and those behind the last that sees the first.
    let (before, behind) = if written.transposed {
        (-lo, outputs + lo - 1 - (input - 1) * stride - reach)
    } else {
        let first_seeing = (lo - reach + stride - 1).div_euclid(stride);
        let first_behind = (input + lo + stride - 1).div_euclid(stride);
        (first_seeing, outputs - first_behind)
    };
    let blind = (before.clamp(0, outputs) + behind.clamp(0, outputs)).min(outputs);
    if blind > 0 {
        let blind = usize::try_from(blind).unwrap_or(usize::MAX);
        let blind = count(blind, "output sees", "outputs see");
        let message = format!("{blind} no input (axis {}, {outputs} outputs)", written.axis);
        let (span, help) = match written.output_padding.or(written.output_size) {
            Some(given) if behind > 0 => (given.span, "the output padding reaches farther than the kernel"),
            _ => (written.padding.span, "the padding reaches farther than the kernel"),
        };
        scope.add(Diagnostic::warning(codes::ONLY_PADDING, span, message).help(help));
    }
}

/// The outputs between inputs that no tap reaches because the stride steps over them.
fn gaps(scope: &mut Scope, written: &Written, axis: &LayerAxis, stride: Span) {
    let phases = axis.stride / gcd(axis.stride, axis.dilation);
    let reached = phases.min(axis.kernel);
    if reached == axis.stride || axis.input < 2 || axis.output(true) < axis.stride {
        return;
    }
    let message = format!(
        "only {reached} of every {} outputs see an input (axis {}: kernel {}, stride {}, dilation {})",
        axis.stride, written.axis, axis.kernel, axis.stride, axis.dilation
    );
    scope.add(Diagnostic::warning(codes::NO_TAPS, stride, message).help("the others are the bias alone, or zero"));
}
