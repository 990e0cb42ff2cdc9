//! Codes of errors and warnings: the story of one, and the list of all.

use std::path::Path;

use atrous_compiler::codes;

use crate::failure::{Failure, quoted};
use crate::output;

/// The word that asks for the list.
const ALL: &str = "codes";

/// Whether a word is written like a code, a letter and nothing but digits, at least two; or asks for the list of them.
pub fn is_code(word: &str) -> bool {
    if word == ALL {
        return true;
    }
    let digits = word.strip_prefix(|first: char| first.is_ascii_alphabetic()).unwrap_or_default();
    digits.len() > 1 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Writes the story of a code to standard output; `a0204` is `A0204`, and `codes` all of them with a line each.
pub fn run(code: &str) -> Result<(), Failure> {
    if code == ALL {
        return list();
    }
    let code = code.to_ascii_uppercase();
    match codes::story(&code) {
        Some(story) => output::write(Path::new("-"), story.as_bytes().to_vec()),
        None => Err(Failure::usage(format!("there is no code `{code}`")).help(unknown_help(&code))),
    }
}

fn list() -> Result<(), Failure> {
    let lines: String = codes::ALL.iter().map(|(code, title)| format!("{code}  {title}\n")).collect();
    output::write(Path::new("-"), lines.into_bytes())
}

fn unknown_help(code: &str) -> String {
    let near = near(code);
    let list = "`atrous explain codes` lists all codes";
    match near.as_slice() {
        [] => list.to_string(),
        [only] => format!("did you mean `{only}`? {list}"),
        _ => format!("near it are {}; {list}", quoted(near)),
    }
}

/// The codes with the nearest numbers; none when a word has nothing of a code.
fn near(word: &str) -> Vec<&'static str> {
    const MOST: usize = 3;
    let number = |code: &str| code.get(1..).and_then(|digits| digits.parse::<u32>().ok());
    let Some(wanted) = number(word).filter(|_| is_code(word)) else { return Vec::new() };
    let mut all: Vec<&str> = codes::ALL.iter().map(|&(code, _)| code).collect();
    all.sort_by_key(|code| number(code).map_or(u32::MAX, |number| number.abs_diff(wanted)));
    // `E204` and `A204` mean `A0204`.
    let nearest = if all.first().and_then(|code| number(code)) == Some(wanted) { 1 } else { MOST };
    all.truncate(nearest);
    all
}

#[cfg(test)]
mod tests {
    use super::{is_code, near};

    #[test]
    fn codes_are_a_letter_and_digits() {
        assert!(["A0204", "a0204", "A204", "codes"].iter().all(|word| is_code(word)));
        assert!(
            ["", "A", "E9", "A02o4", "0204", "fc6.conv", "\u{e9}204", "A0204\u{e9}"].iter().all(|word| !is_code(word))
        );
    }

    #[test]
    fn near_codes_differ_little() {
        assert_eq!(near("A204"), ["A0204"]);
        assert_eq!(near("E0204"), ["A0204"]);
        assert_eq!(near("A0313"), ["A0312", "A0311", "A0310"]);
        assert_eq!(near("A99999999999"), [""; 0]);
        assert_eq!(near("nonsense"), [""; 0]);
    }
}
