//! Machines that rustc does not compile for unless a function says so.

use crate::plan::Plan;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// An instruction set beyond the portable one.
pub struct Machine {
    /// The target's name, and the module of `rt` with its vectors.
    pub name: &'static str,
    /// The variant of `rt::InstructionSet`.
    pub variant: &'static str,
    /// What rustc calls the features; `rt::call!` and the vectors list the same.
    pub features: &'static str,
}

const MACHINES: [Machine; 2] = [
    Machine { name: "avx2", variant: "Avx2", features: "avx2,fma" },
    Machine { name: "avx512", variant: "Avx512", features: "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma" },
];

/// A plan, and the machine that its functions are compiled for: none means every machine.
pub struct Version<'a> {
    pub plan: &'a Plan,
    pub machine: Option<&'static Machine>,
}

impl<'a> Version<'a> {
    /// The first plan is for every machine; each of the others is for the machine of its target.
    pub fn of(index: usize, plan: &'a Plan) -> Version<'a> {
        let machine = MACHINES.iter().find(|machine| index > 0 && machine.name == plan.target.name);
        Version { plan, machine }
    }

    /// How the names of its functions start.
    pub fn prefix(&self, program: &str) -> String {
        self.machine.map_or(program.into(), |machine| format!("{}_{program}", machine.name))
    }

    /// Leaves an item or arm out where it could not be compiled.
    pub fn cfg(&self) -> Option<TokenStream> {
        self.machine.map(|_| quote!(#[cfg(target_arch = "x86_64")]))
    }

    /// The pattern of its arm, which binds the proof that this machine can run it.
    pub fn pattern(&self, proof: &TokenStream) -> TokenStream {
        match self.machine {
            None => quote!(_),
            Some(machine) => {
                let variant = Ident::new(machine.variant, Span::call_site());
                quote!(rt::InstructionSet::#variant(#proof))
            }
        }
    }
}

impl Machine {
    /// The attribute of a function that needs the machine.
    pub fn attribute(&self) -> TokenStream {
        let features = self.features;
        quote!(#[target_feature(enable = #features)])
    }

    /// The name as an identifier.
    pub fn module(&self) -> Ident {
        Ident::new(self.name, Span::call_site())
    }
}
