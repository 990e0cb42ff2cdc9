//! The programs of all versions of a net, and the choice between them.

use super::affine::length;
use super::api::Interface;
use super::machine::{Machine, Version};
use super::names::identifier;
use super::program::{Program, Surroundings, program};
use crate::plan::{BufferId, Plan, Role};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};

/// What all versions do.
pub struct Choice {
    /// The functions of all versions.
    pub functions: TokenStream,
    /// The statements that pack or compute. `rt` has to be in scope.
    pub body: TokenStream,
    /// The variables that some version uses.
    pub used: BTreeSet<Ident>,
    /// Whether threads can split a stage of some version; `threads` has to be in scope then.
    pub is_parallel: bool,
    /// Elements of scratch memory that any of them needs, as `scratch: &mut [f32]`.
    pub scratch_len: usize,
}

/// Packs the parameters in these variables; `packed`, and with several versions `instruction_set`, are bound after it.
pub fn pack(interface: &Interface<'_>, variables: &[Ident]) -> Choice {
    let (facade, mut functions, mut used, mut bodies) =
        (interface.facade, TokenStream::new(), BTreeSet::new(), Vec::new());
    for version in &interface.versions {
        let plan = version.plan;
        let callers = callers(plan, &[Role::Parameter], variables);
        // Packing only copies, so every machine can do it: its vectors are the portable ones.
        let (machine, cfg) = (None, version.cfg());
        let surroundings = Surroundings { plan, machine, cfg, callers, packed: quote!(packed), facade };
        let program = program(&surroundings, &plan.pack, &version.prefix("pack"));
        let packed_len = length(plan.packed_len);
        let mutability = program.used.iter().any(|&buffer| is_packed(plan, buffer)).then(|| quote!(mut));
        let body = program.body;
        bodies.push(quote!(let #mutability packed = rt::arena(#packed_len); #body));
        used.extend(variables_of(&surroundings, &program.used));
        functions.extend(program.functions);
    }
    if let [body] = &bodies[..] {
        return Choice { functions, body: body.clone(), used, is_parallel: false, scratch_len: 0 };
    }
    let names = interface.versions.iter().flat_map(Version::targets);
    let arms = interface.versions.iter().zip(bodies).rev().map(|(version, body)| {
        let (cfg, pattern) = (version.cfg(), version.pattern(&quote!(_)));
        quote!(#cfg #pattern => { #body packed })
    });
    let body = quote! {
        let instruction_set = rt::instruction_set(&[#(#names),*])?;
        let packed = match instruction_set { #(#arms)* };
    };
    Choice { functions, body, used, is_parallel: false, scratch_len: 0 }
}

/// Computes the outputs in the last of these variables from the inputs in the first.
pub fn run(interface: &Interface<'_>, variables: &[Ident]) -> Choice {
    let facade = interface.facade;
    let (mut functions, mut used, mut arms) = (TokenStream::new(), BTreeSet::new(), Vec::new());
    let (mut is_parallel, mut scratch_len) = (false, 0);
    for version in &interface.versions {
        let plan = version.plan;
        let callers = callers(plan, &[Role::Input, Role::Output], variables);
        let packed = if version.machine.is_some() { quote!(packed) } else { quote!(&self.packed) };
        let (machine, cfg) = (version.machine, version.cfg());
        let surroundings = Surroundings { plan, machine, cfg, callers, packed, facade };
        let program = program(&surroundings, &plan.run, &version.prefix("run"));
        used.extend(variables_of(&surroundings, &program.used));
        is_parallel |= program.is_parallel;
        if program.uses_scratch(plan) {
            scratch_len = scratch_len.max(plan.scratch_len);
        }
        functions.extend(program.functions.clone());
        arms.push(match machine {
            None => program.body,
            Some(machine) => {
                let (function, call) = entry(interface, machine, &surroundings, &program, version);
                functions.extend(function);
                call
            }
        });
    }
    if let [body] = &arms[..] {
        return Choice { functions, body: body.clone(), used, is_parallel, scratch_len };
    }
    let arms = interface.versions.iter().zip(arms).rev().map(|(version, body)| {
        let (cfg, pattern) = (version.cfg(), version.pattern(&quote!(detected)));
        quote!(#cfg #pattern => { #body })
    });
    let body = quote!(match self.instruction_set { #(#arms)* });
    Choice { functions, body, used, is_parallel, scratch_len }
}

/// The function that runs all stages of a version with the features of its machine, and the statements that call it.
fn entry(
    interface: &Interface<'_>,
    machine: &Machine,
    surroundings: &Surroundings<'_>,
    program: &Program,
    version: &Version<'_>,
) -> (TokenStream, TokenStream) {
    let (plan, facade, owner) = (surroundings.plan, interface.facade, &interface.name);
    let (mut arguments, mut parameters) = (Vec::new(), Vec::new());
    let reads_packed = program.used.iter().any(|&buffer| is_packed(plan, buffer));
    if reads_packed {
        arguments.push(identifier("packed"));
        parameters.push(quote!(packed: &[f32]));
    }
    if program.uses_scratch(plan) {
        arguments.push(identifier("scratch"));
        parameters.push(quote!(scratch: &mut [f32]));
    }
    for (buffer, variable) in surroundings.callers.iter().filter(|(buffer, _)| program.used.contains(buffer)) {
        let buffer = &plan.buffers[buffer.0];
        let reference = if buffer.role == Role::Output { quote!(&mut) } else { quote!(&) };
        let len = length(buffer.len());
        arguments.push(variable.clone());
        parameters.push(quote!(#variable: #reference [f32; #len]));
    }
    if program.is_parallel {
        arguments.push(identifier("threads"));
        parameters.push(quote!(threads: &dyn #facade::Threads));
    }
    let name = identifier(&version.prefix("run"));
    let (cfg, features, module) = (&surroundings.cfg, machine.attribute(), machine.module());
    let allow = (parameters.len() > 7).then(|| quote!(#[allow(clippy::too_many_arguments)]));
    let packed = reads_packed.then(|| quote!(let packed: &[f32] = &self.packed;));
    let body = &program.body;
    let doc = format!(" All stages, for {}.", machine.name);
    let function = quote! {
        #[doc = #doc]
        #cfg
        #features
        #allow
        fn #name(#(#parameters),*) {
            use #facade::rt;
            #body
        }
    };
    // The macro repeats the call in a function of its own, where `Self` is not known.
    let call = quote!(#packed rt::call!(#module, detected, #owner::#name, #(#arguments),*););
    (function, call)
}

/// The variables for the buffers of the caller, which stand in this order in every plan of the net.
fn callers(plan: &Plan, roles: &[Role], variables: &[Ident]) -> BTreeMap<BufferId, Ident> {
    let of_role = |&role: &Role| {
        plan.buffers.iter().enumerate().filter(move |(_, buffer)| buffer.role == role).map(|(index, _)| BufferId(index))
    };
    roles.iter().flat_map(of_role).zip(variables.iter().cloned()).collect()
}

fn variables_of(surroundings: &Surroundings<'_>, used: &BTreeSet<BufferId>) -> Vec<Ident> {
    let callers = surroundings.callers.iter().filter(|(buffer, _)| used.contains(buffer));
    callers.map(|(_, variable)| variable.clone()).collect()
}

fn is_packed(plan: &Plan, buffer: BufferId) -> bool {
    matches!(plan.buffers[buffer.0].role, Role::Packed { .. })
}
