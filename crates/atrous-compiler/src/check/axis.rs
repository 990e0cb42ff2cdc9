//! The geometry of one spatial axis: padding as numbers, output padding, output size.

use super::padding::{Padding, split};
use super::scope::{Scope, Spanned};
use super::suggest::range;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::layer::{LayerAxis, PaddingMode, output_size};

/// What is written about an axis, and its input where that is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub axis: usize,
    pub input: Option<usize>,
    pub transposed: bool,
    pub kernel: Spanned<i64>,
    pub stride: i64,
    pub stride_span: Span,
    pub dilation: i64,
    pub padding: Spanned<Padding>,
    pub mode: PaddingMode,
    pub output_padding: Option<Spanned<i64>>,
    pub output_size: Option<Spanned<i64>>,
}

impl Written {
    /// Whether the same holds for another axis, so that what is said of it holds for this one too.
    pub fn repeats(&self, other: &Written) -> bool {
        Written { axis: other.axis, ..*self } == *other
    }

    /// The positions that the kernel covers: `d·(K−1) + 1`.
    fn covers(&self) -> i128 {
        i128::from(self.dilation) * (i128::from(self.kernel.value) - 1) + 1
    }

    /// One more than the largest output padding.
    fn output_paddings(&self) -> i64 {
        self.stride.max(self.dilation)
    }

    /// Outputs for some padding and output padding.
    fn output(&self, input: usize, sides: [i128; 2], output_padding: i128) -> i128 {
        let stride = i128::from(self.stride);
        let size = output_size(self.transposed, input as i128, stride, self.covers(), sides, output_padding);
        size.expect("products of two 32-bit numbers are far from the end of 128 bits")
    }
}

/// The axis, and its outputs; `None` after an error. What depends on an unknown input is left out.
pub(super) fn resolve(scope: &mut Scope, written: &Written) -> Option<(Option<LayerAxis>, Option<usize>)> {
    check_parts(scope, written)?;
    let sides = sides(scope, written)?;
    check_repeats(scope, written, sides)?;
    check_output_padding(scope, written, sides)?;
    let (Some(input), Some(sides)) = (written.input, sides) else {
        return Some((None, None));
    };
    check_cropping(scope, written, input, sides)?;
    check_mode(scope, written, input, sides)?;
    let output_padding = match written.output_size {
        Some(size) => reach(scope, written, input, sides, size)?,
        None => written.output_padding.map_or(0, |given| given.value),
    };
    let output = written.output(input, sides, output_padding.into());
    check_output(scope, written, input, sides, output)?;
    let size = |value: i64| usize::try_from(value).ok();
    let axis = LayerAxis {
        input,
        kernel: size(written.kernel.value)?,
        stride: size(written.stride)?,
        dilation: size(written.dilation)?,
        padding: [i64::try_from(sides[0]).ok()?, i64::try_from(sides[1]).ok()?],
        output_padding: size(output_padding)?,
    };
    Some((Some(axis), usize::try_from(output).ok()))
}

/// The most parts into which an axis may be cut: phases, borders of taps, positions that repeat an input.
const MOST_PARTS: i128 = 1 << 16;

/// The most combinations of parts of all axes.
const MOST_COMBINATIONS: i64 = 1 << 20;

/// The most outputs along an axis: the compiler looks at what each of them reads.
const MOST_OUTPUTS: i64 = 1 << 25;

/// Checks that combinations of taps, and of phases, of all axes are not too many.
pub(super) fn check_combinations(scope: &mut Scope, axes: &[Written]) -> Option<()> {
    let Some(first) = axes.first() else { return Some(()) };
    let stride = |axis: &Written| if axis.transposed { axis.stride } else { 1 };
    let kernels: Vec<i64> = axes.iter().map(|axis| axis.kernel.value).collect();
    let strides: Vec<i64> = axes.iter().map(stride).collect();
    let numbers = [
        ("a kernel has", "taps", kernels, first.kernel.span),
        ("a transposed layer has", "combinations of strides", strides, first.stride_span),
    ];
    for (who, what, sizes, span) in numbers {
        let product: i128 = sizes.iter().map(|&size| i128::from(size)).product();
        if product > i128::from(MOST_COMBINATIONS) {
            let sizes = sizes.iter().map(i64::to_string).collect::<Vec<_>>().join(" · ");
            let message = format!("{who} at most {MOST_COMBINATIONS} {what}, not {sizes} = {product}");
            scope.add(Diagnostic::error(codes::TOO_LARGE, span, message).label("too large"));
            return None;
        }
    }
    Some(())
}

/// Checks that the parts of the axis, each of which the compiler looks at, are not too many.
fn check_parts(scope: &mut Scope, written: &Written) -> Option<()> {
    let stride = if written.transposed { written.stride } else { 1 };
    check_part(scope, written, "kernel", written.kernel.value.into(), written.kernel.span)?;
    check_part(scope, written, "stride of a transposed layer", stride.into(), written.stride_span)
}

/// The same of the positions that repeat an input; a word like `same` may stand for many.
fn check_repeats(scope: &mut Scope, written: &Written, sides: Option<[i128; 2]>) -> Option<()> {
    let repeats = written.mode != PaddingMode::Zeros;
    let Some([lo, hi]) = sides.filter(|_| repeats) else { return Some(()) };
    check_part(scope, written, "padding that repeats inputs", lo.max(hi), written.padding.span)
}

fn check_part(scope: &mut Scope, written: &Written, what: &str, parts: i128, span: Span) -> Option<()> {
    if parts <= MOST_PARTS {
        return Some(());
    }
    let message = format!("a {what} is at most {MOST_PARTS}, not {parts} (axis {})", written.axis);
    scope.add(Diagnostic::error(codes::TOO_LARGE, span, message).label("too large"));
    None
}

/// Padding as numbers; the inner `None` where it depends on an unknown input, the outer after an error.
fn sides(scope: &mut Scope, written: &Written) -> Option<Option<[i128; 2]>> {
    let stride = i128::from(written.stride);
    match written.padding.value {
        Padding::Sides(sides) => Some(Some(sides.map(i128::from))),
        Padding::Causal => Some(Some([written.covers() - 1, 0])),
        Padding::Same | Padding::SameLower if written.transposed => {
            let output_padding = written.output_padding.map_or(0, |given| given.value);
            let total = written.covers() - stride + i128::from(output_padding);
            if total < 0 {
                let message = format!(
                    "same padding is ambiguous where the stride is larger than the kernel covers (axis {}: stride {stride}, covered {})",
                    written.axis,
                    written.covers()
                );
                let error = Diagnostic::error(codes::AMBIGUOUS_SAME, written.padding.span, message);
                let missing = stride - written.covers();
                scope.add(error.help(format!(
                    "write padding and output_padding: padding 0 with output_padding {missing} gives an output of stride · input"
                )));
                return None;
            }
            Some(Some(split(total, written.padding.value)))
        }
        Padding::Same | Padding::SameLower => Some(match written.input {
            Some(input) => {
                let input = input as i128;
                let outputs = (input + stride - 1) / stride;
                let total = ((outputs - 1) * stride + written.covers() - input).max(0);
                Some(split(total, written.padding.value))
            }
            None if stride == 1 => Some(split(written.covers() - 1, written.padding.value)),
            None => None,
        }),
    }
}

fn check_output_padding(scope: &mut Scope, written: &Written, sides: Option<[i128; 2]>) -> Option<()> {
    let Some(given) = written.output_padding.filter(|given| given.value >= written.output_paddings()) else {
        return Some(());
    };
    let most = written.output_paddings() - 1;
    let message = format!(
        "output_padding {} is not smaller than the stride or the dilation (axis {}: stride {}, dilation {})",
        given.value, written.axis, written.stride, written.dilation
    );
    let legal = format!("use {}", range(0, most));
    let sizes = written
        .input
        .zip(sides)
        .map(|(input, sides)| [0, most].map(|output_padding| written.output(input, sides, output_padding.into())));
    let fixed = matches!(written.padding.value, Padding::Sides(_));
    let error = Diagnostic::error(codes::OUTPUT_PADDING, given.span, message).label("too large");
    scope.add(error.help(match sizes {
        Some([least, largest]) if fixed && least > 0 => {
            format!("{legal}; output size is then {}", range(least, largest))
        }
        _ => legal,
    }));
    None
}

fn check_cropping(scope: &mut Scope, written: &Written, input: usize, sides: [i128; 2]) -> Option<()> {
    let cropped = (-sides[0]).max(0) + (-sides[1]).max(0);
    if written.transposed || cropped < input as i128 {
        return Some(());
    }
    let message = format!(
        "negative padding crops {cropped} of {input} input positions (axis {}: padding {} and {})",
        written.axis, sides[0], sides[1]
    );
    let error = Diagnostic::error(codes::NOTHING_LEFT, written.padding.span, message).label("nothing is left");
    scope.add(match input {
        1 => error.help("one position cannot be cropped"),
        _ => error.help(format!("crop at most {} in total", input - 1)),
    });
    None
}

fn check_mode(scope: &mut Scope, written: &Written, input: usize, sides: [i128; 2]) -> Option<()> {
    let (word, most) = match written.mode {
        PaddingMode::Zeros | PaddingMode::Replicate => return Some(()),
        PaddingMode::Reflect => ("reflect", input - 1),
        PaddingMode::Circular => ("circular", input),
    };
    let [at_start, at_end] = sides.map(|side| side > most as i128);
    let (side, padding) = match (at_start, at_end) {
        (false, false) => return Some(()),
        (true, _) => ("start", sides[0]),
        (false, true) => ("end", sides[1]),
    };
    let message = format!(
        "padding_mode {word} pads at most {most} where the input has {input}, not {padding} (axis {}, at the {side})",
        written.axis
    );
    let error = Diagnostic::error(codes::PADDING_MODE, written.padding.span, message);
    scope.add(error.help(match most {
        0 => "use no padding, or padding_mode replicate".to_string(),
        _ => format!("use a padding of at most {most}, or padding_mode replicate"),
    }));
    None
}

/// The output padding that gives an output size.
fn reach(scope: &mut Scope, written: &Written, input: usize, sides: [i128; 2], size: Spanned<i64>) -> Option<i64> {
    let least = written.output(input, sides, 0);
    let most = least + i128::from(written.output_paddings()) - 1;
    let wanted = i128::from(size.value);
    if (least..=most).contains(&wanted) {
        return i64::try_from(wanted - least).ok();
    }
    let message = format!(
        "output_size {wanted} cannot be reached (axis {}: output_padding {} gives {})",
        written.axis,
        range(0, written.output_paddings() - 1),
        range(least, most)
    );
    let error = Diagnostic::error(codes::OUTPUT_SIZE, size.span, message);
    scope.add(match most < 1 {
        true => error.help("use less padding"),
        false => error.help(format!("use {}", range(least.max(1), most))),
    });
    None
}

fn check_output(scope: &mut Scope, written: &Written, input: usize, sides: [i128; 2], output: i128) -> Option<()> {
    if (1..=i128::from(MOST_OUTPUTS)).contains(&output) {
        return Some(());
    }
    scope.add(if output > 0 {
        too_many_outputs(written, input, sides, output)
    } else if written.transposed {
        let padding = sides[0] + sides[1];
        let message = format!(
            "the padding leaves no output (axis {}: {} positions before padding, padding {} and {})",
            written.axis,
            output + padding,
            sides[0],
            sides[1]
        );
        let error = Diagnostic::error(codes::NO_OUTPUT, written.padding.span, message);
        error.help(format!("use a padding of at most {} in total", output + padding - 1))
    } else {
        kernel_too_large(written, input, sides)
    });
    None
}

fn too_many_outputs(written: &Written, input: usize, sides: [i128; 2], output: i128) -> Diagnostic {
    let message = format!("the output size {output} is too large (axis {}); the most is {MOST_OUTPUTS}", written.axis);
    let stride = i128::from(written.stride);
    let (span, help) = if written.transposed {
        let span = if stride > 1 { written.stride_span } else { written.kernel.span };
        (span, "use a smaller input or stride".to_string())
    } else {
        let padded = sides[0] + sides[1] > input as i128;
        let span = if padded { written.padding.span } else { written.kernel.span };
        let least = (output - 1) * stride / i128::from(MOST_OUTPUTS) + 1;
        (span, format!("use a smaller input or padding, or a stride of at least {least}"))
    };
    Diagnostic::error(codes::TOO_LARGE, span, message).label(format!("of an input of {input}")).help(help)
}

fn kernel_too_large(written: &Written, input: usize, [lo, hi]: [i128; 2]) -> Diagnostic {
    let (kernel, dilation) = (i128::from(written.kernel.value), i128::from(written.dilation));
    let padded = input as i128 + lo + hi;
    let covers = match dilation {
        1 => format!("kernel {kernel}"),
        _ => format!("kernel {kernel} with dilation {dilation} covers {}", written.covers()),
    };
    let message = format!(
        "the kernel does not fit into the padded input (axis {}: {covers}, padded input {input} + {lo} + {hi} = {padded})",
        written.axis
    );
    let span: Span = written.kernel.span;
    let mut help = Vec::new();
    if padded >= 1 {
        help.push(format!("a kernel of at most {}", (padded - 1) / dilation + 1));
    }
    if dilation > 1 && kernel > 1 && padded > kernel - 1 {
        help.push(format!("a dilation of at most {}", (padded - 1) / (kernel - 1)));
    }
    help.push(format!("a padding of at least {} in total", written.covers() - input as i128));
    let help = super::suggest::alternatives(help.iter().map(String::as_str));
    Diagnostic::error(codes::NO_OUTPUT, span, message).label("too large").help(format!("use {help}"))
}
