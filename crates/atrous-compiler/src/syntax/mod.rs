//! From text or macro input to [`crate::ast`]: two lexers, one grammar.

mod brackets;
mod cursor;
mod grammar;
mod lexeme;
mod stream;
mod text;
mod token;

pub use text::LONGEST_TEXT;
pub use token::{Bracket, Token, TokenKind, print_tokens};

pub(crate) use token::shortened;

use crate::ast::File;
use crate::codes;
use crate::diagnostic::Diagnostic;
use crate::reports::Reports;
use proc_macro2::TokenStream;

/// The tokens of a text, with byte ranges as spans.
pub fn text(text: &str) -> (Vec<Token>, Vec<Diagnostic>) {
    let mut reports = Reports::default();
    let tokens = text::lex(text, &mut reports);
    (tokens, reports.finish())
}

/// The tokens of macro input, and the places in the Rust source that their spans index.
pub fn stream(stream: TokenStream) -> (Vec<Token>, Vec<proc_macro2::Span>, Vec<Diagnostic>) {
    let mut reports = Reports::default();
    let (tokens, places) = stream::lex(stream, &mut reports);
    (tokens, places, reports.finish())
}

pub(crate) use stream::lex as lex_stream;
pub(crate) use text::{lex as lex_text, lex_with_comments};

/// Reads tokens; the file only when neither the lexer nor the grammar has reported an error.
pub(crate) fn parse(tokens: &[Token], mut reports: Reports) -> (Option<File>, Reports) {
    // What stands behind such an error is not read, so brackets that seem open there say nothing.
    if reports.has(codes::OPEN_COMMENT) || reports.has(codes::TOO_LONG) {
        return (None, reports);
    }
    let before = reports.error_count();
    brackets::check(tokens, &mut reports);
    if reports.error_count() > before {
        return (None, reports);
    }
    let (file, reports) = grammar::file(tokens, reports);
    ((reports.error_count() == 0).then_some(file), reports)
}
