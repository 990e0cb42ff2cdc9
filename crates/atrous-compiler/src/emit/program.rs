//! Programs as sequences of calls: which memory each stage gets.

use super::affine::{integer, length};
use super::machine::Machine;
use super::names::{Names, identifier};
use super::stage;
use super::usage::Usage;
use crate::plan::{BufferId, Plan, Role, Stage, eval};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use std::collections::{BTreeMap, BTreeSet};

/// One of the two programs of a plan, as Rust.
pub struct Program {
    /// The functions of its stages.
    pub functions: TokenStream,
    /// The calls. `rt` has to be in scope, and a program that uses scratch memory needs `scratch: &mut [f32]`.
    pub body: TokenStream,
    /// The buffers that its stages read or write.
    pub used: BTreeSet<BufferId>,
    /// Whether threads can split one of its stages; it needs `threads` then.
    pub is_parallel: bool,
}

impl Program {
    /// Whether it reads or writes scratch memory.
    pub fn uses_scratch(&self, plan: &Plan) -> bool {
        self.used.iter().any(|&buffer| arena(plan, buffer) == Some(Arena::Scratch))
    }
}

/// What the calls of a program see.
pub struct Surroundings<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What the functions of the stages need.
    pub machine: Option<&'static Machine>,
    /// What stands before each function.
    pub cfg: Option<TokenStream>,
    /// The variables that stand for the caller's buffers.
    pub callers: BTreeMap<BufferId, Ident>,
    /// The packed arena when the program reads it: `&self.packed`. A program that writes it owns it as `packed`.
    pub packed: TokenStream,
    /// Path of the facade.
    pub facade: &'a TokenStream,
}

/// The program with these stages; their functions have names that start with `prefix`.
pub fn program(surroundings: &Surroundings<'_>, stages: &[Stage], prefix: &str) -> Program {
    let usages: Vec<Usage> = stages.iter().map(Usage::of).collect();
    let used = usages.iter().flat_map(buffers).collect();
    let is_parallel = usages.iter().any(|usage| usage.is_parallel);
    let mut program = Program { functions: TokenStream::new(), body: TokenStream::new(), used, is_parallel };
    let mut names = Names::default();
    let taken = names_of_callers(surroundings).shared();
    for (stage, usage) in stages.iter().zip(&usages) {
        let name = names.fresh(&format!("{prefix}_{}", stage.name));
        program.functions.extend(stage::function(surroundings, stage, &name));
        program.body.extend(call(surroundings, stage, usage, &name, taken.clone()));
    }
    program
}

#[derive(Clone, Copy, PartialEq)]
enum Arena {
    Packed,
    Scratch,
}

fn arena(plan: &Plan, buffer: BufferId) -> Option<Arena> {
    match plan.buffers[buffer.0].role {
        Role::Input | Role::Output | Role::Parameter => None,
        Role::Packed { .. } => Some(Arena::Packed),
        Role::Scratch { .. } => Some(Arena::Scratch),
    }
}

/// The buffers of a stage in the order of its function's parameters.
fn buffers(usage: &Usage) -> impl Iterator<Item = BufferId> {
    usage.reads.iter().chain(&usage.writes).copied()
}

/// What is taken where stages are called.
fn names_of_callers(surroundings: &Surroundings<'_>) -> Names {
    let mut names = Names::default();
    for taken in surroundings.callers.values() {
        names.fresh(&taken.to_string());
    }
    for taken in ["packed", "scratch", "shares", "threads"] {
        names.fresh(taken);
    }
    names
}

/// The call of a stage, in a scope with these names.
fn call(surroundings: &Surroundings<'_>, stage: &Stage, usage: &Usage, name: &Ident, mut names: Names) -> TokenStream {
    let caller = |buffer| {
        let name = surroundings.callers.get(&buffer)?;
        let is_written = usage.writes.contains(&buffer);
        Some((buffer, if is_written { quote!(rt::cells(#name, 0)) } else { quote!(#name) }))
    };
    let mut arguments: BTreeMap<BufferId, TokenStream> = buffers(usage).filter_map(caller).collect();
    let mut split = TokenStream::new();
    for kind in [Arena::Packed, Arena::Scratch] {
        let inside: Vec<_> = buffers(usage).filter(|&buffer| arena(surroundings.plan, buffer) == Some(kind)).collect();
        let writes = inside.iter().any(|buffer| usage.writes.contains(buffer));
        if writes && inside.len() > 1 {
            split.extend(split_arena(surroundings, usage, kind, &inside, &mut names, &mut arguments));
        } else {
            for buffer in inside {
                arguments.insert(buffer, whole_arena(surroundings, usage, kind, buffer));
            }
        }
    }
    let mut shared = TokenStream::new();
    if usage.is_parallel {
        for &buffer in &usage.writes {
            let name = names.fresh(&identifier(&surroundings.plan.buffers[buffer.0].name).to_string());
            let cells = &arguments[&buffer];
            shared.extend(quote!(let #name = rt::shared!(#cells);));
            arguments.insert(buffer, quote!(#name.cells()));
        }
    }
    let arguments = buffers(usage).map(|buffer| &arguments[&buffer]);
    let call = if usage.is_parallel {
        let (shares, instructions) = (integer(stage.shares), Literal::u64_unsuffixed(eval::count_instructions(stage)));
        quote! {
            rt::split(threads, rt::Work { shares: #shares, instructions: #instructions }, &|shares| {
                Self::#name(#(#arguments,)* shares)
            });
        }
    } else {
        quote!(Self::#name(#(#arguments),*);)
    };
    if split.is_empty() && shared.is_empty() { call } else { quote!({ #split #shared #call }) }
}

/// The argument for a buffer when nothing else of its arena is borrowed mutably.
fn whole_arena(surroundings: &Surroundings<'_>, usage: &Usage, kind: Arena, buffer: BufferId) -> TokenStream {
    let offset = length(offset(surroundings.plan, buffer));
    match (kind, usage.writes.contains(&buffer)) {
        (Arena::Packed, false) => {
            let packed = &surroundings.packed;
            quote!(rt::window(#packed, #offset))
        }
        (Arena::Packed, true) => quote!(rt::cells(&mut packed, #offset)),
        (Arena::Scratch, false) => quote!(rt::window(scratch, #offset)),
        (Arena::Scratch, true) => quote!(rt::cells(scratch, #offset)),
    }
}

/// The statement that borrows several buffers of one arena; their arguments are added.
fn split_arena(
    surroundings: &Surroundings<'_>,
    usage: &Usage,
    kind: Arena,
    inside: &[BufferId],
    names: &mut Names,
    arguments: &mut BTreeMap<BufferId, TokenStream>,
) -> TokenStream {
    let plan = surroundings.plan;
    let arena = match kind {
        Arena::Packed => quote!(&mut packed),
        Arena::Scratch => quote!(scratch),
    };
    let mut parts = Vec::new();
    let mut ranges = Vec::new();
    for &buffer in inside {
        let name = &plan.buffers[buffer.0].name;
        let part = names.fresh(&identifier(name).to_string());
        let start = offset(plan, buffer);
        let (start, end) = (length(start), length(start + plan.buffers[buffer.0].len()));
        ranges.push(quote!(#start..#end));
        let function = if usage.writes.contains(&buffer) { quote!(cells) } else { quote!(window) };
        arguments.insert(buffer, quote!(rt::#function(#part, 0)));
        parts.push(part);
    }
    quote!(let [#(#parts),*] = rt::parts(#arena, [#(#ranges),*]);)
}

fn offset(plan: &Plan, buffer: BufferId) -> usize {
    match plan.buffers[buffer.0].role {
        Role::Input | Role::Output | Role::Parameter => 0,
        Role::Packed { offset } | Role::Scratch { offset } => offset,
    }
}
