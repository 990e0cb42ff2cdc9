//! Who a diagnostic speaks of, and where it goes.

use crate::diagnostic::{Diagnostic, Span};
use crate::reports::Reports;

/// The layer, net or step that is being checked.
pub(super) struct Scope<'a> {
    /// As messages begin: "layer `fc6`".
    pub subject: String,
    pub reports: &'a mut Reports,
}

impl Scope<'_> {
    /// Adds a diagnostic that says of whom it speaks.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        let message = format!("{}: {}", self.subject, diagnostic.message);
        self.reports.add(Diagnostic { message, ..diagnostic });
    }
}

/// A value and where it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spanned<T> {
    pub value: T,
    pub span: Span,
}
