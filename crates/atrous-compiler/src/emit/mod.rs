//! Rust source from plans: one type per net, one function per stage.
//!
//! The plan decides everything; the net gives names, shapes and documentation. The code is safe, deterministic and free
//! of warnings, and names nothing but the standard library and the hidden `rt` module of the facade.

mod affine;
mod api;
mod machine;
mod methods;
mod names;
mod program;
mod registers;
mod stage;
#[cfg(test)]
mod tests;
mod tile;
mod usage;
mod versions;
mod windows;

use crate::net::Net;
use crate::plan::{Checked, Plan};
use proc_macro2::{Span, TokenStream};
use quote::quote;

/// What is not in the plan and yet differs between the users of the emitter.
#[derive(Clone, Debug)]
pub struct Options {
    /// Path of the crate that holds `rt`, as the generated code sees it.
    pub facade: TokenStream,
    /// Where the user wrote the net's name.
    pub name: Span,
}

impl Default for Options {
    /// For a file of its own in a crate that depends on `atrous`.
    fn default() -> Options {
        Options { facade: quote!(::atrous), name: Span::call_site() }
    }
}

/// The items that make a net callable: its type, and for a net with parameters the struct that names them.
///
/// `plans` are plans of `net`. The first is for every machine, and is all that must be there; the others, for
/// [`Target::avx2`](crate::Target::avx2), [`Target::avx512`](crate::Target::avx512) and
/// [`Target::avx512_dual`](crate::Target::avx512_dual), are used where the machine has the instructions. Without any plan
/// there are no items.
pub fn rust(net: &Net, plans: &[Checked<Plan>], options: &Options) -> TokenStream {
    if plans.is_empty() { TokenStream::new() } else { api::items(net, plans, options) }
}

/// The same items as the text of a source file.
///
/// # Errors
///
/// [`Options::facade`] is not a path.
pub fn source(net: &Net, plans: &[Checked<Plan>], options: &Options) -> Result<String, syn::Error> {
    Ok(prettyplease::unparse(&syn::parse2(rust(net, plans, options))?))
}
