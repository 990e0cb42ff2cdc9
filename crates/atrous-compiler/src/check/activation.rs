//! The activation of a layer or step.

use super::fields::Fields;
use super::read::number;
use super::scope::Scope;
use crate::ast::{Field, Value};
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::layer::Activation;

/// The activation; `None` after an error.
pub(super) fn read(scope: &mut Scope, fields: &Fields) -> Option<Activation> {
    let given: Vec<_> = fields.activations().collect();
    for (name, field, _) in given.iter().skip(1) {
        let message = format!("there are two activations, `{}` and `{name}`", given[0].0);
        let error = Diagnostic::error(codes::TWO_ACTIVATIONS, field.span, message).label("the second activation");
        scope.add(error.help("remove one of them"));
    }
    match given.as_slice() {
        [] => Some(Activation::None),
        [(name, field, values)] => one(scope, name, field, values),
        _ => None,
    }
}

fn one(scope: &mut Scope, name: &str, field: &Field, values: &[Value]) -> Option<Activation> {
    Some(match (name, values) {
        ("relu", _) => Activation::Relu,
        ("relu6", _) => Activation::Relu6,
        ("sigmoid", _) => Activation::Sigmoid,
        ("tanh", _) => Activation::Tanh,
        ("silu", _) => Activation::Silu,
        ("gelu", _) => Activation::Gelu,
        ("hardswish", _) => Activation::Hardswish,
        ("leaky_relu", [slope]) => Activation::LeakyRelu(number(scope, slope, "slope of leaky_relu")?),
        ("clamp", [low, high]) => {
            let low = number(scope, low, "low of clamp");
            let high = number(scope, high, "high of clamp");
            let (low, high) = (low?, high?);
            if low.get() > high.get() {
                let message = format!("clamp has a low of {low:?} above its high of {high:?}");
                let error = Diagnostic::error(codes::ACTIVATION, field.span, message);
                scope.add(error.help(format!("write `clamp({high:?}, {low:?})`")));
                return None;
            }
            Activation::Clamp(low, high)
        }
        // The fields are checked to have as many numbers as their activation takes.
        _ => return None,
    })
}
