//! What was written: names, values and their places, in order, before anything is known to be right.

use crate::diagnostic::Span;
use std::fmt::Write;

/// A whole source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Layers and nets, in order.
    pub items: Vec<Item>,
}

/// A layer or a net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `layer name { fields }`
    Layer(LayerItem),
    /// `net name { statements }`
    Net(NetItem),
}

impl Item {
    /// The name that is defined.
    pub fn name(&self) -> &Name {
        match self {
            Item::Layer(layer) => &layer.name,
            Item::Net(net) => &net.name,
        }
    }
}

/// `layer name { fields }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerItem {
    /// The layer's name.
    pub name: Name,
    /// Its fields, in order.
    pub fields: Vec<Field>,
}

/// `net name { statements }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetItem {
    /// The net's name.
    pub name: Name,
    /// Its statements, in order.
    pub statements: Vec<Statement>,
}

/// A word and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The word.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// A statement of a net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `input name: [sizes];`
    Input {
        /// The name of the value.
        name: Name,
        /// Its shape.
        shape: Value,
    },
    /// `name = op(reads) { fields };`
    Step(Step),
    /// `output names;`
    Output {
        /// The names of values.
        names: Vec<Name>,
    },
}

/// `name = op(reads) { fields };`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The name of the computed value.
    pub name: Name,
    /// The name of the operation.
    pub op: Name,
    /// The names of the values that are read.
    pub reads: Vec<Name>,
    /// The fields, in order.
    pub fields: Vec<Field>,
}

/// A field or flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// What stands behind the name.
    pub given: Given,
    /// All of it.
    pub span: Span,
}

/// What stands behind the name of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// Nothing: `bias`
    Flag,
    /// `kernel: 3`
    Value(Value),
    /// `clamp(0, 6)`
    Arguments(Vec<Value>),
}

/// A value and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The value.
    pub kind: ValueKind,
    /// Its place.
    pub span: Span,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A decimal integer as written, with its sign.
    Integer(String),
    /// A decimal fraction as written, with its sign.
    Float(String),
    /// A word.
    Name(String),
    /// Values in square brackets.
    List(Vec<Value>),
}

/// The file as an indented tree: one name or field a line, each behind its span.
pub fn print(file: &File) -> String {
    let mut out = String::new();
    for item in &file.items {
        match item {
            Item::Layer(layer) => {
                line(&mut out, 0, layer.name.span, &format!("layer {}", layer.name.text));
                print_fields(&mut out, 1, &layer.fields);
            }
            Item::Net(net) => {
                line(&mut out, 0, net.name.span, &format!("net {}", net.name.text));
                net.statements.iter().for_each(|statement| print_statement(&mut out, statement));
            }
        }
    }
    out
}

fn line(out: &mut String, depth: usize, span: Span, text: &str) {
    let place = format!("{}..{}", span.start, span.end);
    let indent = 4 * depth;
    // Writing to a string does not fail.
    let _ = writeln!(out, "{place:12} {:indent$}{text}", "");
}

fn print_statement(out: &mut String, statement: &Statement) {
    match statement {
        Statement::Input { name, shape } => {
            line(out, 1, name.span, &format!("input {}", name.text));
            line(out, 2, shape.span, &format!("shape {}", value_text(shape)));
        }
        Statement::Step(step) => {
            line(out, 1, step.name.span, &format!("step {}", step.name.text));
            line(out, 2, step.op.span, &format!("op {}", step.op.text));
            step.reads.iter().for_each(|read| line(out, 2, read.span, &format!("reads {}", read.text)));
            print_fields(out, 2, &step.fields);
        }
        Statement::Output { names } => {
            names.iter().for_each(|name| line(out, 1, name.span, &format!("output {}", name.text)));
        }
    }
}

fn print_fields(out: &mut String, depth: usize, fields: &[Field]) {
    for field in fields {
        let name = &field.name.text;
        let text = match &field.given {
            Given::Flag => format!("flag {name}"),
            Given::Value(value) => format!("field {name}: {}", value_text(value)),
            Given::Arguments(values) => format!("flag {name}({})", values_text(values)),
        };
        line(out, depth, field.span, &text);
    }
}

/// A value as it was written.
pub(crate) fn value_text(value: &Value) -> String {
    match &value.kind {
        ValueKind::Integer(text) | ValueKind::Float(text) | ValueKind::Name(text) => text.clone(),
        ValueKind::List(values) => format!("[{}]", values_text(values)),
    }
}

fn values_text(values: &[Value]) -> String {
    values.iter().map(value_text).collect::<Vec<_>>().join(", ")
}
