//! Diagnostics as plain text with the line that they point at.

use crate::diagnostic::Diagnostic;

/// A diagnostic of a source of bytes, for places that show text and nothing else.
///
/// ```text
/// A0203: layer `up` has no `kernel`
///   --> specs/up.conv:1:7
///    |
///  1 | layer up {
///    |       ^^
///   help: …
/// ```
pub fn render(source_name: &str, source: &[u8], diagnostic: &Diagnostic) -> String {
    let Diagnostic { code, message, label, help, span, .. } = diagnostic;
    let start = span.start.min(source.len());
    let end = span.end.clamp(start, source.len());
    let line_start = source[..start].iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let line_end = source[start..].iter().position(|&byte| byte == b'\n').map_or(source.len(), |len| start + len);
    let number = 1 + source[..line_start].iter().filter(|&&byte| byte == b'\n').count();
    let text = |from: usize, to: usize| String::from_utf8_lossy(&source[from..to]).replace('\t', " ");
    let before = text(line_start, start).chars().count();
    let marks = text(start, end.min(line_end)).chars().count().max(1);
    let line = text(line_start, line_end);
    let (line, gutter) = (line.trim_end(), " ".repeat(number.to_string().len()));
    let mut lines = vec![
        format!("{code}: {message}"),
        format!("{gutter} --> {source_name}:{number}:{}", before + 1),
        format!("{gutter}  |"),
        format!(" {number} | {line}"),
        format!("{gutter}  | {}{} {}", " ".repeat(before), "^".repeat(marks), label.as_deref().unwrap_or_default()),
    ];
    lines.extend(help.iter().map(|help| format!("  help: {help}")));
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::diagnostic::{Diagnostic, Span};

    fn check(source: &[u8], span: std::ops::Range<usize>, expected: &str) {
        let span = Span { start: span.start, end: span.end };
        assert_eq!(render("a.conv", source, &Diagnostic::error("A0000", span, "wrong")), expected);
    }

    #[test]
    fn places() {
        check(b"one two", 4..7, "A0000: wrong\n  --> a.conv:1:5\n   |\n 1 | one two\n   |     ^^^");
        check("é\tx\r\nb".as_bytes(), 3..4, "A0000: wrong\n  --> a.conv:1:3\n   |\n 1 | é x\n   |   ^");
        check(b"a\nb\nc", 4..5, "A0000: wrong\n  --> a.conv:3:1\n   |\n 3 | c\n   | ^");
        check(b"", 0..1, "A0000: wrong\n  --> a.conv:1:1\n   |\n 1 |\n   | ^");
        check(b"a \xff b", 2..3, "A0000: wrong\n  --> a.conv:1:3\n   |\n 1 | a \u{fffd} b\n   |   ^");
        check(b"open {\n", 5..70, "A0000: wrong\n  --> a.conv:1:6\n   |\n 1 | open {\n   |      ^");
    }

    #[test]
    fn label_and_help() {
        let diagnostic = Diagnostic::error("A0000", Span { start: 0, end: 1 }, "wrong").label("here").help("go away");
        let expected = "A0000: wrong\n  --> b:1:1\n   |\n 1 | x\n   | ^ here\n  help: go away";
        assert_eq!(render("b", b"x", &diagnostic), expected);
    }
}
