//! The lexer for macro input.

use super::lexeme;
use super::token::{Bracket, Token, TokenKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::reports::Reports;
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree, token_stream};

/// The most tokens that are read.
const MOST_TOKENS: usize = 1 << 20;

/// The tokens of macro input, and for each its place in the Rust source: a [`Span`] is a range of indices into it.
pub(crate) fn lex(stream: TokenStream, reports: &mut Reports) -> (Vec<Token>, Vec<proc_macro2::Span>) {
    let mut lexer = Lexer { tokens: Vec::new(), places: Vec::new(), attribute: Vec::new(), reports };
    lexer.all(stream);
    lexer.flush_attribute();
    let end = lexer.places.last().copied().unwrap_or_else(proc_macro2::Span::call_site);
    lexer.push(end, |_, _| TokenKind::End);
    (lexer.tokens, lexer.places)
}

struct Lexer<'a> {
    tokens: Vec<Token>,
    places: Vec<proc_macro2::Span>,
    /// A `#`, or `#` and `!`, that may start a documentation comment: Rust turns those into `#[doc = "…"]`.
    attribute: Vec<(char, proc_macro2::Span)>,
    reports: &'a mut Reports,
}

/// A group whose content is being read, and what closes it.
type Inside = (token_stream::IntoIter, Option<(Bracket, proc_macro2::Span)>);

impl Lexer<'_> {
    fn all(&mut self, stream: TokenStream) {
        let mut stack: Vec<Inside> = vec![(stream.into_iter(), None)];
        while let Some((content, close)) = stack.last_mut() {
            if self.tokens.len() >= MOST_TOKENS {
                let span = Span { start: 0, end: 1 };
                let message = format!("the source has too many tokens; at most {MOST_TOKENS} are read");
                self.reports.add(Diagnostic::error(codes::TOO_LONG, span, message));
                return;
            }
            let Some(tree) = content.next() else {
                let close = *close;
                stack.pop();
                self.flush_attribute();
                if let Some((bracket, place)) = close {
                    self.push(place, |_, _| TokenKind::Close(bracket));
                }
                continue;
            };
            stack.extend(self.tree(tree));
        }
    }

    /// Reads one token tree; a group's content is left to the caller.
    fn tree(&mut self, tree: TokenTree) -> Option<Inside> {
        if let TokenTree::Punct(punct) = &tree {
            let starts = self.attribute.is_empty() && punct.as_char() == '#';
            if starts || (self.attribute.len() == 1 && punct.as_char() == '!') {
                self.attribute.push((punct.as_char(), punct.span()));
                return None;
            }
        }
        if let TokenTree::Group(group) = &tree
            && !self.attribute.is_empty()
            && is_documentation(group)
        {
            self.attribute.clear();
            return None;
        }
        self.flush_attribute();
        match tree {
            TokenTree::Group(group) => return Some(self.open(&group)),
            TokenTree::Ident(ident) => {
                self.push(ident.span(), |span, reports| lexeme::word(&ident.to_string(), span, reports));
            }
            TokenTree::Punct(punct) => {
                self.push(punct.span(), |span, reports| lexeme::punctuation(punct.as_char(), span, reports));
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if text.starts_with('-') {
                    self.push(literal.span(), |_, _| TokenKind::Minus);
                }
                let unsigned = text.trim_start_matches('-');
                self.push(literal.span(), |span, reports| lexeme::literal(unsigned, span, reports));
            }
        }
        None
    }

    fn open(&mut self, group: &Group) -> Inside {
        let bracket = match group.delimiter() {
            Delimiter::Parenthesis => Bracket::Round,
            Delimiter::Bracket => Bracket::Square,
            Delimiter::Brace => Bracket::Curly,
            Delimiter::None => return (group.stream().into_iter(), None),
        };
        self.push(group.span_open(), |_, _| TokenKind::Open(bracket));
        (group.stream().into_iter(), Some((bracket, group.span_close())))
    }

    /// What looked like the start of a documentation comment was not one.
    fn flush_attribute(&mut self) {
        for (character, place) in std::mem::take(&mut self.attribute) {
            self.push(place, |span, reports| lexeme::punctuation(character, span, reports));
        }
    }

    /// Adds a token with its place.
    fn push(&mut self, place: proc_macro2::Span, kind: impl FnOnce(Span, &mut Reports) -> TokenKind) {
        let span = Span { start: self.places.len(), end: self.places.len() + 1 };
        self.places.push(place);
        self.tokens.push(Token { kind: kind(span, self.reports), span });
    }
}

/// Whether a group is `[doc = "…"]`, which is what Rust makes of a documentation comment.
fn is_documentation(group: &Group) -> bool {
    let content: Vec<TokenTree> = group.stream().into_iter().take(4).collect();
    let [TokenTree::Ident(word), TokenTree::Punct(equals), TokenTree::Literal(_)] = &content[..] else { return false };
    group.delimiter() == Delimiter::Bracket && word == "doc" && equals.as_char() == '='
}
