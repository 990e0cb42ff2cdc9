//! Names that the user gives: they become Rust identifiers, and those of layers and nets Rust types too.

use crate::codes;
use crate::diagnostic::{Diagnostic, Span};

/// The words that Rust keeps for itself, in any edition.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "Self", "_", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match",
    "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Why a word cannot be a name.
pub(super) fn problem(name: &str, span: Span) -> Option<Diagnostic> {
    KEYWORDS.contains(&name).then(|| {
        let error =
            Diagnostic::error(codes::BAD_NAME, span, format!("`{name}` is a Rust keyword and cannot be a name"));
        let other = if name == "_" { "unused".to_string() } else { format!("{name}_") };
        error.help(format!("use another name, such as `{other}`"))
    })
}

/// Why a word cannot be the name of a layer or net.
pub(super) fn item_problem(name: &str, span: Span) -> Option<Diagnostic> {
    problem(name, span).or_else(|| {
        let type_name = type_name(name);
        let is_type = type_name.starts_with(|c: char| c.is_ascii_alphabetic()) && type_name != "Self";
        (!is_type).then(|| {
            let message = format!("`{name}` cannot be a name: it would become the type name `{type_name}`");
            Diagnostic::error(codes::BAD_NAME, span, message).help("use a name that starts with a letter")
        })
    })
}

/// The name of the Rust type that a layer or net becomes: `fc_6` gives `Fc6`.
pub(crate) fn type_name(name: &str) -> String {
    let capitalised = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('_').filter(|word| !word.is_empty()).map(capitalised).collect()
}
