//! Tokens: what both lexers produce and the grammar reads.

use crate::diagnostic::Span;
use std::fmt;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is.
    pub span: Span,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A word: of the language, or a name given by the user.
    Name(String),
    /// A decimal integer as written, without its sign.
    Integer(String),
    /// A decimal fraction as written, without its sign.
    Float(String),
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `=`
    Equals,
    /// `-`
    Minus,
    /// `(`, `[` or `{`
    Open(Bracket),
    /// `)`, `]` or `}`
    Close(Bracket),
    /// Something that a lexer has already reported.
    Bad(String),
    /// Behind the last token; every token sequence ends with it.
    End,
}

/// The kind of a pair of brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    /// `( )`
    Round,
    /// `[ ]`
    Square,
    /// `{ }`
    Curly,
}

impl Bracket {
    /// The bracket that opens.
    pub fn open(self) -> char {
        match self {
            Bracket::Round => '(',
            Bracket::Square => '[',
            Bracket::Curly => '{',
        }
    }

    /// The bracket that closes.
    pub fn close(self) -> char {
        match self {
            Bracket::Round => ')',
            Bracket::Square => ']',
            Bracket::Curly => '}',
        }
    }
}

/// As messages show a token.
impl fmt::Display for TokenKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenKind::Name(text) | TokenKind::Integer(text) | TokenKind::Float(text) | TokenKind::Bad(text) => {
                write!(f, "`{}`", shortened(text))
            }
            TokenKind::Colon => f.write_str("`:`"),
            TokenKind::Comma => f.write_str("`,`"),
            TokenKind::Semicolon => f.write_str("`;`"),
            TokenKind::Equals => f.write_str("`=`"),
            TokenKind::Minus => f.write_str("`-`"),
            TokenKind::Open(bracket) => write!(f, "`{}`", bracket.open()),
            TokenKind::Close(bracket) => write!(f, "`{}`", bracket.close()),
            TokenKind::End => f.write_str("the end"),
        }
    }
}

/// A text as messages show it: on one line, and not longer than a line.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    let printable = |text: &str| text.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => printable(&text[..end]) + "…",
        None => printable(text),
    }
}

/// One token a line, each behind its span.
pub fn print_tokens(tokens: &[Token]) -> String {
    let kind = |token: &Token| match token.kind {
        TokenKind::Name(_) => "name ",
        TokenKind::Integer(_) => "integer ",
        TokenKind::Float(_) => "float ",
        TokenKind::Bad(_) => "bad ",
        _ => "",
    };
    let line = |token: &Token| format!("{}..{} {}{}\n", token.span.start, token.span.end, kind(token), token.kind);
    tokens.iter().map(line).collect()
}
