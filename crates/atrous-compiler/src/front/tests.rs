//! Every message that a user can get, from one table; and that no input makes the compiler panic.

pub(crate) mod cases;
mod mutations;

use super::{Front, Model, Sizes, bytes, text, tokens};
use crate::codes;
use crate::diagnostic::{Diagnostic, Span};
use crate::reports::LIMIT;
use crate::syntax::{self, Token};
use cases::{BAD, Case, GOOD};
use proc_macro2::TokenStream;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::str::FromStr;

fn sizes(case: &Case) -> Sizes {
    case.sizes.iter().map(|&(name, size)| (name.to_string(), size)).collect()
}

/// Code, marked text, message and help on a line.
fn shown(source: &str, diagnostic: &Diagnostic) -> String {
    let marked = source[diagnostic.span.range()].escape_debug();
    let label = diagnostic.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
    let help = diagnostic.help.as_ref().map(|help| format!(" | {help}")).unwrap_or_default();
    format!("{} <{marked}>{label}: {}{help}", diagnostic.code, diagnostic.message)
}

/// A span of macro input as the range of bytes that the text lexer gives the same tokens.
fn in_text(span: Span, tokens: &[Token]) -> Span {
    tokens[span.start].span.to(tokens[span.end - 1].span)
}

/// Reads a source through both lexers, where it is made of Rust tokens, and checks that they agree.
fn read(source: &str, sizes: &Sizes) -> Front {
    let from_text = text(source, sizes);
    let Ok(stream) = TokenStream::from_str(source) else {
        return from_text;
    };
    let (from_stream, places) = tokens(stream, sizes);
    let messages = |front: &Front| -> Vec<_> {
        let line = |diagnostic: &Diagnostic| (diagnostic.code, diagnostic.message.clone(), diagnostic.help.clone());
        front.diagnostics.iter().map(line).collect()
    };
    assert_eq!(messages(&from_text), messages(&from_stream), "the lexers disagree on:\n{source}");
    assert_eq!(from_text.models, from_stream.models, "the lexers disagree on:\n{source}");
    assert_eq!(places.len(), from_text.tokens.len(), "the lexers disagree on:\n{source}");
    for (text, stream) in from_text.diagnostics.iter().zip(&from_stream.diagnostics) {
        let span = in_text(stream.span, &from_text.tokens);
        assert_eq!(text.span, span, "the lexers mark different tokens: {}\n{source}", shown(source, text));
    }
    from_text
}

#[test]
fn every_mistake_is_explained() {
    let mut out = String::new();
    for case in BAD {
        let front = read(case.source, &sizes(case));
        assert!(!front.diagnostics.is_empty(), "no diagnostic for:\n{}", case.source);
        let given: Vec<String> = case.sizes.iter().map(|(name, size)| format!("{name}={size} ")).collect();
        writeln!(out, "{}{}", given.concat(), case.source).unwrap();
        for diagnostic in &front.diagnostics {
            writeln!(out, "    {}", shown(case.source, diagnostic)).unwrap();
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn every_code_is_unique_and_has_a_case() {
    let listed: Vec<&str> = codes::ALL.iter().map(|code| code.0).collect();
    assert!(listed.is_sorted_by(|a, b| a < b), "codes are not in order, or not unique");
    let produced = BAD.iter().flat_map(|case| text(case.source, &sizes(case)).diagnostics);
    let mut produced: BTreeSet<&str> = produced.map(|diagnostic| diagnostic.code).collect();
    for absurd in ["%".repeat(LIMIT + 1), "a".repeat(syntax::LONGEST_TEXT + 1)] {
        produced.extend(text(&absurd, &Sizes::new()).diagnostics.iter().map(|diagnostic| diagnostic.code));
    }
    produced.extend(bytes(b"layer a\xff", &Sizes::new()).diagnostics.iter().map(|diagnostic| diagnostic.code));
    // Only who has to have all sizes knows that some are missing: the macro and the command.
    produced.insert(codes::UNBOUND_SIZE);
    let missing: Vec<&&str> = listed.iter().filter(|code| !produced.contains(**code)).collect();
    assert!(missing.is_empty(), "no case produces {missing:?}");
    assert!(produced.iter().all(|code| listed.contains(code)));
}

#[test]
fn good_sources_have_models_and_print_as_themselves() {
    for source in GOOD {
        let front = read(source, &Sizes::new());
        let messages: Vec<_> = front.diagnostics.iter().map(|diagnostic| shown(source, diagnostic)).collect();
        assert!(messages.is_empty(), "{source}\n{}", messages.join("\n"));
        assert!(!front.models.is_empty());
        for model in front.models {
            let Model::Net(net) = model else { continue };
            let printed = net.to_string();
            let again = text(&printed, &Sizes::new());
            assert_eq!(again.models, [Model::Net(net)], "printing and reading differ:\n{printed}");
        }
    }
}

#[test]
fn canonical_text() {
    let printed = |source: &&str| {
        let models = text(source, &Sizes::new()).models;
        let nets =
            models.iter().filter_map(|model| if let Model::Net(net) = model { Some(net.to_string()) } else { None });
        nets.collect::<String>()
    };
    insta::assert_snapshot!(GOOD.iter().map(printed).collect::<String>());
}

#[test]
fn text_that_is_not_utf8() {
    let front = bytes(b"layer a\xff", &Sizes::new());
    let diagnostic = &front.diagnostics[0];
    assert_eq!((diagnostic.code, diagnostic.span), (codes::NOT_UTF8, Span { start: 7, end: 8 }));
    insta::assert_snapshot!(diagnostic.message, @"the file is not UTF-8 text: the byte 0xff at offset 7 starts no character");
}

#[test]
fn tokens_and_tree_print() {
    let source = "// A comment.\nlayer a { input: [1, 3, 8], kernel: 3, padding: [[-1, 0]], clamp(-0.5, 1), bias }\nnet n { input x: [1, 3, 8]; y = add(x, x) { relu }; output y; }";
    let front = text(source, &Sizes::new());
    insta::assert_snapshot!("tokens", syntax::print_tokens(&front.tokens));
    insta::assert_snapshot!("tree", crate::ast::print(&front.file.unwrap()));
}

#[test]
fn documentation_comments_are_comments_in_macros_too() {
    let source = "//! Inner.\n/// A layer.\nlayer a { /** its input */ input: [1, 1, 3], channels: 1, kernel: 1 }";
    assert_eq!(read(source, &Sizes::new()).models.len(), 1);
}

#[test]
fn both_lexers_cut_strange_texts_alike() {
    // Attributes, suffixes that begin like numbers, quoted quotes, marks of the direction of text, accents that combine.
    for source in
        ["#[doc] layer", "'''", "#[doc = 1 2]", "'a'7u", "\"a\"7u", "layer\u{200e} a", "layer a\u{301}", "layer a²"]
    {
        assert!(read(source, &Sizes::new()).has_errors(), "{source}");
    }
}

/// Sources that are too long, too deep or too wrong.
fn absurd_sources() -> Vec<String> {
    vec![
        "[".repeat(1_000_000),
        "net a { b = c(".to_string() + &"[".repeat(900_000),
        "layer a { input: ".to_string() + &"[1, ".repeat(200_000),
        "}".repeat(1_000_000),
        "[]".repeat(500_000),
        "/*".repeat(500_000),
        "\"\\".repeat(500_000),
        "%".repeat(1_000_000),
        "layer a { ".to_string() + &"x, ".repeat(300_000) + "}",
        "layer a { ".to_string() + &"kernel ".repeat(140_000) + "}",
        "layer a { input: [".to_string() + &"H, ".repeat(300_000) + "], channels: 1, kernel: 1 }",
        "net a { ".to_string() + &"b = conv(c) { }; ".repeat(60_000) + "}",
        "net a { ".to_string() + &(0..40_000).map(|i| format!("a{i}=add(b{i},c);")).collect::<String>() + "}",
        "net a { ".to_string() + &(0..40_000).map(|i| format!("input b{i}:[1,1,H{i}];")).collect::<String>() + "}",
        "net a { input a: [1, 3, 8]; ".to_string() + &"a = add(a, a); ".repeat(60_000) + "output a; }",
        (0..60_000).map(|i| format!("net a{i} {{ }}")).collect::<String>(),
        "net a { output ".to_string() + &"b, ".repeat(300_000) + "b; }",
        "layer ".to_string() + &"a".repeat(1_000_000),
        "layer a { channels: ".to_string() + &"9".repeat(1_000_000) + " }",
        "layer a { ".repeat(100_000),
        "é".repeat(500_000),
        "a".repeat(100_000_000),
    ]
}

#[test]
fn absurd_sources_end_soon_with_few_errors() {
    for source in absurd_sources() {
        let start: String = source.chars().take(30).collect();
        let front = text(&source, &Sizes::new());
        assert!(front.has_errors(), "no error for {start}…");
        assert!(front.diagnostics.len() <= 2 * LIMIT + 1, "{} diagnostics for {start}…", front.diagnostics.len());
        let longest = front.diagnostics.iter().map(|diagnostic| diagnostic.message.len()).max();
        assert!(longest < Some(1000), "a message of {longest:?} bytes for {start}…");
    }
}

#[test]
fn the_longest_net_is_no_problem() {
    let steps: String = (1..4096).map(|i| format!("a{i} = add(a{}, a0);\n", i - 1)).collect();
    let source = format!("net n {{\ninput a0: [1, 3, 8];\n{steps}output a4095;\n}}");
    let front = text(&source, &Sizes::new());
    assert_eq!(front.diagnostics, []);
    let Model::Net(net) = &front.models[0] else { panic!("all sizes are known") };
    assert_eq!(net.value_shape(net.outputs[0]), [1, 3, 8]);
    assert_eq!(text(&net.to_string(), &Sizes::new()).models, front.models);
}

#[test]
fn deep_macro_input_does_not_overflow_the_stack() {
    let source = "[".repeat(100_000) + &"]".repeat(100_000);
    let stream = TokenStream::from_str(&source).unwrap();
    let (front, _) = tokens(stream, &Sizes::new());
    assert_eq!(front.diagnostics[0].code, codes::NESTED_TOO_DEEPLY);
}

#[test]
fn negative_literals_from_other_macros_are_numbers() {
    let source = "layer a { input: [1, 1, 3], channels: 1, kernel: 1, padding: [[PAD, 0]] }";
    let negative = proc_macro2::Literal::i32_unsuffixed(-1);
    let replaced = replace(TokenStream::from_str(source).unwrap(), &negative);
    let (front, places) = tokens(replaced, &Sizes::new());
    assert_eq!(front.diagnostics, []);
    assert_eq!(places.len(), front.tokens.len());
}

/// The stream with a literal, in a group without brackets, in place of the name `PAD`.
fn replace(stream: TokenStream, literal: &proc_macro2::Literal) -> TokenStream {
    use proc_macro2::{Delimiter, Group, TokenTree};
    let tree = |tree| match tree {
        TokenTree::Group(group) => Group::new(group.delimiter(), replace(group.stream(), literal)).into(),
        TokenTree::Ident(ident) if ident == "PAD" => {
            Group::new(Delimiter::None, TokenTree::Literal(literal.clone()).into()).into()
        }
        other => other,
    };
    stream.into_iter().map(tree).collect()
}
