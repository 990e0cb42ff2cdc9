//! What the compiler tells the user about a spec.

use std::ops::Range;

/// Where something stands in its source.
///
/// For a text: a byte range. For macro input: a range of indices into the token spans that the macro lexer keeps.
/// Both lexers and everything behind them treat it as opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The first position inside.
    pub start: usize,
    /// The first position behind.
    pub end: usize,
}

impl Span {
    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The span as a range, for slicing.
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// Whether a diagnostic stops the compilation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The spec has no meaning as it stands.
    Error,
    /// The spec has a meaning, but probably not the one its author wants.
    Warning,
}

/// One error or warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code: `A01xx` text, `A02xx` layers, `A03xx` nets, `A04xx` sizes bound from outside, `A09xx` warnings.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// The token or tokens to point at.
    pub span: Span,
    /// Which layer and axis, and the rule with its numbers; one line, without a full stop.
    pub message: String,
    /// A few words to stand under the marked token.
    pub label: Option<String>,
    /// What would be legal; one line.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without label or help.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, severity: Severity::Error, span, message: message.into(), label: None, help: None }
    }

    /// A warning without label or help.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }

    /// The same with a few words under the marked token.
    pub fn label(self, label: impl Into<String>) -> Diagnostic {
        Diagnostic { label: Some(label.into()), ..self }
    }

    /// The same with a line that says what would be legal.
    pub fn help(self, help: impl Into<String>) -> Diagnostic {
        Diagnostic { help: Some(help.into()), ..self }
    }
}
