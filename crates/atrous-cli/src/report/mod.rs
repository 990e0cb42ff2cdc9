//! Everything that is told to the user, on standard error.

pub mod human;
pub mod json;
pub mod lines;
#[cfg(test)]
mod tests;

use std::io::Write;

use atrous_compiler::{Diagnostic, Severity};
use serde_json::Value;

use crate::args::MessageFormat;
use crate::failure::{Level, Message, count};
use crate::source::Source;

/// Writes messages in the chosen format and counts them.
#[derive(Debug)]
pub struct Report {
    format: MessageFormat,
    errors: usize,
    warnings: usize,
    /// The code of the first error, or of the first warning where there is no error.
    first: Option<&'static str>,
}

impl Report {
    /// A report that has said nothing.
    pub fn new(format: MessageFormat) -> Report {
        Report { format, errors: 0, warnings: 0, first: None }
    }

    /// Errors so far.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Warnings so far.
    pub fn warnings(&self) -> usize {
        self.warnings
    }

    /// Whether messages are for people.
    pub fn is_human(&self) -> bool {
        self.format == MessageFormat::Human
    }

    /// Tells the diagnostics of a spec, and their number when there are any.
    pub fn diagnostics(&mut self, source: &Source, diagnostics: &[Diagnostic]) {
        if diagnostics.is_empty() {
            return;
        }
        match self.format {
            MessageFormat::Human => {
                let text = human::Text::new(source);
                // An empty line behind each, so that it is seen where one ends.
                diagnostics.iter().for_each(|diagnostic| say(&(text.render(diagnostic) + "\n")));
            }
            MessageFormat::Json => {
                let lines = lines::Lines::new(&source.bytes);
                diagnostics.iter().for_each(|diagnostic| say(&json::diagnostic(source, &lines, diagnostic)));
            }
        }
        let is_error = |diagnostic: &&Diagnostic| diagnostic.severity == Severity::Error;
        let first_error = diagnostics.iter().find(is_error).filter(|_| self.errors == 0);
        let first_warning = diagnostics.first().filter(|_| self.first.is_none());
        self.first = first_error.or(first_warning).map(|diagnostic| diagnostic.code).or(self.first);
        let errors = diagnostics.iter().filter(is_error).count();
        let warnings = diagnostics.len() - errors;
        self.errors += errors;
        self.warnings += warnings;
        self.status(
            &format!("{} in {}", totals(errors, warnings), source.name),
            serde_json::json!({ "type": "summary", "file": source.name, "errors": errors, "warnings": warnings }),
        );
    }

    /// Tells something that has no place in a spec.
    pub fn message(&mut self, message: &Message) {
        match message.level {
            Level::Error => self.errors += 1,
            Level::Warning => self.warnings += 1,
            Level::Note => {}
        }
        match self.format {
            MessageFormat::Human => say(&human::message(message)),
            MessageFormat::Json => say(&json::message(message)),
        }
    }

    /// Tells people where there is more to read; the last line of a run.
    pub fn finish(&self) {
        if let (MessageFormat::Human, Some(code)) = (self.format, self.first) {
            say(&format!("`atrous explain {code}` tells more"));
        }
    }

    /// Tells what was done: a line for people, or an object for machines.
    pub fn status(&self, human: &str, json: Value) {
        match self.format {
            MessageFormat::Human => say(human),
            MessageFormat::Json => say(&json.to_string()),
        }
    }
}

/// `2 errors, 1 warning`
fn totals(errors: usize, warnings: usize) -> String {
    let parts = [(errors, "error"), (warnings, "warning")];
    let parts = parts.into_iter().filter(|&(number, _)| number > 0).map(|(number, noun)| count(number, noun));
    parts.collect::<Vec<_>>().join(", ")
}

/// Writes a line; nothing can be done when standard error is closed.
fn say(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}
