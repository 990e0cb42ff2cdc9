use super::{WIDTH, text};
use crate::ast;
use crate::front::tests::cases::GOOD;
use crate::reports::Reports;
use crate::syntax::{self, TokenKind};

/// Tokens without commas at the end of lists, comments without the space around their lines, and the tree without places.
fn content(text: &str) -> (Vec<TokenKind>, Vec<String>, String) {
    let mut reports = Reports::default();
    let (tokens, comments) = syntax::lex_with_comments(text, &mut reports);
    let (file, _) = syntax::parse(&tokens, reports);
    let is_last =
        |pair: &&[syntax::Token]| pair[0].kind == TokenKind::Comma && matches!(pair[1].kind, TokenKind::Close(_));
    let kinds = tokens.windows(2).filter(|pair| !is_last(pair)).map(|pair| pair[0].kind.clone()).collect();
    let comments = comments.iter().map(|span| text[span.range()].lines().map(str::trim_end).collect()).collect();
    let tree = ast::print(&file.expect("a text without syntax errors"));
    let without_place = |line: &str| line.split_once(' ').expect("a place").1.trim_start().to_string() + "\n";
    (kinds, comments, tree.lines().map(without_place).collect())
}

/// The canonical form, which has the same content and is its own canonical form.
fn canonical(source: &str) -> String {
    let formatted = text(source).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    assert_eq!(content(source), content(&formatted), "{source}\nbecomes\n{formatted}");
    assert_eq!(text(&formatted).as_ref(), Ok(&formatted), "{source}\nbecomes\n{formatted}");
    assert!(formatted.lines().all(|line| line.trim_end() == line), "{formatted}");
    assert!(formatted.is_empty() || (formatted.ends_with('\n') && !formatted.ends_with("\n\n")), "{formatted}");
    formatted
}

#[test]
fn good_specs() {
    let all: Vec<String> = GOOD.iter().map(|source| canonical(source)).collect();
    insta::assert_snapshot!(all.join("────\n"));
}

#[test]
fn fields_stay_on_one_line_where_they_fit() {
    let fields = |width: usize| format!("layer {} {{ input: [1, 3, 8], channels: 4, kernel: 3 }}\n", "a".repeat(width));
    let others = fields(0).len() - 1;
    assert_eq!(canonical(&fields(WIDTH - others)), fields(WIDTH - others));
    assert_eq!(canonical(&fields(WIDTH - others + 1)).lines().count(), 5);
    let step = |width: usize| {
        let name = "a".repeat(width);
        format!(
            "net n {{\n    input x: [1, 3, 8];\n    {name} = conv(x) {{ channels: 4, kernel: 3 }};\n    output {name};\n}}\n"
        )
    };
    let others = step(0).lines().nth(2).expect("a step").len();
    assert_eq!(canonical(&step(WIDTH - others)), step(WIDTH - others));
    assert_eq!(canonical(&step(WIDTH - others + 1)).lines().count(), 8);
}

#[test]
fn long_lists_are_broken() {
    let names: Vec<String> = (0..30).map(|number| format!("value_{number}")).collect();
    let steps: String = names.iter().map(|name| format!("{name} = conv(x) {{ channels: 3, kernel: 1 }};")).collect();
    let source = format!("net n {{ input x: [1, 3, 8]; {steps} y = add({}) {{ relu }}; output y; }}", names.join(", "));
    let formatted = canonical(&source);
    assert!(formatted.contains("    y = add(\n        value_0,\n"), "{formatted}");
    assert!(formatted.contains("        value_29,\n    ) { relu };\n"), "{formatted}");
}

const COMMENTS: &str = r"

// First of all.


/* Then this. */ layer /* in the name */ a /* and behind */ { // behind the bracket

    // Before the first field.
    input: /* a shape */ [1, /* channels */ 3, 8], /* before a flag */ bias, // behind it
    channels: 4 // behind a field without its comma
    , kernel: 3 /* inside */ , /* behind */


    // Before the last,
    // in two lines.

    stride: // in the middle
        2 // behind the last


    // Before the end.

} // behind the end
/* on its
   own lines */
net n { // on the first line
    input x: [ // in a list
        1, 3,
        // the size
        8
    ]; y = conv(x /* reads */, ) { channels: 4, kernel: [1, ], /* nothing else */ }; // a step


    z = conv(y) { channels: 4, kernel: 1 /* one
        tap */ };
    w = conv(z) { // all of it
        channels: 4, kernel: 1 }
    // before the semicolon
    ;
    output /* this */ w, // and
        z;
    // The end of the net.
}
layer b { input: [1, 1, 4], channels: 1, kernel: 1 } /* of c */ layer c { /* one line */ input: [1, 1, 4], channels: 1, kernel: 1, }
layer d {
    // nothing
}
layer e {}
net f { }
layer g { /* inside */ }

// The end.

";

#[test]
fn comments_keep_their_places() {
    insta::assert_snapshot!(canonical(COMMENTS));
    for line_break in ["\r\n", " \r\r\n", "\u{2028}\n"] {
        assert_eq!(canonical(&COMMENTS.replace('\n', line_break)), canonical(COMMENTS), "{line_break:?}");
    }
}

#[test]
fn nothing_is_nothing() {
    assert!(text("").is_err());
    assert!(text("layer a {").is_err());
    assert_eq!(canonical("layer\ta\u{a0}{}"), "layer a {}\n");
}

/// Space and comments between all tokens, in ways that the seed chooses.
fn mangled(source: &str, mut seed: u64) -> String {
    const SPACE: [&str; 12] = [
        "",
        "",
        "",
        " ",
        "\n",
        "\n\n\n",
        "\t",
        " // line\n",
        "\n// own line\n",
        "/* block */",
        "\n/* own */\n",
        " /* two\nlines */ ",
    ];
    let tokens = syntax::lex_with_comments(source, &mut Reports::default()).0;
    let mut out = String::new();
    for token in &tokens {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        // Few of all, or each piece of space would be a comment.
        let choice = (seed >> 40) as usize % (SPACE.len() * 3);
        let space = SPACE.get(choice).copied().unwrap_or("");
        let word = |text: &str, at: fn(&str) -> Option<char>| {
            at(text).is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.')
        };
        let next = &source[token.span.range()];
        let joins =
            space.is_empty() && word(&out, |text| text.chars().last()) && word(next, |text| text.chars().next());
        out.push_str(if joins { " " } else { space });
        out.push_str(next);
    }
    out
}

#[test]
fn mangled_specs() {
    for source in GOOD.iter().chain([&COMMENTS]) {
        for seed in 0..300 {
            canonical(&mangled(source, seed));
        }
    }
}
