//! Machines that rustc does not compile for unless a function says so.

use crate::plan::{Checked, Plan, Stage, Stmt};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// An instruction set beyond the portable one.
pub struct Machine {
    /// The target's name.
    pub name: &'static str,
    /// The module of `rt` with its vectors.
    pub module: &'static str,
    /// The variant of `rt::InstructionSet`.
    pub variant: &'static str,
    /// What rustc calls the features; `rt::call!` and the vectors list the same.
    pub features: &'static str,
}

const AVX512: Machine = Machine {
    name: "avx512",
    module: "avx512",
    variant: "Avx512",
    features: "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma",
};

const MACHINES: [Machine; 3] = [
    Machine { name: "avx2", module: "avx2", variant: "Avx2", features: "avx2,fma" },
    AVX512,
    Machine { name: "avx512-dual", variant: "Avx512Dual", ..AVX512 },
];

/// A plan, and the machine that its functions are compiled for: none means every machine.
pub struct Version<'a> {
    pub plan: &'a Plan,
    pub machine: Option<&'static Machine>,
    /// Others with the same features and the same plan.
    alike: Vec<&'static Machine>,
}

impl<'a> Version<'a> {
    /// The first plan is for every machine; each of the others is for the machine of its target. Machines with the same
    /// features share a version if their plans are the same.
    pub fn all(plans: &'a [Checked<Plan>]) -> Vec<Version<'a>> {
        let mut versions: Vec<Version> = Vec::new();
        for (index, plan) in plans.iter().enumerate() {
            let machine = MACHINES.iter().find(|machine| index > 0 && machine.name == plan.target.name);
            let same = |version: &&mut Version| {
                let features = |machine: Option<&Machine>| machine.map(|machine| machine.features);
                features(version.machine) == features(machine) && does_the_same(version.plan, plan)
            };
            match (machine, versions.iter_mut().find(same)) {
                (Some(machine), Some(version)) => version.alike.push(machine),
                _ => versions.push(Version { plan, machine, alike: Vec::new() }),
            }
        }
        versions
    }

    /// The names of its targets.
    pub fn targets(&self) -> impl Iterator<Item = &'static str> {
        let machines = self.machine.into_iter().chain(self.alike.iter().copied());
        let names = machines.map(|machine| machine.name);
        self.machine.is_none().then_some("portable").into_iter().chain(names)
    }

    /// How the names of its functions start.
    pub fn prefix(&self, program: &str) -> String {
        self.machine.map_or(program.into(), |machine| format!("{}_{program}", machine.name.replace('-', "_")))
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
                let machines = std::iter::once(machine).chain(self.alike.iter().copied());
                let variants = machines.map(|machine| Ident::new(machine.variant, Span::call_site()));
                quote!(#(rt::InstructionSet::#variants(#proof))|*)
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

    /// The module as an identifier.
    pub fn module(&self) -> Ident {
        Ident::new(self.module, Span::call_site())
    }
}

/// Whether two plans are the same but for their targets.
fn does_the_same(one: &Plan, other: &Plan) -> bool {
    one.buffers == other.buffers && one.pack == other.pack && does(&one.run).eq(does(&other.run))
}

/// What stages do, without what was expected of them.
fn does(stages: &[Stage]) -> impl Iterator<Item = (&[String], i64, &[Stmt])> {
    stages.iter().map(|stage| (&stage.vars[..], stage.shares, &stage.body[..]))
}
