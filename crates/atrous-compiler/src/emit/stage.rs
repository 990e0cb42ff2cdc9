//! Stages as functions: tables, loops, tiles.

use super::affine::{float, integer, length};
use super::names::Names;
use super::program::Surroundings;
use super::tile::tile;
use super::usage::{Usage, runs};
use crate::plan::{BufferId, Count, Plan, Role, Stage, Stmt, Var};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use std::collections::BTreeMap;

/// The names of a stage while it is printed.
pub struct Printer<'a> {
    /// The plan that it is of.
    pub plan: &'a Plan,
    /// By [`Var`]; one that nothing uses starts with an underscore.
    pub vars: Vec<Ident>,
    /// The parameters of the function.
    pub buffers: BTreeMap<BufferId, Ident>,
    /// The parameter with the shares to execute.
    pub shares: Ident,
    /// All of these names.
    pub names: Names,
}

/// The function of a stage: its parameters are the buffers that it reads, then those that it writes, and where threads
/// can split it, the shares to execute.
pub fn function(surroundings: &Surroundings<'_>, stage: &Stage, name: &Ident) -> TokenStream {
    let Surroundings { plan, machine, cfg, facade, .. } = surroundings;
    let usage = Usage::of(stage);
    let printer = printer(plan, stage, &usage);
    let mut tables = Vec::new();
    let body = statements(&printer, &stage.body, &mut Vec::new(), &mut tables);
    let parameter = |buffer: &BufferId, element: TokenStream| {
        let (name, len) = (&printer.buffers[buffer], length(plan.buffers[buffer.0].len()));
        quote!(#name: &[#element; #len])
    };
    let reads = usage.reads.iter().map(|buffer| parameter(buffer, quote!(f32)));
    let writes = usage.writes.iter().map(|buffer| parameter(buffer, quote!(::core::cell::Cell<f32>)));
    let shares = usage.is_parallel.then(|| {
        let shares = &printer.shares;
        quote!(#shares: ::core::ops::Range<isize>)
    });
    let parameters: Vec<_> = reads.chain(writes).chain(shares).collect();
    let mut lints = Vec::new();
    if parameters.len() > 7 {
        lints.push(quote!(clippy::too_many_arguments));
    }
    if usage.constants.iter().any(|&constant| looks_well_known(constant)) {
        lints.push(quote!(clippy::approx_constant));
    }
    let allow = (!lints.is_empty()).then(|| quote!(#[allow(#(#lints),*)]));
    let vectors = match machine.map(|machine| machine.module()) {
        None => quote!(use #facade::rt::{self, Lanes as _};),
        Some(module) => quote!(use #facade::rt::#module as rt;),
    };
    let uses = (usage.computes || usage.is_parallel).then_some(vectors);
    let features = machine.map(|machine| machine.attribute());
    let doc = doc(plan, &usage);
    quote! {
        #[doc = #doc]
        #cfg
        #[inline(never)]
        #features
        #allow
        fn #name(#(#parameters),*) {
            #uses
            #(#tables)*
            #body
        }
    }
}

/// How often a loop runs.
pub fn count(count: Count, vars: &[Ident]) -> TokenStream {
    match count {
        Count::Fixed(count) => integer(count),
        Count::Column(var) => {
            let name = &vars[var.0];
            quote!(#name)
        }
    }
}

fn printer<'a>(plan: &'a Plan, stage: &Stage, usage: &Usage) -> Printer<'a> {
    let mut names = Names::default();
    let vars = stage.vars.iter().enumerate().map(|(index, name)| {
        let mark = if usage.vars.contains(&Var(index)) { "" } else { "_" };
        names.fresh(&format!("{mark}{name}"))
    });
    let vars = vars.collect();
    let buffers = usage.reads.iter().chain(&usage.writes).map(|&buffer| {
        let name = short_name(plan, stage, buffer);
        (buffer, names.fresh_or(name, "buffer"))
    });
    let buffers = buffers.collect();
    let shares = names.fresh("shares");
    Printer { plan, vars, buffers, shares, names }
}

/// The name of a buffer within a stage, where the names of layers say nothing new: `conv_1.weight` → `weight`.
fn short_name<'a>(plan: &'a Plan, stage: &Stage, buffer: BufferId) -> &'a str {
    let buffer = &plan.buffers[buffer.0];
    match buffer.role {
        Role::Output | Role::Scratch { .. } if buffer.name == stage.name => "output",
        Role::Input | Role::Output | Role::Scratch { .. } => &buffer.name,
        Role::Parameter | Role::Packed { .. } => {
            let stages = plan.run.iter().map(|stage| stage.name.as_str());
            let rests = stages.filter_map(|stage| buffer.name.strip_prefix(stage)?.strip_prefix(['.', '_']));
            rests.min_by_key(|rest| rest.len()).unwrap_or(&buffer.name)
        }
    }
}

fn statements(
    printer: &Printer<'_>,
    stmts: &[Stmt],
    scope: &mut Vec<Var>,
    tables: &mut Vec<TokenStream>,
) -> TokenStream {
    let several = stmts.len() > 1;
    let statements = stmts.iter().map(|stmt| match stmt {
        Stmt::For { count, .. } | Stmt::Par { count, .. } if !runs(*count) => TokenStream::new(),
        Stmt::For { var, count: times, body } => {
            scope.push(*var);
            let body = statements(printer, body, scope, tables);
            scope.pop();
            let name = &printer.vars[var.0];
            let times = count(*times, &printer.vars);
            quote!(for #name in 0..#times { #body })
        }
        Stmt::Par { var, count: times, before, body } => {
            scope.push(*var);
            let body = statements(printer, body, scope, tables);
            scope.pop();
            let (name, shares) = (&printer.vars[var.0], &printer.shares);
            let [times, before] = [times, before].map(|number| count(*number, &printer.vars));
            quote!(for #name in rt::iterations(&#shares, #before, #times) { #body })
        }
        Stmt::Regions { columns, rows, body } => {
            let names: Vec<_> = columns.iter().map(|column| &printer.vars[column.0]).collect();
            let table = table(rows, columns.len(), tables);
            scope.extend(columns);
            let body = statements(printer, body, scope, tables);
            scope.truncate(scope.len() - columns.len());
            quote!(for &[#(#names),*] in &#table { #body })
        }
        Stmt::Tile(body) => {
            let body = tile(printer, body, scope);
            if several { quote!({ #body }) } else { body }
        }
    });
    statements.collect()
}

/// The name of a table with these rows; tables that are the same are one.
fn table(rows: &[Vec<i64>], columns: usize, tables: &mut Vec<TokenStream>) -> Ident {
    let (row_count, column_count) = (length(rows.len()), length(columns));
    let rows = rows.iter().map(|row| {
        let row = row.iter().map(|&value| integer(value));
        quote!([#(#row),*])
    });
    let value = quote!([[isize; #column_count]; #row_count] = [#(#rows),*]);
    let name = |index| if index == 0 { format_ident!("ROWS") } else { format_ident!("ROWS_{}", index + 1) };
    let definition = |index| {
        let name = name(index);
        quote!(const #name: #value;)
    };
    let known = (0..tables.len()).find(|&index| tables[index].to_string() == definition(index).to_string());
    let index = known.unwrap_or_else(|| {
        tables.push(definition(tables.len()));
        tables.len() - 1
    });
    name(index)
}

/// Whether clippy may take a constant for a mistyped π: it knows some to three digits.
fn looks_well_known(constant: f32) -> bool {
    let digits = float(constant.abs()).to_string().replace('.', "");
    digits.trim_matches('0').len() > 2
}

fn doc(plan: &Plan, usage: &Usage) -> String {
    let list = |buffers: &std::collections::BTreeSet<BufferId>| {
        let names: Vec<_> = buffers.iter().map(|buffer| format!("`{}`", plan.buffers[buffer.0].name)).collect();
        if names.is_empty() { "nothing".to_string() } else { names.join(", ") }
    };
    format!(" Reads {}; writes {}.", list(&usage.reads), list(&usage.writes))
}
