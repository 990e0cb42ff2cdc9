//! Messages for people, drawn as rustc draws its own.

use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Element, Group, Level as Mark, Renderer, Snippet, normalize_untrusted_str};
use atrous_compiler::{Diagnostic, Severity};

use super::lines::Lines;
use crate::failure::{Level, Message};
use crate::source::Source;

/// The text of a spec as it is drawn.
pub struct Text<'a> {
    name: &'a str,
    text: Cow<'a, str>,
    lines: Lines,
}

impl<'a> Text<'a> {
    /// The text of a source. What stands before the first byte that is not UTF-8 keeps its offsets.
    pub fn new(source: &'a Source) -> Text<'a> {
        let text = String::from_utf8_lossy(&source.bytes);
        Text { name: &source.name, lines: Lines::new(text.as_bytes()), text }
    }

    /// A diagnostic with the lines that it points at, styled for a terminal.
    pub fn render(&self, diagnostic: &Diagnostic) -> String {
        let start = floor(&self.text, diagnostic.span.start);
        let end = ceil(&self.text, diagnostic.span.end.max(start));
        let (line, first) = self.lines.line(start);
        let last = self.text[end..].find('\n').map_or(self.text.len(), |newline| end + newline);
        // Carriage returns would be drawn, and a byte order mark counted as a column. The renderer draws the control
        // characters of ASCII; terminals would obey the others.
        let drawn = |end: usize| {
            let text = self.text[first..end].trim_start_matches('\u{feff}').replace("\r\n", "\n");
            text.replace(|character| matches!(character, '\u{80}'..='\u{9f}'), "\u{fffd}")
        };
        let lines = drawn(last);
        let lines = lines.trim_end_matches('\r');
        let mark = [start, end].map(|at| drawn(at).len().min(lines.len()));
        let mark = AnnotationKind::Primary.span(mark[0]..mark[1]).label(diagnostic.label.as_deref());
        let snippet = Snippet::source(lines).path(self.name).line_start(line).annotation(mark);
        let level = match diagnostic.severity {
            Severity::Error => Mark::ERROR,
            Severity::Warning => Mark::WARNING,
        };
        let title = level.primary_title(&diagnostic.message).id(diagnostic.code);
        let group = Group::with_title(title).element(snippet).elements(diagnostic.help.as_deref().map(help));
        Renderer::styled().render(&[group])
    }
}

/// A message without a place in a spec, styled for a terminal.
pub fn message(message: &Message) -> String {
    let level = match message.level {
        Level::Error => Mark::ERROR,
        Level::Warning => Mark::WARNING,
        Level::Note => Mark::NOTE,
    };
    let text = match &message.file {
        Some(file) => format!("{file}: {}", message.text),
        None => message.text.clone(),
    };
    let group = Group::with_title(level.primary_title(normalize_untrusted_str(&text)))
        .elements(message.help.as_deref().map(help));
    Renderer::styled().render(&[group])
}

fn help(text: &str) -> Element<'_> {
    Mark::HELP.message(normalize_untrusted_str(text)).into()
}

/// The nearest start of a character at or before an offset.
fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// The nearest start of a character, or the end of the text, at or after an offset.
fn ceil(text: &str, offset: usize) -> usize {
    (offset..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}
