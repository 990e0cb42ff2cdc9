//! Whether brackets match. The grammar reads matching brackets only.

use super::token::{Bracket, Token, TokenKind};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::reports::Reports;

/// The deepest nesting. The grammar recurses once per level, and no valid spec needs half of it.
pub(super) const DEEPEST: usize = 16;

/// Reports brackets that do not match or nest too deeply.
pub(super) fn check(tokens: &[Token], reports: &mut Reports) {
    let mut open: Vec<(Bracket, Span)> = Vec::new();
    for token in tokens {
        match token.kind {
            TokenKind::Open(bracket) => {
                open.push((bracket, token.span));
                if open.len() > DEEPEST {
                    let message = format!("brackets are nested more than {DEEPEST} deep");
                    let error = Diagnostic::error(codes::NESTED_TOO_DEEPLY, token.span, message);
                    reports.add(error.label("one too many"));
                    return;
                }
            }
            TokenKind::Close(bracket) => match open.iter().rposition(|&(other, _)| other == bracket) {
                Some(opener) => {
                    open.drain(opener + 1..).for_each(|unclosed| reports.add(never_closed(unclosed)));
                    open.pop();
                }
                None => {
                    reports.add(closes_nothing(bracket, open.last(), token.span));
                    return;
                }
            },
            _ => {}
        }
    }
    open.into_iter().for_each(|unclosed| reports.add(never_closed(unclosed)));
}

fn never_closed((bracket, span): (Bracket, Span)) -> Diagnostic {
    let message = format!("the `{}` that opens here is never closed", bracket.open());
    Diagnostic::error(codes::OPEN_BRACKET, span, message)
        .label("never closed")
        .help(format!("add the missing `{}`", bracket.close()))
}

fn closes_nothing(bracket: Bracket, innermost: Option<&(Bracket, Span)>, span: Span) -> Diagnostic {
    let message = format!("this `{}` closes nothing", bracket.close());
    let error = Diagnostic::error(codes::STRAY_BRACKET, span, message).label("closes nothing");
    match innermost {
        Some((open, _)) => {
            error.help(format!("the innermost open bracket is `{}`, which `{}` closes", open.open(), open.close()))
        }
        None => error.help("remove it"),
    }
}
