//! Padding as it is written, and as numbers once the geometry of an axis is known.

use super::read::{MOST, PerAxis, Rank, choice, entries_fit, integer};
use super::scope::{Scope, Spanned};
use super::suggest::count;
use crate::ast::{Value, ValueKind};
use crate::codes;
use crate::diagnostic::Diagnostic;

/// The padding of one axis as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Padding {
    /// At the start and at the end.
    Sides([i64; 2]),
    /// As many outputs as inputs, divided by the stride; an odd one at the end.
    Same,
    /// The same with an odd one at the start.
    SameLower,
    /// All at the start, so that no output sees a later input.
    Causal,
}

pub(super) const WORDS: &[(&str, Padding)] = &[
    ("same", Padding::Same),
    ("same_lower", Padding::SameLower),
    ("valid", Padding::Sides([0, 0])),
    ("causal", Padding::Causal),
];

/// Reads the field `padding`.
pub(super) fn read(scope: &mut Scope, value: &Value, rank: Rank) -> Option<PerAxis<Padding>> {
    let all = |padding| Some(PerAxis::All(Spanned { value: padding, span: value.span }));
    let entries = match &value.kind {
        ValueKind::Name(_) => return all(choice(scope, value, "padding", WORDS)?),
        ValueKind::Integer(_) | ValueKind::Float(_) => return all(both(integer(scope, value, "padding", -MOST)?)),
        ValueKind::List(entries) => entries,
    };
    let axes: Vec<_> = entries.iter().enumerate().map(|(axis, entry)| read_axis(scope, entry, axis)).collect();
    let fits = entries_fit(scope, entries, value.span, "padding", rank);
    let axes: Vec<_> = axes.into_iter().collect::<Option<_>>()?;
    fits.then_some(PerAxis::Each(axes))
}

fn both(padding: i64) -> Padding {
    Padding::Sides([padding, padding])
}

fn read_axis(scope: &mut Scope, entry: &Value, axis: usize) -> Option<Spanned<Padding>> {
    let what = format!("padding of axis {axis}");
    let padding = match &entry.kind {
        ValueKind::List(sides) => match sides.as_slice() {
            [lo, hi] => {
                let lo = integer(scope, lo, &format!("{what} at the start"), -MOST);
                let hi = integer(scope, hi, &format!("{what} at the end"), -MOST);
                Padding::Sides([lo?, hi?])
            }
            sides => {
                let message = format!("{what} has {}; an axis has two", count(sides.len(), "side", "sides"));
                let error = Diagnostic::error(codes::WRONG_COUNT, entry.span, message);
                scope.add(error.help("write `[lo, hi]`, or one integer for both sides"));
                return None;
            }
        },
        ValueKind::Integer(_) | ValueKind::Float(_) | ValueKind::Name(_) => both(integer(scope, entry, &what, -MOST)?),
    };
    Some(Spanned { value: padding, span: entry.span })
}

/// A total split evenly, an odd one going to the end or to the start.
pub(super) fn split(total: i128, padding: Padding) -> [i128; 2] {
    let (less, more) = (total / 2, total - total / 2);
    if padding == Padding::SameLower { [more, less] } else { [less, more] }
}
