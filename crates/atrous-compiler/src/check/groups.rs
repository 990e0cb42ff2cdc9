//! The groups of a convolution.

use super::fields::Fields;
use super::read::integer;
use super::scope::{Scope, Spanned};
use super::suggest::alternatives;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::numbers::gcd;

/// The number of groups; `None` after an error, or when the channels are not known because of one.
pub(super) fn read(
    scope: &mut Scope,
    fields: &Fields,
    input_channels: Option<usize>,
    channels: Option<Spanned<i64>>,
) -> Option<usize> {
    let depthwise = fields.flag("depthwise").filter(|flag| flag.value);
    let value = fields.value("groups");
    let groups = value.map(|value| integer(scope, value, "groups", 1).map(|groups| (groups, value.span)));
    if let (Some(flag), Some(_)) = (depthwise, value) {
        let message = "`depthwise` and `groups` exclude each other: depthwise has one group for each input channel";
        scope.add(Diagnostic::error(codes::EXCLUSIVE, flag.span, message).help("remove one of them"));
        return None;
    }
    let input_channels = input_channels?;
    if depthwise.is_some() {
        return check_depthwise(scope, input_channels, channels?);
    }
    let Some(groups) = groups else {
        return Some(1);
    };
    let (groups, span) = groups?;
    check_groups(scope, usize::try_from(groups).ok()?, span, input_channels, usize::try_from(channels?.value).ok()?)
}

fn check_depthwise(scope: &mut Scope, input_channels: usize, channels: Spanned<i64>) -> Option<usize> {
    let output_channels = usize::try_from(channels.value).ok()?;
    if output_channels.is_multiple_of(input_channels) {
        return Some(input_channels);
    }
    let message = format!(
        "channels {output_channels} is not a multiple of the {input_channels} input channels of a depthwise layer"
    );
    let below = output_channels / input_channels * input_channels;
    let nearest = [below, below + input_channels].into_iter().filter(|&nearest| nearest > 0);
    let nearest: Vec<String> = nearest.map(|nearest| nearest.to_string()).collect();
    let help = format!("use {}", alternatives(nearest.iter().map(String::as_str)));
    scope.add(Diagnostic::error(codes::DEPTHWISE, channels.span, message).help(help));
    None
}

fn check_groups(scope: &mut Scope, groups: usize, span: Span, inputs: usize, outputs: usize) -> Option<usize> {
    let undivided: Vec<String> = [(inputs, "input"), (outputs, "output")]
        .into_iter()
        .filter(|(channels, _)| !channels.is_multiple_of(groups))
        .map(|(channels, side)| format!("the {channels} {side} channels"))
        .collect();
    if undivided.is_empty() {
        return Some(groups);
    }
    let common = gcd(inputs, outputs);
    let divisors = divisors(common);
    let below = divisors.iter().rfind(|&&divisor| divisor < groups);
    let above = divisors.iter().find(|&&divisor| divisor > groups);
    let nearest: Vec<String> = below.into_iter().chain(above).map(|divisor| divisor.to_string()).collect();
    let message = match undivided.as_slice() {
        [inputs, outputs] => format!("groups {groups} divides neither {inputs} nor {outputs}"),
        one => format!("groups {groups} does not divide {}", one.concat()),
    };
    let help = format!("use {}", alternatives(nearest.iter().map(String::as_str)));
    scope.add(Diagnostic::error(codes::GROUPS, span, message).help(help));
    None
}

/// All divisors in increasing order.
fn divisors(number: usize) -> Vec<usize> {
    let low: Vec<usize> =
        (1..).take_while(|low| low * low <= number).filter(|low| number.is_multiple_of(*low)).collect();
    let high = low.iter().rev().map(|low| number / low).filter(|high| high * high != number);
    low.iter().copied().chain(high).collect()
}
