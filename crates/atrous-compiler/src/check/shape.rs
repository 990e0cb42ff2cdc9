//! Shapes of values, where some sizes may not be known.

use super::names;
use super::read::{MOST, integer, shown};
use super::scope::Scope;
use super::suggest::count;
use crate::ast::{Value, ValueKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use std::collections::BTreeMap;
use std::fmt;

/// The sizes that free names of a source stand for.
pub type Sizes = BTreeMap<String, usize>;

/// One dimension of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dim {
    /// A number, written or bound.
    Known(usize),
    /// A name that is not bound.
    Free(String),
}

/// A number, or the name.
impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Known(size) => write!(f, "{size}"),
            Dim::Free(name) => f.write_str(name),
        }
    }
}

/// The shape of a value as far as it is known, `[N, C, S…]`.
pub(super) type Shape = Vec<Option<usize>>;

/// The most elements of a tensor: 2^40.
pub(super) const MOST_ELEMENTS: u128 = 1 << 40;

/// The shape of an input with bound sizes filled in; `None` after an error.
pub(super) fn read(scope: &mut Scope, value: &Value, what: &str, sizes: &Sizes) -> Option<Vec<Dim>> {
    let ValueKind::List(entries) = &value.kind else {
        let message = format!("{what} is a list `[N, C, …]`, not {}", shown(value));
        let error = Diagnostic::error(codes::WRONG_TYPE, value.span, message);
        scope.add(error.help("write for example `[1, 3, 32, 32]`"));
        return None;
    };
    let read_entry = |(dimension, entry)| read_dim(scope, entry, dimension, what, sizes);
    let dims: Vec<_> = entries.iter().enumerate().map(read_entry).collect();
    if !(3..=5).contains(&entries.len()) {
        let dimensions = count(entries.len(), "dimension", "dimensions");
        let message = format!("{what} has {dimensions}, but a shape has 3 to 5");
        let error = Diagnostic::error(codes::RANK, value.span, message);
        scope.add(error.help("write batch, channels and one to three spatial sizes: `[1, 3, 32, 32]`"));
        return None;
    }
    let dims: Vec<Dim> = dims.into_iter().collect::<Option<_>>()?;
    check_elements(scope, &known(&dims), what, value.span)?;
    Some(dims)
}

/// The dimensions that are numbers.
pub(super) fn known(dims: &[Dim]) -> Shape {
    let size = |dim: &Dim| match dim {
        Dim::Known(size) => Some(*size),
        Dim::Free(_) => None,
    };
    dims.iter().map(size).collect()
}

fn read_dim(scope: &mut Scope, entry: &Value, dimension: usize, what: &str, sizes: &Sizes) -> Option<Dim> {
    let part = match dimension {
        0 => format!("batch of {what}"),
        1 => format!("channel count of {what}"),
        _ => format!("size of {what} in axis {}", dimension - 2),
    };
    let ValueKind::Name(name) = &entry.kind else {
        return usize::try_from(integer(scope, entry, &part, 1)?).ok().map(Dim::Known);
    };
    if dimension == 1 {
        let message = format!("the {part} is an integer, not `{name}`");
        let error = Diagnostic::error(codes::WRONG_TYPE, entry.span, message);
        scope.add(error.help("only the batch and the spatial sizes may be names"));
        return None;
    }
    if let Some(error) = names::problem(name, entry.span) {
        scope.add(error);
        return None;
    }
    Some(sizes.get(name).map_or_else(|| Dim::Free(name.clone()), |&size| Dim::Known(size)))
}

/// Checks that a tensor is not absurdly large, whatever its unknown sizes are.
pub(super) fn check_elements(scope: &mut Scope, shape: &[Option<usize>], what: &str, span: Span) -> Option<()> {
    let Some(size) = shape.iter().flatten().find(|&&size| size as u128 > MOST as u128) else {
        return check_product(scope, shape, what, span);
    };
    let message = format!("{what} has a size of {size}; the most is {MOST}");
    scope.add(Diagnostic::error(codes::TOO_LARGE, span, message).label("too large"));
    None
}

/// The same of a tensor that no source names, so that each size may be larger than one that is written.
pub(super) fn check_product(scope: &mut Scope, shape: &[Option<usize>], what: &str, span: Span) -> Option<()> {
    let times = |product: u128, size: &Option<usize>| product.saturating_mul(size.unwrap_or(1) as u128);
    let elements = shape.iter().fold(1, times);
    if elements <= MOST_ELEMENTS {
        return Some(());
    }
    let message = format!("{what} {} has {elements} elements; the most is {MOST_ELEMENTS} (2^40)", shown_shape(shape));
    scope.add(Diagnostic::error(codes::TOO_LARGE, span, message).label("too large"));
    None
}

/// A shape as messages show it, with `?` for what is not known.
pub(super) fn shown_shape(shape: &[Option<usize>]) -> String {
    let size = |size: &Option<usize>| size.map_or("?".to_string(), |size| size.to_string());
    format!("[{}]", shape.iter().map(size).collect::<Vec<_>>().join(", "))
}
