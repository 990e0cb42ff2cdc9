//! Specs in files of their own, next to the manifest of the crate that uses them.

use crate::Setting;
use crate::messages::{Message, Place};
use atrous_compiler::Diagnostic;
use atrous_compiler::front::{self, OpenNet, Sizes};
use atrous_compiler::render::render;
use proc_macro2::TokenStream;
use quote::quote;
use std::path::Path;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitInt, LitStr, Token};

/// The items of `"path", NAME = size, …`.
pub fn expand(input: TokenStream, setting: &Setting) -> TokenStream {
    match arguments.parse2(input).and_then(|(path, sizes)| read(path, sizes, setting)) {
        Ok(items) => items,
        Err(error) => error.into_compile_error(),
    }
}

fn arguments(input: ParseStream<'_>) -> syn::Result<(LitStr, Sizes)> {
    let path = input.parse()?;
    let mut sizes = Sizes::new();
    while !input.is_empty() {
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            break;
        }
        let name: Ident = input.parse()?;
        input.parse::<Token![=]>()?;
        let size = input.parse::<LitInt>()?.base10_parse()?;
        if sizes.insert(name.to_string(), size).is_some() {
            return Err(syn::Error::new(name.span(), format!("{name} is bound twice")));
        }
    }
    Ok((path, sizes))
}

fn read(path: LitStr, sizes: Sizes, setting: &Setting) -> syn::Result<TokenStream> {
    let relative = path.value();
    let full = Path::new(&std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join(&relative);
    let fail = |reason: &dyn std::fmt::Display| {
        syn::Error::new(path.span(), format!("cannot read the spec `{}`: {reason}", full.display()))
    };
    let bytes = std::fs::read(&full).map_err(|error| fail(&error))?;
    let name = full.to_str().ok_or_else(|| fail(&"its path is not UTF-8"))?;

    let front = front::bytes(&bytes, &sizes);
    let whole = Place::all(path.span());
    let message = |diagnostic: &Diagnostic| {
        let text = render(&relative, &bytes, diagnostic);
        Message { severity: diagnostic.severity, text, place: whole }
    };
    let messages = front.diagnostics.iter().map(message).collect();
    let unbound = |open: &OpenNet| {
        let all = sizes.iter().map(|(name, size)| format!("{name} = {size}"));
        let free = open.free.iter().map(|name| format!("{name} = 64"));
        let bindings: Vec<String> = all.chain(free).collect();
        format!("bind them where the file is used, for example conv!({relative:?}, {})", bindings.join(", "))
    };
    let items = crate::expand(&front, messages, |_| whole, unbound, setting);
    // An edit of the file makes cargo compile the crate again.
    Ok(quote! {
        const _: &[u8] = ::core::include_bytes!(#name);
        #items
    })
}
