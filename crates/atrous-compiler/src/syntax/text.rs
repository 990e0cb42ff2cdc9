//! The lexer for text.

use super::lexeme::{self, fraction_len, is_word_continue, is_word_start, run};
use super::token::{Bracket, Token, TokenKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::reports::Reports;

/// The longest text, in bytes.
pub const LONGEST_TEXT: usize = 1 << 20;

/// The tokens of a text. Whatever is no token is reported and becomes [`TokenKind::Bad`].
pub(crate) fn lex(text: &str, reports: &mut Reports) -> Vec<Token> {
    lex_with_comments(text, reports).0
}

/// The tokens of a text, and where its comments stand.
pub(crate) fn lex_with_comments(text: &str, reports: &mut Reports) -> (Vec<Token>, Vec<Span>) {
    if text.len() > LONGEST_TEXT {
        let message = format!("the text has {} bytes; at most {LONGEST_TEXT} are read", text.len());
        reports.add(Diagnostic::error(codes::TOO_LONG, Span { start: 0, end: 0 }, message));
        let end = Token { kind: TokenKind::End, span: Span { start: text.len(), end: text.len() } };
        return (vec![end], Vec::new());
    }
    let (mut tokens, mut comments) = (Vec::new(), Vec::new());
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        let (length, kind) = next(text, at, reports);
        let span = Span { start: at, end: at + length };
        // What is no token is a comment or space.
        comments.extend((kind.is_none() && text[at..].starts_with('/')).then_some(span));
        tokens.extend(kind.map(|kind| Token { kind, span }));
        at += length;
    }
    tokens.push(Token { kind: TokenKind::End, span: Span { start: at, end: at } });
    (tokens, comments)
}

/// The length of what stands at a position, and its token if it is one.
fn next(text: &str, at: usize, reports: &mut Reports) -> (usize, Option<TokenKind>) {
    let rest = &text[at..];
    let span = |length| Span { start: at, end: at + length };
    let blank = run(rest, is_blank);
    if blank > 0 {
        return (blank, None);
    }
    if rest.starts_with("//") {
        return (run(rest, |c| c != '\n'), None);
    }
    if rest.starts_with("/*") {
        let length = comment_len(rest).unwrap_or_else(|| {
            let error = Diagnostic::error(codes::OPEN_COMMENT, span(2), "the comment that starts here does not end");
            reports.add(error.help("end it with `*/`; comments nest"));
            rest.len()
        });
        return (length, None);
    }
    match quoted_len(rest) {
        Some(Some(length)) => return (length, Some(lexeme::literal(&rest[..length], span(length), reports))),
        Some(None) => {
            let error =
                Diagnostic::error(codes::OPEN_COMMENT, span(1), "the quoted text that starts here does not end");
            reports.add(error.help("values are written without quotes"));
            return (rest.len(), Some(TokenKind::Bad(rest.into())));
        }
        None => {}
    }
    let first = rest.chars().next().unwrap_or_default();
    let length = first.len_utf8();
    let kind = match first {
        '(' => TokenKind::Open(Bracket::Round),
        '[' => TokenKind::Open(Bracket::Square),
        '{' => TokenKind::Open(Bracket::Curly),
        ')' => TokenKind::Close(Bracket::Round),
        ']' => TokenKind::Close(Bracket::Square),
        '}' => TokenKind::Close(Bracket::Curly),
        '0'..='9' => {
            let length = number_len(rest);
            return (length, Some(lexeme::literal(&rest[..length], span(length), reports)));
        }
        _ if is_word_start(first) => {
            let length = word_len(rest);
            return (length, Some(lexeme::word(&rest[..length], span(length), reports)));
        }
        _ => lexeme::punctuation(first, span(length), reports),
    };
    (length, Some(kind))
}

/// The length of a block comment, which may hold others; `None` when it does not end.
fn comment_len(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    loop {
        at += text[at..].find(['/', '*'])?;
        match &text.as_bytes()[at..] {
            [b'/', b'*', ..] => depth += 1,
            [b'*', b'/', ..] => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The length of a word, or of a raw name `r#word`.
fn word_len(text: &str) -> usize {
    match text.strip_prefix("r#") {
        Some(raw) if raw.starts_with(is_word_start) => 2 + run(raw, is_word_continue),
        _ => run(text, is_word_continue),
    }
}

/// The length of a number as Rust cuts it, suffix included.
fn number_len(text: &str) -> usize {
    if ["0x", "0o", "0b"].iter().any(|prefix| text.starts_with(prefix)) {
        return run(text, is_word_continue);
    }
    let integer = run(text, |c| c.is_ascii_digit() || c == '_');
    let number = integer + fraction_len(&text[integer..]);
    number + run(&text[number..], is_word_continue)
}

/// The length of a string or character at the start of a text: `"a"`, `b"a"`, `r#"a"#`, `'a'`.
///
/// `None` when there is none, `Some(None)` when it does not end.
fn quoted_len(text: &str) -> Option<Option<usize>> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| text.starts_with(prefix))?;
    let behind = &text[prefix.len()..];
    let length = match behind.chars().next()? {
        '"' if prefix.ends_with('r') => Some(behind[1..].find('"').map(|end| end + 2)),
        '"' => Some(string_len(behind)),
        '\'' if matches!(prefix, "" | "b") => Some(Some(character_len(behind)?)),
        '#' if prefix.ends_with('r') => {
            let hashes = run(behind, |c| c == '#');
            let content = behind[hashes..].strip_prefix('"')?;
            let end = format!("\"{}", "#".repeat(hashes));
            Some(content.find(&end).map(|length| hashes + 1 + length + end.len()))
        }
        _ => None,
    }?;
    Some(length.map(|length| prefix.len() + length + suffix_len(&behind[length..])))
}

/// The length of the word that ends a literal, as `u8` does `7u8`.
fn suffix_len(text: &str) -> usize {
    if text.starts_with(is_word_start) { run(text, is_word_continue) } else { 0 }
}

/// Whether a character is nothing but space between tokens: for Rust also one that says where letters go on.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200e}' | '\u{200f}')
}

fn string_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|&(_, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    end.map(|(at, _)| at + 1)
}

/// The length of `'a'`, `'\u{61}'`, `''` or a word in such quotes; `None` for a quote that starts nothing of these.
fn character_len(text: &str) -> Option<usize> {
    let mut characters = text.char_indices().skip(1);
    let end = match characters.next()?.1 {
        '\\' => characters.skip(1).take(9).find(|&(_, c)| c == '\''),
        _ => characters.next().filter(|&(_, c)| c == '\'').or_else(|| {
            let end = 1 + run(&text[1..], is_word_continue);
            text[end..].starts_with('\'').then_some((end, '\''))
        }),
    };
    end.map(|(at, _)| at + 1)
}
