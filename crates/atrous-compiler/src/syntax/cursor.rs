//! What nom needs to read slices of tokens, and the small parsers that the grammar is made of.

use super::token::{Token, TokenKind};
use crate::ast::Name;
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::reports::Reports;
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Input, Needed, Parser};
use std::cell::RefCell;

/// The tokens that are not read yet, and where parsers report errors that they recover from.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    /// Ends with [`TokenKind::End`], which no parser consumes.
    pub tokens: &'a [Token],
    pub reports: &'a RefCell<Reports>,
}

impl<'a> Tokens<'a> {
    /// The next token.
    pub fn first(self) -> Option<&'a Token> {
        self.tokens.first()
    }

    /// The kind of the next token.
    pub fn kind(self) -> &'a TokenKind {
        self.first().map_or(&TokenKind::End, |token| &token.kind)
    }

    /// The tokens behind the next one.
    pub fn rest(self) -> Tokens<'a> {
        Tokens { tokens: self.tokens.get(1..).unwrap_or_default(), ..self }
    }

    /// Reports an error that the caller recovers from.
    pub fn report(self, fault: Fault) {
        if let Some(diagnostic) = fault.0 {
            self.reports.borrow_mut().add(*diagnostic);
        }
    }

    /// What is consumed between here and a later state of the same input.
    pub fn span_to(self, later: Tokens<'a>) -> Span {
        let consumed = &self.tokens[..self.tokens.len() - later.tokens.len()];
        let whole = consumed.first().zip(consumed.last()).map(|(first, last)| first.span.to(last.span));
        whole.or(self.first().map(|token| token.span)).unwrap_or(Span { start: 0, end: 0 })
    }
}

/// Why a parser failed: an error to report, or nothing when the token it stopped at has been reported already.
#[derive(Debug)]
pub(super) struct Fault(pub Option<Box<Diagnostic>>);

impl Fault {
    /// The next token is not what the grammar wants: "expected {what}, found …".
    pub fn expected(input: Tokens, what: &str) -> Fault {
        match input.first() {
            Some(Token { kind: TokenKind::Bad(_), .. }) | None => Fault(None),
            Some(token) => {
                let message = format!("expected {what}, found {}", token.kind);
                let fault = Fault(Some(Box::new(Diagnostic::error(codes::UNEXPECTED_TOKEN, token.span, message))));
                match (&token.kind, input.rest().kind()) {
                    (TokenKind::Minus, TokenKind::Name(_)) => fault.help("names are written with `_` instead of `-`"),
                    _ => fault,
                }
            }
        }
    }

    /// The same with a help.
    pub fn help(self, help: impl Into<String>) -> Fault {
        Fault(self.0.map(|diagnostic| Box::new(diagnostic.help(help))))
    }
}

impl<'a> ParseError<Tokens<'a>> for Fault {
    fn from_error_kind(input: Tokens<'a>, _: ErrorKind) -> Fault {
        Fault::expected(input, "something else")
    }

    fn append(_: Tokens<'a>, _: ErrorKind, other: Fault) -> Fault {
        other
    }
}

/// What a parser gives back.
pub(super) type Parsed<'a, T> = IResult<Tokens<'a>, T, Fault>;

/// One token of a kind.
pub(super) fn token<'a>(kind: TokenKind, what: &'static str) -> impl Parser<Tokens<'a>, Output = Span, Error = Fault> {
    move |input: Tokens<'a>| match input.first() {
        Some(token) if token.kind == kind => Ok((input.rest(), token.span)),
        _ => Err(nom::Err::Error(Fault::expected(input, what))),
    }
}

/// One word of the language.
pub(super) fn word<'a>(text: &'static str) -> impl Parser<Tokens<'a>, Output = Span, Error = Fault> {
    move |input: Tokens<'a>| match input.first() {
        Some(Token { kind: TokenKind::Name(name), span }) if name == text => Ok((input.rest(), *span)),
        _ => Err(nom::Err::Error(Fault::expected(input, &format!("`{text}`")))),
    }
}

/// Any word.
pub(super) fn name<'a>(what: &'static str) -> impl Parser<Tokens<'a>, Output = Name, Error = Fault> {
    move |input: Tokens<'a>| match input.first() {
        Some(Token { kind: TokenKind::Name(text), span }) => {
            Ok((input.rest(), Name { text: text.clone(), span: *span }))
        }
        _ => Err(nom::Err::Error(Fault::expected(input, what))),
    }
}

/// The input behind everything up to a token at the depth of the next one that satisfies a condition, or up to the
/// bracket that closes around it.
pub(super) fn skip_to<'a>(input: Tokens<'a>, stop: impl Fn(&TokenKind) -> bool) -> Tokens<'a> {
    let mut depth = 0usize;
    let end = input.tokens.iter().position(|token| {
        let at_depth = depth == 0;
        match token.kind {
            TokenKind::End => return true,
            TokenKind::Close(_) if at_depth => return true,
            _ if at_depth && stop(&token.kind) => return true,
            TokenKind::Open(_) => depth += 1,
            TokenKind::Close(_) => depth -= 1,
            _ => {}
        }
        false
    });
    Tokens { tokens: &input.tokens[end.unwrap_or(input.tokens.len())..], ..input }
}

impl<'a> Input for Tokens<'a> {
    type Item = &'a Token;
    type Iter = std::slice::Iter<'a, Token>;
    type IterIndices = std::iter::Enumerate<std::slice::Iter<'a, Token>>;

    fn input_len(&self) -> usize {
        self.tokens.len()
    }

    fn take(&self, count: usize) -> Self {
        Tokens { tokens: &self.tokens[..count], ..*self }
    }

    fn take_from(&self, count: usize) -> Self {
        Tokens { tokens: &self.tokens[count..], ..*self }
    }

    fn take_split(&self, count: usize) -> (Self, Self) {
        (self.take_from(count), self.take(count))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.tokens.iter().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.tokens.iter()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.tokens.iter().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if count <= self.tokens.len() { Ok(count) } else { Err(Needed::new(count - self.tokens.len())) }
    }
}
