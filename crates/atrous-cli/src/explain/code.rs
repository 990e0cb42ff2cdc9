//! The codes of messages.

use atrous_compiler::codes;

use crate::failure::Failure;
use crate::output;

/// Whether something has the form of a code.
pub fn is_code(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.eq_ignore_ascii_case(&'a'))
        && characters.clone().count() == 4
        && characters.all(|digit| digit.is_ascii_digit())
}

/// Writes what a code means to standard output.
///
/// # Errors
///
/// No message has the code.
pub fn run(code: &str) -> Result<(), Failure> {
    let code = code.to_uppercase();
    match codes::ALL.iter().find(|(known, _)| *known == code) {
        Some((code, title)) => output::write("-".as_ref(), format!("{code}: {title}\n").into_bytes()),
        None => Err(unknown(&code)),
    }
}

fn unknown(code: &str) -> Failure {
    let number = |code: &str| code[1..].parse::<i32>().unwrap_or(0);
    let nearest = codes::ALL.iter().min_by_key(|(known, _)| (number(known) - number(code)).abs());
    let failure = Failure::usage(format!("no message has the code {code}"));
    match nearest {
        Some((code, title)) => failure.help(format!("the nearest is {code}: {title}")),
        None => failure,
    }
}
