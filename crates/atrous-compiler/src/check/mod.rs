//! From what is written to what it means: defaults, shapes, and every error that a user can make.

mod activation;
mod axis;
mod conv;
mod fields;
mod groups;
mod layer;
mod names;
mod net;
mod open;
mod padding;
mod read;
mod scope;
mod settings;
mod shape;
mod suggest;
#[cfg(test)]
mod tests;
mod warnings;
mod words;

pub(crate) use names::type_name;
pub use open::OpenNet;
pub use shape::{Dim, Sizes};
pub(crate) use suggest::closest;
pub use words::{Words, words};

use crate::ast::{File, Item, Name, Statement, Value, ValueKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::net::Net;
use crate::reports::Reports;
use read::MOST;
use std::collections::{BTreeMap, BTreeSet};

/// A layer or net without errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Model {
    /// All sizes are known.
    Net(Net),
    /// Some sizes are free.
    Open(OpenNet),
}

impl Model {
    /// The name of the layer or net.
    pub fn name(&self) -> &str {
        match self {
            Model::Net(net) => &net.name,
            Model::Open(open) => &open.name,
        }
    }
}

use Model as Checked;

/// The layers and nets of a file that have no error, with free names bound to the given sizes.
pub(crate) fn file(file: &File, sizes: &Sizes, reports: &mut Reports) -> Vec<Model> {
    let named = check_item_names(file, reports);
    let sizes_fit = check_sizes(file, sizes, reports);
    let mut models = Vec::new();
    for (item, is_named) in file.items.iter().zip(named) {
        // Errors that are there without sizes are told without them; what is left is told with their numbers.
        let mut unbound = Reports::default();
        let model = check_item(item, &Sizes::new(), &mut unbound);
        let bound: Vec<String> = free_names(item)
            .into_iter()
            .filter_map(|(name, _)| sizes.get(name).map(|size| format!("{name} = {size}")))
            .collect();
        if model.is_none() || bound.is_empty() || !sizes_fit {
            reports.append(unbound, "");
            models.extend(model.filter(|_| is_named));
            continue;
        }
        let mut with_sizes = Reports::default();
        models.extend(check_item(item, sizes, &mut with_sizes).filter(|_| is_named));
        reports.append(with_sizes, &format!(" (with {})", bound.join(", ")));
    }
    models
}

fn check_item(item: &Item, sizes: &Sizes, reports: &mut Reports) -> Option<Model> {
    match item {
        Item::Layer(item) => layer::check(item, sizes, reports),
        Item::Net(item) => net::check(item, sizes, reports),
    }
}

/// For each item whether it can have its name.
fn check_item_names(file: &File, reports: &mut Reports) -> Vec<bool> {
    let mut types: BTreeMap<String, &str> = BTreeMap::new();
    let mut check = |name| {
        let problem = item_name_problem(name, &types);
        if problem.is_none() {
            types.insert(names::type_name(&name.text), &name.text);
        }
        let is_named = problem.is_none();
        problem.into_iter().for_each(|error| reports.add(error));
        is_named
    };
    file.items.iter().map(|item| check(item.name())).collect()
}

/// Why an item cannot have its name beside items that become the given types.
fn item_name_problem(name: &Name, types: &BTreeMap<String, &str>) -> Option<Diagnostic> {
    if let Some(error) = names::item_problem(&name.text, name.span) {
        return Some(error);
    }
    let type_name = names::type_name(&name.text);
    let other = *types.get(&type_name)?;
    let error = |message| Diagnostic::error(codes::ITEM_TWICE, name.span, message);
    let error = match other == name.text {
        true => error(format!("the name `{other}` is defined twice")).label("the second time"),
        false => error(format!("`{other}` and `{}` would both become the type `{type_name}`", name.text))
            .label(format!("`{type_name}` again")),
    };
    Some(error.help("use another name for one of them"))
}

/// Checks sizes that are given from outside.
fn check_sizes(file: &File, sizes: &Sizes, reports: &mut Reports) -> bool {
    let before = reports.error_count();
    let mut free: BTreeMap<&str, Span> = BTreeMap::new();
    for (name, span) in file.items.iter().flat_map(free_names) {
        free.entry(name).or_insert(span);
    }
    for (name, &size) in sizes {
        match free.get(name.as_str()) {
            None => reports.add(unknown_size(file, name, &free)),
            Some(&span) if size == 0 || size > MOST as usize => {
                let message = format!("the size given for {name} is {size}; sizes are 1 to {MOST}");
                reports.add(Diagnostic::error(codes::SIZE_RANGE, span, message));
            }
            Some(_) => {}
        }
    }
    reports.error_count() == before
}

fn unknown_size(file: &File, name: &str, free: &BTreeMap<&str, Span>) -> Diagnostic {
    let span = file.items.first().map_or(Span { start: 0, end: 0 }, |item| item.name().span);
    let message = format!("a size is given for `{name}`, which is no free size here");
    let error = Diagnostic::error(codes::UNKNOWN_SIZE, span, message);
    match closest(name, free.keys().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if free.is_empty() => error.help("all sizes are numbers"),
        None => error.help(format!("use {}", suggest::alternatives(free.keys().copied()))),
    }
}

/// The names in the shapes of inputs, in order.
fn free_names(item: &Item) -> Vec<(&str, Span)> {
    let shapes: Vec<&Value> = match item {
        Item::Layer(item) => layer::input(&item.fields).into_iter().collect(),
        Item::Net(item) => item.statements.iter().filter_map(input_shape).collect(),
    };
    let mut names: Vec<(&str, Span)> = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for entry in shapes.into_iter().flat_map(entries) {
        if let ValueKind::Name(name) = &entry.kind
            && known.insert(name)
        {
            names.push((name, entry.span));
        }
    }
    names
}

fn input_shape(statement: &Statement) -> Option<&Value> {
    match statement {
        Statement::Input { shape, .. } => Some(shape),
        Statement::Step(_) | Statement::Output { .. } => None,
    }
}

fn entries(value: &Value) -> &[Value] {
    match &value.kind {
        ValueKind::List(entries) => entries,
        ValueKind::Integer(_) | ValueKind::Float(_) | ValueKind::Name(_) => &[],
    }
}
