//! What single words, literals and punctuation mean: shared by both lexers, so that they give the same errors.

use super::token::{TokenKind, shortened};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::reports::Reports;

/// The longest word, in bytes.
const LONGEST_WORD: usize = 255;

/// The token of a word, with or without `r#`.
pub(super) fn word(text: &str, span: Span, reports: &mut Reports) -> TokenKind {
    let error = |message| Diagnostic::error(codes::BAD_NAME, span, message);
    if let Some(plain) = text.strip_prefix("r#") {
        reports
            .add(error(format!("`{}` is a raw name", shortened(text))).help(format!("write `{}`", shortened(plain))));
        return TokenKind::Bad(text.into());
    }
    if let Some(strange) = text.chars().find(|c| !c.is_ascii()) {
        let message = format!("the name `{}` has the character `{strange}`", shortened(text));
        reports.add(error(message).help("names are made of the letters a to z and A to Z, digits and `_`"));
        return TokenKind::Bad(text.into());
    }
    if text.len() > LONGEST_WORD {
        reports.add(
            error(format!("a name is {} characters long", text.len())).help(format!("use at most {LONGEST_WORD}")),
        );
        return TokenKind::Bad(text.into());
    }
    TokenKind::Name(text.into())
}

/// The token of a punctuation character.
pub(super) fn punctuation(character: char, span: Span, reports: &mut Reports) -> TokenKind {
    match character {
        ':' => TokenKind::Colon,
        ',' => TokenKind::Comma,
        ';' => TokenKind::Semicolon,
        '=' => TokenKind::Equals,
        '-' => TokenKind::Minus,
        _ => {
            reports.add(stray(character, span));
            TokenKind::Bad(character.into())
        }
    }
}

fn stray(character: char, span: Span) -> Diagnostic {
    let shown = shortened(&character.to_string());
    let error = Diagnostic::error(codes::STRAY_CHARACTER, span, format!("the character `{shown}` has no meaning here"));
    match character {
        '.' => error.help("a fraction has a digit before its point: `0.5`"),
        '×' | '*' => error.help("sizes are lists: `[3, 3]`"),
        '+' => error.help("numbers stand without `+`; to add values write `add(a, b)`"),
        '/' => error.help("comments start with `//`, and paths stand in quotes"),
        '#' => error.help("comments start with `//`"),
        '−' | '–' => error.help("write `-`"),
        _ => error,
    }
}

/// The token of a literal: a number, or something in quotes.
pub(super) fn literal(text: &str, span: Span, reports: &mut Reports) -> TokenKind {
    let problem = match text.starts_with(|c: char| c.is_ascii_digit()) {
        true => match number(text) {
            Ok(kind) => return kind,
            Err(problem) => problem,
        },
        false => quoted(text),
    };
    reports.add(Diagnostic { span, ..problem });
    TokenKind::Bad(text.into())
}

const NOWHERE: Span = Span { start: 0, end: 0 };

fn number(text: &str) -> Result<TokenKind, Diagnostic> {
    let shown = shortened(text);
    let radix = [("0x", 16, "hexadecimal"), ("0o", 8, "octal"), ("0b", 2, "binary")];
    if let Some(&(prefix, base, word)) = radix.iter().find(|radix| text.starts_with(radix.0)) {
        let error = Diagnostic::error(codes::NUMBER_RADIX, NOWHERE, format!("`{shown}` is {word}"));
        let value = u64::from_str_radix(&text[prefix.len()..].replace('_', ""), base);
        return Err(match (sizes(text), value) {
            // Of one digit it may well be a size by a size.
            (Some(sizes), Ok(value)) if text.len() == 3 => error.help(format!("write {value}, or for sizes `{sizes}`")),
            (_, Ok(value)) => error.help(format!("numbers are decimal: write {value}")),
            (_, Err(_)) => error.help("numbers are decimal"),
        });
    }
    let (integer, behind) = text.split_at(run(text, |c| c.is_ascii_digit() || c == '_'));
    if behind.is_empty() {
        return Ok(TokenKind::Integer(text.into()));
    }
    let end = integer.len() + fraction_len(behind);
    if end == text.len() {
        return Ok(TokenKind::Float(text.into()));
    }
    let (plain, suffix) = text.split_at(end);
    Err(match sizes(text) {
        Some(sizes) => Diagnostic::error(codes::NUMBER_SUFFIX, NOWHERE, format!("`{shown}` is not a number"))
            .help(format!("sizes are lists: write `{sizes}`")),
        None if TYPES.contains(&suffix) => {
            let message = format!("the number `{shown}` has the suffix `{suffix}`");
            Diagnostic::error(codes::NUMBER_SUFFIX, NOWHERE, message).help(format!("write {}", shortened(plain)))
        }
        None => Diagnostic::error(codes::NUMBER_SUFFIX, NOWHERE, format!("`{shown}` is neither a number nor a name"))
            .help(format!("write {}, or start a name with a letter", shortened(plain))),
    })
}

/// The types of Rust that a number may end with.
#[rustfmt::skip]
const TYPES: &[&str] = &[
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f16", "f32", "f64", "f128",
];

/// The length of `.5`, `.`, `e-3` or `.5e-3` at the start of a text.
pub(super) fn fraction_len(text: &str) -> usize {
    let digits = |text: &str| run(text, |c| c.is_ascii_digit() || c == '_');
    let point = match text.strip_prefix('.') {
        Some(behind) if !behind.starts_with(|c: char| c == '.' || is_word_start(c)) => 1 + digits(behind),
        _ => 0,
    };
    let Some(exponent) = text[point..].strip_prefix(['e', 'E']) else {
        return point;
    };
    let sign = usize::from(exponent.starts_with(['+', '-']));
    let length = digits(&exponent[sign..]);
    let has_digit = exponent[sign..sign + length].contains(|c: char| c.is_ascii_digit());
    if has_digit { point + 1 + sign + length } else { point }
}

/// `3x3` as `[3, 3]`.
fn sizes(text: &str) -> Option<String> {
    let entries: Vec<&str> = text.split('x').collect();
    let is_size =
        |entry: &&str| entry.starts_with(|c: char| c.is_ascii_digit()) && entry.bytes().all(|b| b.is_ascii_digit());
    let fits = (2..=8).contains(&entries.len()) && text.len() <= 40;
    (fits && entries.iter().all(is_size)).then(|| format!("[{}]", entries.join(", ")))
}

fn quoted(text: &str) -> Diagnostic {
    let error = Diagnostic::error(codes::QUOTED_TEXT, NOWHERE, "quoted text has no meaning here");
    let content = text.trim_matches(['"', '\'']);
    let is_word = content.starts_with(is_word_start) && content.chars().all(is_word_continue);
    if is_word { error.help(format!("write `{}` without quotes", shortened(content))) } else { error }
}

/// Whether a word can start with a character.
pub(super) fn is_word_start(character: char) -> bool {
    character == '_' || unicode_ident::is_xid_start(character)
}

/// Whether a word can go on with a character.
pub(super) fn is_word_continue(character: char) -> bool {
    unicode_ident::is_xid_continue(character)
}

/// The length in bytes of the start of a text whose characters satisfy a condition.
pub(super) fn run(text: &str, inside: impl Fn(char) -> bool) -> usize {
    text.find(|c| !inside(c)).unwrap_or(text.len())
}
