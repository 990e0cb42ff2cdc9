//! The words that mean something in the language, for those who colour it.

use super::fields::{FIELDS, Form};
use super::net::OPS;
use super::{conv, padding, settings};

/// Every word of the language, by what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Words that start an item or a statement.
    pub keywords: Vec<&'static str>,
    /// What steps of a net compute.
    pub operations: Vec<&'static str>,
    /// Fields with a value.
    pub fields: Vec<&'static str>,
    /// Fields that are true or false.
    pub flags: Vec<&'static str>,
    /// Activations, with or without numbers.
    pub activations: Vec<&'static str>,
    /// Words that are values.
    pub values: Vec<&'static str>,
}

/// The words, from the tables that the compiler itself reads.
pub fn words() -> Words {
    let fields = |is_of: fn(Form) -> bool| FIELDS.iter().filter(|field| is_of(field.1)).map(|field| field.0).collect();
    let values = padding::WORDS.iter().map(|word| word.0);
    let values = values.chain(settings::modes().map(|word| word.0)).chain(conv::layouts().map(|word| word.0));
    Words {
        keywords: vec!["layer", "net", "input", "output"],
        operations: OPS.to_vec(),
        fields: fields(|form| form == Form::Value),
        flags: fields(|form| form == Form::Flag),
        activations: fields(|form| matches!(form, Form::Activation(_))),
        values: values.chain(["true", "false"]).collect(),
    }
}
