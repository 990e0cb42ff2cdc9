//! From a source to its models and diagnostics: lexer, grammar and check in one call.

use crate::ast::File;
use crate::check;
use crate::codes;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::reports::Reports;
use crate::syntax::{self, Token};
use proc_macro2::TokenStream;

#[cfg(test)]
pub(crate) mod tests;

pub use crate::check::{Dim, Model, OpenNet, Sizes, Words, words};

/// All that is known of a source.
#[derive(Clone, Debug)]
pub struct Front {
    /// The layers and nets that have no error, in order.
    pub models: Vec<Model>,
    /// Errors and warnings, in the order of the source.
    pub diagnostics: Vec<Diagnostic>,
    /// What the lexer made of the source; ends with [`syntax::TokenKind::End`].
    pub tokens: Vec<Token>,
    /// What the grammar made of the tokens; `None` after an error of either.
    pub file: Option<File>,
}

impl Front {
    /// Whether the source has an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Reads a text. Spans are ranges of its bytes.
pub fn text(text: &str, sizes: &Sizes) -> Front {
    let mut reports = Reports::default();
    let tokens = syntax::lex_text(text, &mut reports);
    finish(tokens, sizes, reports)
}

/// Reads bytes that should be UTF-8 text. Spans are ranges of the bytes.
pub fn bytes(bytes: &[u8], sizes: &Sizes) -> Front {
    match utf8(bytes) {
        Ok(utf8) => text(utf8, sizes),
        Err(error) => Front { models: Vec::new(), diagnostics: vec![error], tokens: Vec::new(), file: None },
    }
}

/// Bytes as text, if they are that.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Diagnostic> {
    let utf8 = std::str::from_utf8(bytes);
    let end = utf8.map_or_else(|error| error.valid_up_to(), str::len);
    // Other formats and UTF-16 have zeros, and no text has.
    let zero = bytes[..end].iter().position(|&byte| byte == 0);
    let (at, why) = match (utf8, zero) {
        (Ok(utf8), None) => return Ok(utf8),
        (_, Some(at)) => (at, "is zero"),
        (Err(_), None) => (end, "starts no character"),
    };
    let byte = bytes.get(at).copied().unwrap_or_default();
    let message = format!("the file is not UTF-8 text: the byte {byte:#04x} at offset {at} {why}");
    let span = Span { start: at, end: at + 1 };
    Err(Diagnostic::error(codes::NOT_UTF8, span, message).help("save the file as UTF-8"))
}

/// Reads macro input. Spans are ranges of indices into the places that are given back.
pub fn tokens(stream: TokenStream, sizes: &Sizes) -> (Front, Vec<proc_macro2::Span>) {
    let mut reports = Reports::default();
    let (tokens, places) = syntax::lex_stream(stream, &mut reports);
    (finish(tokens, sizes, reports), places)
}

/// Each phase runs when the one before has found no error.
fn finish(tokens: Vec<Token>, sizes: &Sizes, reports: Reports) -> Front {
    let (file, mut reports) = syntax::parse(&tokens, reports);
    let models = file.as_ref().map(|file| check::file(file, sizes, &mut reports)).unwrap_or_default();
    Front { models, diagnostics: reports.finish(), tokens, file }
}
