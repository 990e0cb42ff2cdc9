//! `#![deny(slow)]` at the start of the macro's input, and its siblings.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Token, parenthesized};

/// What is done about layers that take the slow path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Allow,
    Warn,
    Deny,
}

/// The level of `slow` that inner attributes at the start of the input set, the last one if there are several, and the input
/// without them. It is `Warn` by default. Other attributes stay: comments of documentation are some.
pub fn take(input: TokenStream) -> syn::Result<(Level, TokenStream)> {
    let mut level = Level::Warn;
    let mut kept = Vec::new();
    let mut rest: Vec<TokenTree> = input.into_iter().collect();
    while let [TokenTree::Punct(hash), TokenTree::Punct(bang), TokenTree::Group(group), ..] = &rest[..]
        && (hash.as_char(), bang.as_char(), group.delimiter()) == ('#', '!', Delimiter::Bracket)
    {
        let set = read(group)?;
        level = set.unwrap_or(level);
        let behind = rest.split_off(3);
        if set.is_none() {
            kept.append(&mut rest);
        }
        rest = behind;
    }
    Ok((level, kept.into_iter().chain(rest).collect()))
}

/// The level that an attribute sets, if it is about that.
fn read(attribute: &Group) -> syn::Result<Option<Level>> {
    let is_documentation =
        matches!(attribute.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc");
    if is_documentation { Ok(None) } else { setting.parse2(attribute.stream()).map(Some) }
}

fn setting(input: ParseStream<'_>) -> syn::Result<Level> {
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
    for lint in Punctuated::<Ident, Token![,]>::parse_terminated(&lints)? {
        if lint != "slow" {
            let message = format!("there is no lint `{lint}`; the only one is `slow`, layers that take the slow path");
            return Err(syn::Error::new(lint.span(), message));
        }
    }
    Ok(level)
}
