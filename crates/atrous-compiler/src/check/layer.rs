//! A layer that stands alone.

use super::conv;
use super::fields::Place;
use super::scope::Scope;
use super::shape::{self, Sizes};
use super::{Checked, open};
use crate::ast::{Field, Given, LayerItem, Value};
use crate::layer::Layout;
use crate::net::Net;
use crate::reports::Reports;

/// Checks a layer with the sizes that are bound.
pub(super) fn check(item: &LayerItem, sizes: &Sizes, reports: &mut Reports) -> Option<Checked> {
    let before = reports.error_count();
    let mut scope = Scope { subject: format!("layer `{}`", item.name.text), reports };
    let input = input(&item.fields).and_then(|value| shape::read(&mut scope, value, "input", sizes));
    let known = input.as_deref().map(shape::known);
    let conv = conv::check(&mut scope, &item.name, &item.fields, known.as_ref(), Place::Layer);
    if reports.error_count() > before {
        return None;
    }
    match conv.layer {
        Some(layer) => Some(Checked::Net(Net::of_layer(layer))),
        None => {
            let inputs = vec![("input".to_string(), input?)];
            let layout = conv.layout.map_or(Layout::Nchw, |layout| layout.value);
            Some(Checked::Open(open::new(&item.name.text, true, inputs, vec![item.name.text.clone()], layout)))
        }
    }
}

/// The value of the first field `input`.
pub(super) fn input(fields: &[Field]) -> Option<&Value> {
    let field = fields.iter().find(|field| field.name.text == "input")?;
    match &field.given {
        Given::Value(value) => Some(value),
        Given::Flag | Given::Arguments(_) => None,
    }
}
