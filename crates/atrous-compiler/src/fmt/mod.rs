//! Specs in canonical form: the same tokens and comments with other space between them.
//!
//! Fields stay in the order in which they are written, and values as they are spelled. Fields that are written on one line
//! and fit on it stay there; otherwise each has a line of its own. So has each statement of a net. At most one empty line
//! is kept between two of them, and none at their ends. A comment behind something stays behind it, and one on a line of
//! its own keeps its line.

mod pieces;
mod printer;
#[cfg(test)]
mod tests;

use crate::ast::{File, Item};
use crate::diagnostic::Diagnostic;
use crate::front;
use crate::reports::Reports;
use crate::syntax;

/// The longest line that lists of fields or values are written on.
pub const WIDTH: usize = 120;

/// The canonical form of a text, or the errors of its syntax. What a spec means is not asked.
pub fn text(text: &str) -> Result<String, Vec<Diagnostic>> {
    let mut reports = Reports::default();
    let (tokens, comments) = syntax::lex_with_comments(text, &mut reports);
    let (file, reports) = syntax::parse(&tokens, reports);
    let Some(File { items }) = file else { return Err(reports.finish()) };
    let pieces = pieces::cut(text, &tokens, &comments);
    let is_net: Vec<bool> = items.iter().map(|item| matches!(item, Item::Net(_))).collect();
    Ok(printer::print(&pieces, &is_net))
}

/// The same for bytes that should be UTF-8 text.
pub fn bytes(bytes: &[u8]) -> Result<String, Vec<Diagnostic>> {
    front::utf8(bytes).map_err(|error| vec![error]).and_then(text)
}
