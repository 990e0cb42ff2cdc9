//! Which fields and flags there are, and how each is written.

use super::read::shown;
use super::scope::{Scope, Spanned};
use super::suggest::{closest, count};
use crate::ast::{Field, Given, Value, ValueKind, value_text};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::syntax::shortened;

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `name: value`
    Value,
    /// `name`, or `name: true`
    Flag,
    /// As many numbers in parentheses; none at all is written like a flag.
    Activation(&'static [&'static str]),
}

/// Every field, with an example.
#[rustfmt::skip]
pub(super) const FIELDS: &[(&str, Form, &str)] = &[
    ("input",          Form::Value,                        "input: [1, 3, 32, 32]"),
    ("channels",       Form::Value,                        "channels: 16"),
    ("kernel",         Form::Value,                        "kernel: 3"),
    ("stride",         Form::Value,                        "stride: 2"),
    ("dilation",       Form::Value,                        "dilation: 2"),
    ("padding",        Form::Value,                        "padding: 1"),
    ("padding_mode",   Form::Value,                        "padding_mode: reflect"),
    ("transposed",     Form::Flag,                         "transposed"),
    ("output_padding", Form::Value,                        "output_padding: 1"),
    ("output_size",    Form::Value,                        "output_size: [64, 64]"),
    ("groups",         Form::Value,                        "groups: 2"),
    ("depthwise",      Form::Flag,                         "depthwise"),
    ("bias",           Form::Flag,                         "bias"),
    ("relu",           Form::Activation(&[]),              "relu"),
    ("relu6",          Form::Activation(&[]),              "relu6"),
    ("leaky_relu",     Form::Activation(&["slope"]),       "leaky_relu(0.01)"),
    ("sigmoid",        Form::Activation(&[]),              "sigmoid"),
    ("tanh",           Form::Activation(&[]),              "tanh"),
    ("silu",           Form::Activation(&[]),              "silu"),
    ("gelu",           Form::Activation(&[]),              "gelu"),
    ("hardswish",      Form::Activation(&[]),              "hardswish"),
    ("clamp",          Form::Activation(&["low", "high"]), "clamp(0, 6)"),
    ("layout",         Form::Value,                        "layout: nhwc"),
];

/// Where fields stand, which decides what fields there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a `layer`.
    Layer,
    /// Behind `conv(…)`.
    Conv,
    /// Behind `add(…)` or `mul(…)`.
    Elementwise,
}

/// Fields that are known, not repeated and written as they should be.
pub(super) struct Fields<'a> {
    given: Vec<(&'static str, Form, &'a Field)>,
    /// What an unknown or misused field probably means: not reported as missing.
    pub meant: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The value of a field.
    pub fn value(&self, name: &str) -> Option<&'a Value> {
        match &self.field(name)?.given {
            Given::Value(value) => Some(value),
            Given::Flag | Given::Arguments(_) => None,
        }
    }

    /// Whether a flag is set, if it is given.
    pub fn flag(&self, name: &str) -> Option<Spanned<bool>> {
        let field = self.field(name)?;
        Some(Spanned { value: is_set(field), span: field.name.span })
    }

    /// Where the name of a field stands.
    pub fn name_span(&self, name: &str) -> Option<Span> {
        self.field(name).map(|field| field.name.span)
    }

    /// The activations that are not switched off, with the numbers they are given.
    pub fn activations(&self) -> impl Iterator<Item = (&'static str, &'a Field, &'a [Value])> {
        let activations = self.given.iter().filter(|given| matches!(given.1, Form::Activation(_)) && is_set(given.2));
        activations.map(|&(name, _, field)| match &field.given {
            Given::Arguments(values) => (name, field, values.as_slice()),
            Given::Flag | Given::Value(_) => (name, field, [].as_slice()),
        })
    }

    fn field(&self, name: &str) -> Option<&'a Field> {
        self.given.iter().find(|given| given.0 == name).map(|given| given.2)
    }
}

fn is_set(field: &Field) -> bool {
    !matches!(&field.given, Given::Value(Value { kind: ValueKind::Name(word), .. }) if word == "false")
}

/// Sorts out the fields of a layer or step.
pub(super) fn collect<'a>(scope: &mut Scope, fields: &'a [Field], place: Place) -> Fields<'a> {
    let mut collected = Fields { given: Vec::new(), meant: Vec::new() };
    let mut seen = Vec::new();
    for field in fields {
        let Some(&(name, form, example)) = FIELDS.iter().find(|known| known.0 == field.name.text) else {
            let (error, meant) = unknown(field, place);
            scope.add(error);
            collected.meant.extend(meant);
            continue;
        };
        let problem = if seen.contains(&name) {
            let error = Diagnostic::error(codes::REPEATED_FIELD, field.name.span, format!("`{name}` is given twice"));
            Some(error.label("the second time").help("remove one of them"))
        } else {
            misplaced(field, name, form, place).or_else(|| misformed(field, name, form, example))
        };
        seen.push(name);
        match problem {
            Some(error) => {
                scope.add(error);
                collected.meant.push(name);
            }
            None => collected.given.push((name, form, field)),
        }
    }
    collected
}

fn unknown(field: &Field, place: Place) -> (Diagnostic, Option<&'static str>) {
    let name = &field.name.text;
    let message = format!("there is no field or flag `{}`", shortened(name));
    let error = Diagnostic::error(codes::UNKNOWN_FIELD, field.name.span, message).label("unknown");
    if matches!(name.as_str(), "activation" | "act" | "activation_fn" | "nonlinearity") {
        return (error.help(activation_help(&field.given)), None);
    }
    if matches!(name.as_str(), "in_channels" | "input_channels") {
        return (error.help("the input channels are the second entry of the input's shape"), None);
    }
    let known = FIELDS.iter().filter(|known| has_place(known.0, known.1, place)).map(|known| known.0);
    let Some(near) = closest(name, known) else {
        return (error.help(known_help(&field.given, place)), None);
    };
    let example = FIELDS.iter().find(|known| known.0 == near);
    let written = example.map_or(near.to_string(), |&(_, form, example)| written_as(near, form, &field.given, example));
    (error.help(format!("did you mean `{written}`?")), Some(near))
}

/// A field as it should be written, with the value that the user gave it if that has the right form.
fn written_as(name: &str, form: Form, given: &Given, example: &str) -> String {
    match (form, given) {
        (Form::Value, Given::Value(value)) if !matches!(value.kind, ValueKind::Name(_)) => {
            format!("{name}: {}", shortened(&value_text(value)))
        }
        _ => example.to_string(),
    }
}

/// What there is of the form that the user has written.
fn known_help(given: &Given, place: Place) -> String {
    let is_alike = |form: Form| match given {
        Given::Value(_) => form == Form::Value,
        Given::Flag => form != Form::Value,
        Given::Arguments(_) => matches!(form, Form::Activation(names) if !names.is_empty()),
    };
    let known = FIELDS.iter().filter(|known| has_place(known.0, known.1, place));
    let alike: Vec<&str> = known.filter(|known| is_alike(known.1)).map(|known| known.0).collect();
    match given {
        _ if alike.is_empty() => "besides its operands it takes only an activation".to_string(),
        Given::Value(_) => format!("fields with a value are {}", alike.join(", ")),
        Given::Flag => format!("flags are {}", alike.join(", ")),
        Given::Arguments(_) => format!("numbers in parentheses stand behind {} only", alike.join(" and ")),
    }
}

fn activation_help(given: &Given) -> String {
    let is_activation = |form: Form| matches!(form, Form::Activation(_));
    let known = FIELDS.iter().filter(|known| is_activation(known.1));
    let meant = match given {
        Given::Value(Value { kind: ValueKind::Name(word), .. }) => closest(word, known.clone().map(|known| known.0)),
        Given::Value(_) | Given::Flag | Given::Arguments(_) => None,
    };
    let example = known.clone().find(|known| Some(known.0) == meant).map_or("relu", |known| known.2);
    format!("activations stand alone: write `{example}`")
}

fn has_place(name: &str, form: Form, place: Place) -> bool {
    match place {
        Place::Layer => true,
        Place::Conv => name != "input",
        Place::Elementwise => matches!(form, Form::Activation(_)),
    }
}

fn misplaced(field: &Field, name: &str, form: Form, place: Place) -> Option<Diagnostic> {
    let error = |message| Diagnostic::error(codes::MISPLACED_FIELD, field.name.span, message);
    if has_place(name, form, place) {
        return None;
    }
    Some(match place {
        Place::Elementwise => error(format!("`{name}` has no meaning for this operation"))
            .help("besides its operands it takes only an activation"),
        Place::Layer | Place::Conv => error(format!("`{name}` has no meaning in a net"))
            .help("the input is what stands in parentheses: `conv(x)`"),
    })
}

/// What is wrong with the way in which a field is written.
fn misformed(field: &Field, name: &str, form: Form, example: &str) -> Option<Diagnostic> {
    let error = |message| Some(Diagnostic::error(codes::FIELD_FORM, field.name.span, message));
    let joined = |values: &[Value]| shortened(&values.iter().map(value_text).collect::<Vec<_>>().join(", "));
    let (problem, help) = match (form, &field.given) {
        (Form::Value, Given::Value(_)) | (Form::Flag, Given::Flag) => return None,
        (Form::Flag | Form::Activation([]), Given::Value(value)) => return not_boolean(value, name),
        (Form::Activation(numbers), Given::Flag) => return wrong_numbers(field, name, numbers, &[], example),
        (Form::Activation(numbers), Given::Arguments(values)) => {
            return wrong_numbers(field, name, numbers, values, example);
        }
        (Form::Value, Given::Flag) => (format!("`{name}` has no value"), format!("write for example `{example}`")),
        (Form::Value, Given::Arguments(values)) => {
            let value = if values.len() == 1 { joined(values) } else { format!("[{}]", joined(values)) };
            (format!("the value of `{name}` does not stand in parentheses"), format!("write `{name}: {value}`"))
        }
        (Form::Flag, Given::Arguments(_)) => (format!("`{name}` is a flag"), format!("write `{name}` alone")),
        (Form::Activation(_), Given::Value(value)) => {
            let help = match value.kind {
                ValueKind::Integer(_) | ValueKind::Float(_) => format!("write `{name}({})`", shown(value)),
                ValueKind::Name(_) | ValueKind::List(_) => format!("write for example `{example}`"),
            };
            (format!("the numbers of `{name}` stand in parentheses"), help)
        }
    };
    error(problem).map(|error| error.help(help))
}

/// What stands for false elsewhere.
const NO: &[&str] = &["False", "FALSE", "no", "off", "none", "None", "0"];

fn not_boolean(value: &Value, name: &str) -> Option<Diagnostic> {
    if matches!(&value.kind, ValueKind::Name(word) if word == "true" || word == "false") {
        return None;
    }
    let message = format!("{name} is true or false, not {}", shown(value));
    let help = match &value.kind {
        ValueKind::Name(text) | ValueKind::Integer(text) if NO.contains(&text.as_str()) => {
            format!("leave it out, or write `{name}: false`")
        }
        _ => format!("write `{name}` alone"),
    };
    Some(Diagnostic::error(codes::WRONG_TYPE, value.span, message).help(help))
}

fn wrong_numbers(field: &Field, name: &str, names: &[&str], values: &[Value], example: &str) -> Option<Diagnostic> {
    if names.len() == values.len() && (!names.is_empty() || field.given == Given::Flag) {
        return None;
    }
    let wants = match names {
        [] => "no number".to_string(),
        names => format!("{} ({})", count(names.len(), "number", "numbers"), names.join(", ")),
    };
    let message = match (names, values) {
        ([], []) => format!("`{name}` takes no number, so it has no parentheses"),
        _ => format!("`{name}` takes {wants}, not {}", values.len()),
    };
    let error = Diagnostic::error(codes::ACTIVATION, field.span, message);
    Some(error.help(if names.is_empty() {
        format!("write `{name}`")
    } else {
        format!("write for example `{example}`")
    }))
}
