//! Broken variants of good sources: whatever comes out, nothing panics and both lexers agree.

use super::cases::{BAD, GOOD};
use super::{Sizes, bytes, read};
use crate::random::Random;
use crate::syntax;

/// Replacements that are words, numbers or punctuation of the language, or none of it.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "0", "1", "-", "2147483647", "-2147483647", "99999999999", "0.5", "3x3", "0x0", "same", "causal", "H", "x", "true",
    "transposed", "depthwise", "bias", "relu", "kernel:", "output_padding: 1,", "output_size: 9,", "groups: 2,", "[", "]",
    "{", "}", "(", ")", ",", ";", ":", "=", "layer", "net", "input", "output", "conv", "add", "\"s\"", "'a", "#", "é", ".",
];

#[test]
fn prefixes() {
    for source in GOOD.iter().take(4) {
        for (end, _) in source.char_indices() {
            read(&source[..end], &Sizes::new());
        }
        (0..source.len()).for_each(|end| drop(bytes(&source.as_bytes()[end..], &Sizes::new())));
    }
}

#[test]
fn mutations() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let sources: Vec<&str> = GOOD.iter().copied().chain(BAD.iter().map(|case| case.source)).collect();
    let sizes: Sizes = [("H".to_string(), 6), ("N".to_string(), 2)].into();
    for round in 0..6000 {
        let source = sources[random.below(sources.len())];
        let (tokens, _) = syntax::text(source);
        let mut words: Vec<&str> = tokens.iter().map(|token| &source[token.span.range()]).collect();
        for _ in 0..1 + random.below(3) {
            mutate(&mut words, &mut random);
        }
        read(&words.join(" "), if round % 2 == 0 { &sizes } else { &EMPTY });
    }
}

static EMPTY: Sizes = Sizes::new();

fn mutate(words: &mut Vec<&str>, random: &mut Random) {
    if words.is_empty() {
        return;
    }
    let at = random.below(words.len());
    match random.below(5) {
        0 => drop(words.remove(at)),
        1 => words.insert(at, words[at]),
        2 => {
            let other = random.below(words.len());
            words.swap(at, other);
        }
        3 => words[at] = WORDS[random.below(WORDS.len())],
        _ => words.insert(at, WORDS[random.below(WORDS.len())]),
    }
}
