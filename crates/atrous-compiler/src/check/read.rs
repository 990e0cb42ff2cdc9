//! Single values of fields: their types and ranges.

use super::scope::{Scope, Spanned};
use super::suggest::{alternatives, closest, count, range};
use crate::ast::{Value, ValueKind, value_text};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::layer::Number;
use crate::syntax::shortened;

/// The largest integer in a spec, and the largest size of a tensor's dimension.
pub(super) const MOST: i64 = i32::MAX as i64;

/// An integer of at least `least`. `what` names it: "kernel", "kernel of axis 1".
pub(super) fn integer(scope: &mut Scope, value: &Value, what: &str, least: i64) -> Option<i64> {
    let wrong_type = |is: &str| {
        Diagnostic::error(codes::WRONG_TYPE, value.span, format!("{what} is {is}")).label("an integer is expected")
    };
    let text = match &value.kind {
        ValueKind::Integer(text) => text,
        ValueKind::Float(text) => {
            let error = wrong_type(&format!("an integer, not {}", shortened(text)));
            scope.add(match nearest_integers(text, least) {
                Some(nearest) => error.help(format!("use {nearest}")),
                None => error,
            });
            return None;
        }
        ValueKind::Name(text) => {
            let error = wrong_type(&format!("an integer, not `{}`", shortened(text)));
            scope.add(error.help("only sizes of inputs may be names"));
            return None;
        }
        ValueKind::List(entries) => {
            let error = wrong_type("one integer, not a list");
            scope.add(match entries.as_slice() {
                [only] => error.help(format!("write {}", shortened(&value_text(only)))),
                _ => error,
            });
            return None;
        }
    };
    let out_of_range = |label: &str, bound| {
        let message = format!("{what} is {}; {bound}", shortened(text));
        Diagnostic::error(codes::OUT_OF_RANGE, value.span, message).label(label)
    };
    match text.replace('_', "").parse::<i64>() {
        Ok(number) if (least..=MOST).contains(&number) => Some(number),
        Ok(number) if number < least => {
            scope.add(out_of_range("too small", format!("the least is {least}")).help(format!("use {least}")));
            None
        }
        Err(_) if text.starts_with('-') => {
            scope.add(out_of_range("too small", format!("the least is {least}")));
            None
        }
        Ok(_) | Err(_) => {
            scope.add(out_of_range("too large", format!("the most is {MOST}")));
            None
        }
    }
}

fn nearest_integers(text: &str, least: i64) -> Option<String> {
    let number: f64 = text.replace('_', "").parse().ok()?;
    let (below, above) = (number.floor() as i64, number.ceil() as i64);
    let fits = (least..=MOST).contains(&above) && number.is_finite();
    fits.then(|| range(below.max(least), above))
}

/// A finite number, with or without a fraction.
pub(super) fn number(scope: &mut Scope, value: &Value, what: &str) -> Option<Number> {
    let (ValueKind::Integer(text) | ValueKind::Float(text)) = &value.kind else {
        let message = format!("{what} is a number, not {}", shown(value));
        scope.add(Diagnostic::error(codes::WRONG_TYPE, value.span, message));
        return None;
    };
    let number = text.replace('_', "").parse::<f32>().ok().filter(|number| number.is_finite());
    if number.is_none() {
        let message = format!("{what} is {}; the most is {:e}", shortened(text), f32::MAX);
        scope.add(Diagnostic::error(codes::ACTIVATION, value.span, message));
    }
    number.map(Number::new)
}

/// One of several words.
pub(super) fn choice<T: Copy>(scope: &mut Scope, value: &Value, what: &str, choices: &[(&str, T)]) -> Option<T> {
    let words = || choices.iter().map(|choice| choice.0);
    let ValueKind::Name(text) = &value.kind else {
        let message = format!("{what} is a word, not {}", shown(value));
        let error = Diagnostic::error(codes::WRONG_TYPE, value.span, message);
        scope.add(error.help(format!("use {}", alternatives(words()))));
        return None;
    };
    let chosen = choices.iter().find(|choice| choice.0 == text);
    if chosen.is_none() {
        let message = format!("{what} `{}` is unknown", shortened(text));
        let error = Diagnostic::error(codes::UNKNOWN_VALUE, value.span, message).label("unknown");
        scope.add(match closest(text, words().collect::<Vec<_>>()) {
            Some(near) => error.help(format!("use {near}")),
            None => error.help(format!("use {}", alternatives(words()))),
        });
    }
    chosen.map(|choice| choice.1)
}

/// One value for all axes, or one for each.
#[derive(Debug)]
pub(super) enum PerAxis<T> {
    All(Spanned<T>),
    Each(Vec<Spanned<T>>),
}

impl<T: Copy> PerAxis<T> {
    /// The value of an axis; the axes are checked to be enough.
    pub fn get(&self, axis: usize) -> Spanned<T> {
        match self {
            PerAxis::All(value) => *value,
            PerAxis::Each(values) => values[axis],
        }
    }

    /// Whether the value was written for all axes at once.
    pub fn is_shared(&self) -> bool {
        matches!(self, PerAxis::All(_))
    }
}

/// The spatial axes that lists have entries for; unknown when what is read has an error of its own.
pub(super) type Rank = Option<usize>;

/// An integer for all axes, or a list with one for each.
pub(super) fn integers(scope: &mut Scope, value: &Value, what: &str, least: i64, rank: Rank) -> Option<PerAxis<i64>> {
    let ValueKind::List(entries) = &value.kind else {
        let number = integer(scope, value, what, least)?;
        return Some(PerAxis::All(Spanned { value: number, span: value.span }));
    };
    let entry = |(axis, entry): (usize, &Value)| {
        let number = integer(scope, entry, &format!("{what} of axis {axis}"), least);
        number.map(|number| Spanned { value: number, span: entry.span })
    };
    let numbers: Vec<_> = entries.iter().enumerate().map(entry).collect();
    let fits = entries_fit(scope, entries, value.span, what, rank);
    let numbers: Vec<_> = numbers.into_iter().collect::<Option<_>>()?;
    fits.then_some(PerAxis::Each(numbers))
}

/// Checks that a list has one entry for each axis.
pub(super) fn entries_fit(scope: &mut Scope, entries: &[Value], span: Span, what: &str, rank: Rank) -> bool {
    let Some(rank) = rank else {
        return true;
    };
    if entries.len() == rank {
        return true;
    }
    let axes = count(rank, "spatial axis", "spatial axes");
    let message = format!("{what} has {}, but the input has {axes}", count(entries.len(), "entry", "entries"));
    let error = Diagnostic::error(codes::WRONG_COUNT, span, message).label(format!("{rank} expected"));
    let is_padding = what == "padding";
    let help = match entries {
        [lo, hi] if rank == 1 && is_padding => {
            format!("for two sides of one axis write `[[{}, {}]]`", value_text(lo), value_text(hi))
        }
        [first, rest @ ..] if rest.iter().all(|entry| entry.kind == first.kind) => {
            let sides = if entries.len() == 2 * rank && is_padding { "sides" } else { "axes" };
            let one = format!("write `{what}: {}` for all {sides}", shortened(&value_text(first)));
            match entries.len() == rank + 1 {
                true => one + ", or put the batch in front of the input's shape",
                false => one,
            }
        }
        _ if entries.len() == 2 * rank && is_padding => "sides are given as `[[lo, hi], …]`, axis by axis".to_string(),
        _ => format!("write one integer for all axes, or a list of {rank}"),
    };
    scope.add(error.help(help));
    false
}

/// A value as messages show it.
pub(super) fn shown(value: &Value) -> String {
    match &value.kind {
        ValueKind::Integer(text) | ValueKind::Float(text) => shortened(text),
        ValueKind::Name(text) => format!("`{}`", shortened(text)),
        ValueKind::List(_) => "a list".into(),
    }
}
