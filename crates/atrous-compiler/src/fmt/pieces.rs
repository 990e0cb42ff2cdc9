//! Tokens, each with the comments before it, and what of the space between them counts.

use crate::diagnostic::Span;
use crate::syntax::{Token, TokenKind};

/// A token and what stands before it.
pub(super) struct Piece<'a> {
    pub kind: &'a TokenKind,
    /// As written.
    pub text: &'a str,
    /// Between the token before and this one.
    pub comments: Vec<Comment>,
    /// Whether something before it, a comment or a token, is on an earlier line.
    pub own_line: bool,
    /// Whether an empty line stands right before it.
    pub blank: bool,
}

/// A comment.
pub(super) struct Comment {
    /// Without space at the ends of its lines.
    pub text: String,
    /// Whether the rest of its line is a part of it.
    pub is_line: bool,
    /// Whether it starts on another line than what stands before it.
    pub own_line: bool,
    /// Whether what follows is on another line than its end.
    pub ends_line: bool,
    /// Whether an empty line stands right before it.
    pub blank: bool,
}

impl Comment {
    /// Whether it may stand in the middle of a line, between two tokens.
    pub fn is_inline(&self) -> bool {
        !self.is_line && !self.own_line && !self.text.contains('\n')
    }
}

/// The pieces of a text without syntax errors; the last is [`TokenKind::End`].
pub(super) fn cut<'a>(text: &'a str, tokens: &'a [Token], comments: &[Span]) -> Vec<Piece<'a>> {
    let mut comments = comments.iter().peekable();
    let mut behind = 0;
    let mut pieces: Vec<Piece> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let mut before: Vec<Comment> = Vec::new();
        while let Some(span) = comments.next_if(|span| span.start < token.span.start) {
            let breaks = line_breaks(&text[behind..span.start]);
            before.iter_mut().last().iter_mut().for_each(|comment| comment.ends_line = breaks > 0);
            before.push(comment(&text[span.range()], breaks));
            behind = span.end;
        }
        let breaks = line_breaks(&text[behind..token.span.start]);
        before.iter_mut().last().iter_mut().for_each(|comment| comment.ends_line = breaks > 0);
        let text = &text[token.span.range()];
        pieces.push(Piece { kind: &token.kind, text, comments: before, own_line: breaks > 0, blank: breaks > 1 });
        behind = token.span.end;
    }
    separators_first(&mut pieces);
    pieces
}

/// A comma or semicolon follows what it separates: comments that end their line, or stand on one of their own, come behind.
fn separators_first(pieces: &mut [Piece]) {
    for at in 0..pieces.len() {
        if let TokenKind::Comma | TokenKind::Semicolon = pieces[at].kind {
            let inline = inline(&pieces[at].comments);
            let moved = pieces[at].comments.split_off(inline);
            let behind = &mut pieces[at + 1].comments;
            let ends_line = moved.last().is_some_and(|comment| comment.ends_line);
            behind.iter_mut().take(1).for_each(|comment| comment.own_line |= ends_line);
            behind.splice(0..0, moved);
        }
    }
}

/// How many comments at the start may stand between what they follow and its separator.
pub(super) fn inline(comments: &[Comment]) -> usize {
    comments.iter().take_while(|comment| comment.is_inline()).count()
}

fn comment(text: &str, breaks: usize) -> Comment {
    Comment {
        text: text.split('\n').map(str::trim_end).collect::<Vec<_>>().join("\n"),
        is_line: text.starts_with("//"),
        own_line: breaks > 0,
        ends_line: false,
        blank: breaks > 1,
    }
}

fn line_breaks(space: &str) -> usize {
    space.bytes().filter(|&byte| byte == b'\n').count()
}
