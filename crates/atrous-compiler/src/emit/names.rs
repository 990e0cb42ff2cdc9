//! Rust identifiers from the names of specs and plans.

use proc_macro2::{Ident, Span};
use std::collections::BTreeSet;
use std::rc::Rc;

/// The identifiers in use in one scope.
#[derive(Clone, Default)]
pub struct Names {
    /// Those of the scopes around it.
    outer: Rc<BTreeSet<String>>,
    own: BTreeSet<String>,
}

impl Names {
    /// The same, cheap to clone for many scopes inside.
    pub fn shared(self) -> Names {
        Names { outer: Rc::new(self.outer.union(&self.own).cloned().collect()), own: BTreeSet::new() }
    }

    /// The identifier for a name, with a number behind it when another name has taken it.
    pub fn fresh(&mut self, wanted: &str) -> Ident {
        self.fresh_or(wanted, "2")
    }

    /// The identifier for a name, with a suffix behind it when another name has taken it.
    pub fn fresh_or(&mut self, wanted: &str, suffix: &str) -> Ident {
        let wanted = legal(wanted);
        let suffixed = format!("{wanted}_{suffix}");
        let numbered = (2..).map(|number| format!("{wanted}_{number}"));
        let mut candidates = [wanted.clone(), suffixed].into_iter().chain(numbered);
        let is_free = |name: &String| !self.outer.contains(name) && !self.own.contains(name);
        let free = candidates.find(is_free).unwrap_or(wanted);
        self.own.insert(free.clone());
        Ident::new(&free, Span::call_site())
    }
}

/// The identifier for a name: `conv1.weight` → `conv1_weight`, `type` → `type_`.
pub fn identifier(name: &str) -> Ident {
    Ident::new(&legal(name), Span::call_site())
}

/// The name of a type: `up_conv7` → `UpConv7`.
pub fn type_name(name: &str, span: Span) -> Ident {
    Ident::new(&legal(&crate::check::type_name(&legal(name))), span)
}

/// Whether rustc warns of the name for a variable.
pub fn is_snake_case(name: &str) -> bool {
    name == name.to_lowercase() && !name.trim_matches('_').contains("__")
}

/// The nearest text that is an identifier.
fn legal(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    let name = name.replace(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric(), "_");
    let candidates = [name.clone(), format!("{name}_"), format!("n{name}")];
    let is_legal = |candidate: &&String| syn::parse_str::<Ident>(candidate).is_ok();
    candidates.iter().find(is_legal).cloned().unwrap_or_else(|| "unnamed".into())
}
