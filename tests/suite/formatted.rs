//! Canonical form: that the specs are in it, and that it changes nothing but space.

use atrous_compiler::fmt;
use atrous_compiler::front::{self, Sizes};
use atrous_tests::{nets, specs};
use proptest::prelude::*;

/// Whatever is written about a text but its space: the order of comments and words.
fn words(text: &str) -> String {
    // A comma at the end of a list is space too.
    let dense: String = text.split_whitespace().collect();
    dense.replace(",}", "}").replace(",]", "]").replace(",)", ")")
}

/// The canonical form of a text without errors of syntax.
fn canonical(text: &str) -> String {
    let formatted = fmt::text(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    assert_eq!(fmt::text(&formatted).as_ref(), Ok(&formatted), "not its own canonical form:\n{formatted}");
    formatted
}

#[test]
fn specs_are_in_canonical_form() {
    let files = specs::files(&specs::root().join("specs"), "conv");
    assert!(files.len() > 80, "{}", files.len());
    let differs = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).expect("a spec");
        canonical(&text) != text
    };
    let other: Vec<_> = files.into_iter().filter(differs).collect();
    assert!(other.is_empty(), "`atrous fmt` changes {other:?}");
}

#[test]
fn mistakes_keep_their_meaning_too() {
    let mut formatted = 0;
    for path in specs::files(&specs::root().join("tests/mistakes"), "conv") {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if fmt::text(&text).is_err() {
            continue;
        }
        formatted += 1;
        let other = canonical(&text);
        assert_eq!(words(&text), words(&other), "{}", path.display());
        let told = |text: &str| -> Vec<(&str, String)> {
            let told = front::text(text, &Sizes::new()).diagnostics;
            told.into_iter().map(|diagnostic| (diagnostic.code, diagnostic.message)).collect()
        };
        assert_eq!(told(&text), told(&other), "{}", path.display());
    }
    assert!(formatted > 60, "only {formatted} are without errors of syntax");
}

/// The text with other space: `choices` says which behind each token.
fn mangled(text: &str, choices: &[u8]) -> String {
    const SPACE: [&str; 8] = ["", "", "", "\n", "  ", "\n\n\n", "/* c */", "// c\n"];
    let (tokens, _) = atrous_compiler::syntax::text(text);
    let mut choices = choices.iter().cycle();
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    let mut out = String::new();
    for token in tokens {
        let space = choices.next().map_or("", |&choice| SPACE[choice as usize % SPACE.len()]);
        let next = &text[token.span.range()];
        let joins = space.is_empty() && is_word(out.chars().last()) && is_word(next.chars().next());
        out.push_str(if joins { " " } else { space });
        out.push_str(next);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn random_nets_keep_their_meaning(net in nets::nets(), choices in prop::collection::vec(any::<u8>(), 1..40)) {
        let printed = net.to_string();
        prop_assert_eq!(canonical(&canonical(&printed)), canonical(&printed));
        let mangled = mangled(&printed, &choices);
        let formatted = canonical(&mangled);
        prop_assert_eq!(formatted.matches("/* c */").count(), mangled.matches("/* c */").count());
        prop_assert_eq!(formatted.matches("// c\n").count(), mangled.matches("// c\n").count());
        prop_assert_eq!(specs::parse(&formatted, &Sizes::new()), specs::parse(&printed, &Sizes::new()));
    }
}
