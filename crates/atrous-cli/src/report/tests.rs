use atrous_compiler::Span;

use super::*;

fn render(bytes: &[u8], diagnostic: &Diagnostic) -> String {
    let source = Source { name: "a.conv".into(), bytes: bytes.to_vec() };
    let styled = human::Text::new(&source).render(diagnostic);
    anstream::adapter::strip_str(&styled).to_string()
}

fn error(start: usize, end: usize) -> Diagnostic {
    Diagnostic::error("A0101", Span { start, end }, "it is wrong").label("here").help("write it right")
}

#[test]
fn a_diagnostic_points_at_its_line() {
    insta::assert_snapshot!(render(b"layer a {\n  kernel: 3x3,\n}\n", &error(20, 23)));
}

#[test]
fn any_span_renders() {
    for text in [&b""[..], b"\n", b"a", "\u{feff}layer \u{e9}\u{1f980} {\r\n\t}\r".as_bytes(), b"a\xff\xfe b\n\xc3"] {
        for start in 0..text.len() + 3 {
            for end in 0..text.len() + 3 {
                let text = render(text, &error(start, end));
                assert!(
                    text.starts_with("error[A0101]: it is wrong") && text.contains("help: write it right"),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn positions_count_characters_from_one() {
    let bytes = "a\n\u{e9}\u{1f980}x\n".as_bytes();
    let lines = lines::Lines::new(bytes);
    let positions = [0, 1, 2, 4, 8, 9, 10, 99].map(|offset| lines.position(bytes, offset));
    assert_eq!(positions, [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (2, 4), (3, 1), (3, 1)]);
    let marked = "\u{feff}ab".as_bytes();
    assert_eq!([0, 3, 4].map(|offset| lines::Lines::new(marked).position(marked, offset)), [(1, 1), (1, 1), (1, 2)]);
}

#[test]
fn a_diagnostic_is_one_line_of_json() {
    let source = Source { name: "a.conv".into(), bytes: b"layer a {\n  kernel: 3x3,\n}\n".to_vec() };
    let line = json::diagnostic(&source, &lines::Lines::new(&source.bytes), &error(20, 23));
    insta::assert_snapshot!(line);
}

#[test]
fn totals_leave_out_what_is_absent() {
    assert_eq!(totals(2, 1), "2 errors, 1 warning");
    assert_eq!(totals(1, 0), "1 error");
    assert_eq!(totals(0, 2), "2 warnings");
}
