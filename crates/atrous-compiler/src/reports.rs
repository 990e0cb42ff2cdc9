//! The diagnostics of one source, in bounded memory.

use crate::codes;
use crate::diagnostic::{Diagnostic, Severity};

/// How many errors, and how many warnings, are kept.
pub(crate) const LIMIT: usize = 64;

/// The diagnostics found so far.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    errors: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
    dropped_errors: usize,
}

impl Reports {
    /// Keeps a diagnostic, or only counts it when there are too many.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        let kept = match diagnostic.severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if kept.len() < LIMIT {
            kept.push(diagnostic);
        } else if diagnostic.severity == Severity::Error {
            self.dropped_errors += 1;
        }
    }

    /// The number of errors so far.
    pub fn error_count(&self) -> usize {
        self.errors.len() + self.dropped_errors
    }

    /// Whether further errors are only counted, so that costly help for them is wasted.
    pub fn is_full(&self) -> bool {
        self.errors.len() >= LIMIT
    }

    /// Whether an error with a code is kept.
    pub fn has(&self, code: &str) -> bool {
        self.errors.iter().any(|error| error.code == code)
    }

    /// Adds all of another collection, with a note behind each error's message.
    pub fn append(&mut self, other: Reports, note: &str) {
        self.dropped_errors += other.dropped_errors;
        for mut error in other.errors {
            error.message.push_str(note);
            self.add(error);
        }
        other.warnings.into_iter().for_each(|warning| self.add(warning));
    }

    /// The diagnostics in the order of the source; errors that were not kept are counted by a last one.
    pub fn finish(self) -> Vec<Diagnostic> {
        let mut all: Vec<_> = self.errors.into_iter().chain(self.warnings).collect();
        all.sort_by_key(|diagnostic| diagnostic.span);
        if self.dropped_errors > 0 {
            let span = all[all.len() - 1].span;
            let errors = if self.dropped_errors == 1 { "error is" } else { "errors are" };
            let message = format!("{} more {errors} not shown", self.dropped_errors);
            all.push(Diagnostic::error(codes::MORE_ERRORS, span, message));
        }
        all
    }
}
