//! `#![deny(slow)]` at the start of the macro's input, and its siblings.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Token, parenthesized};

/// What is done about layers that take the slow path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Allow,
    Warn,
    Deny,
}

/// The level of `slow` that inner attributes at the start of the input set, the last one if there are several, and the input
/// without them. It is `Warn` by default. Comments of documentation are attributes too, and stay; all others are errors.
pub fn take(input: TokenStream) -> syn::Result<(Level, TokenStream)> {
    let mut level = Level::Warn;
    let mut kept = Vec::new();
    let mut rest: Vec<TokenTree> = input.into_iter().collect();
    while let [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group), ..] = &rest[..]
        && (hash.as_char(), bang.as_char(), group.delimiter()) == ('#', '!', Delimiter::Bracket)
    {
        let set = if is_documentation(group) { None } else { Some(setting.parse2(group.stream())?) };
        let behind = rest.split_off(3);
        match set {
            None => kept.append(&mut rest),
            Some(set) => level = set.unwrap_or(level),
        }
        rest = behind;
    }
    Ok((level, kept.into_iter().chain(rest).collect()))
}

fn is_documentation(attribute: &Group) -> bool {
    matches!(attribute.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc")
}

/// The level that an attribute sets: none if it lists no lint.
fn setting(input: ParseStream<'_>) -> syn::Result<Option<Level>> {
    let name: Ident = input.parse()?;
    let level = match name.to_string().as_str() {
        "allow" => Level::Allow,
        "warn" => Level::Warn,
        "deny" => Level::Deny,
        other => {
            let message = format!("`{other}` is no level; write `#![deny(slow)]`, or `warn` or `allow` for it");
            return Err(syn::Error::new(name.span(), message));
        }
    };
    let lints;
    parenthesized!(lints in input);
    let lints = Punctuated::<Ident, Token![,]>::parse_terminated(&lints)?;
    for lint in &lints {
        if lint != "slow" {
            let message = format!("there is no lint `{lint}`; the only one is `slow`, layers that take the slow path");
            return Err(syn::Error::new(lint.span(), message));
        }
    }
    Ok((!lints.is_empty()).then_some(level))
}

#[cfg(test)]
mod tests {
    use super::{Level, take};

    #[test]
    fn the_last_attribute_that_names_slow_counts() {
        let check = |input: &str, expected: Level| {
            let (level, rest) = take(input.parse().unwrap()).unwrap();
            assert_eq!((level, rest.to_string()), (expected, "layer".into()), "{input}");
        };
        check("layer", Level::Warn);
        check("#![deny(slow)] layer", Level::Deny);
        check("#![deny(slow)] #![allow(slow, slow)] layer", Level::Allow);
        check("#![deny()] layer", Level::Warn);
        check("#![deny(slow)] #![allow()] layer", Level::Deny);
    }
}
