//! Messages for machines: one object per line.

use atrous_compiler::{Diagnostic, Severity};
use serde::Serialize;

use super::lines::Lines;
use crate::failure::{Level, Message};
use crate::source::Source;

/// One line about a place in a spec.
#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    severity: &'static str,
    code: &'a str,
    message: &'a str,
    label: Option<&'a str>,
    help: Option<&'a str>,
    file: &'a str,
    /// Byte offset of the first byte inside.
    start: usize,
    /// Byte offset of the first byte behind.
    end: usize,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// One line about something else.
#[derive(Serialize)]
struct Plain<'a> {
    r#type: &'static str,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    file: Option<&'a str>,
}

/// A diagnostic as JSON.
pub fn diagnostic(source: &Source, lines: &Lines, diagnostic: &Diagnostic) -> String {
    let (line, column) = lines.position(&source.bytes, diagnostic.span.start);
    let (end_line, end_column) = lines.position(&source.bytes, diagnostic.span.end);
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    print(&Line {
        r#type: "diagnostic",
        severity,
        code: diagnostic.code,
        message: &diagnostic.message,
        label: diagnostic.label.as_deref(),
        help: diagnostic.help.as_deref(),
        file: &source.name,
        start: diagnostic.span.start,
        end: diagnostic.span.end,
        line,
        column,
        end_line,
        end_column,
    })
}

/// A message without a place in a spec as JSON.
pub fn message(message: &Message) -> String {
    let severity = match message.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "note",
    };
    print(&Plain {
        r#type: "message",
        severity,
        message: &message.text,
        help: message.help.as_deref(),
        file: message.file.as_deref(),
    })
}

fn print(line: &impl Serialize) -> String {
    serde_json::to_string(line).expect("strings and numbers are JSON")
}
