//! Tiles as straight-line Rust over the vectors of `rt`.

use super::affine::{expression, float, integer, length};
use super::registers::{Declarations, Loading, Path, declarations, loading, mentions_of};
use super::stage::{Printer, count};
use super::usage::runs;
use super::windows::{Window, Windows, extents, windows};
use crate::plan::{Access, BinaryOp, Instr, Part, Reg, Step, Tile, Var};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};
use std::collections::{BTreeMap, BTreeSet};

/// What is known while a tile is printed.
struct Context<'a> {
    printer: &'a Printer<'a>,
    tile: &'a Tile,
    registers: Vec<Ident>,
    declarations: Declarations,
    mentions: Vec<usize>,
    names: super::names::Names,
    /// The loops around the steps at hand, each with what it reads.
    loops: Vec<Loop>,
}

/// A loop of a tile.
struct Loop {
    var: Var,
    extents: Vec<(Window, Ident)>,
}

/// What a list of steps knows of the memory that it reads and writes.
struct Memory {
    windows: Windows,
    /// Of the windows.
    names: Vec<Ident>,
    /// Steps that load a factor themselves.
    loading: BTreeMap<usize, Loading>,
    /// The steps with those loads.
    done: BTreeSet<usize>,
}

impl Memory {
    /// The window that a step reads or writes, and where in it.
    fn place(&self, step: usize) -> Option<(&Ident, Literal)> {
        let &(window, at) = self.windows.places.get(&step)?;
        Some((&self.names[window], length(at as usize)))
    }
}

/// The statements of a tile.
pub fn tile(printer: &Printer<'_>, tile: &Tile, scope: &mut Vec<Var>) -> TokenStream {
    let mut names = printer.names.clone();
    let registers = tile.registers.iter().map(|register| names.fresh_or(&register.name, "value")).collect();
    let (declarations, mentions) = (declarations(tile), mentions_of(tile));
    let mut context = Context { printer, tile, registers, declarations, mentions, names, loops: Vec::new() };
    context.list(&tile.body, &mut Vec::new(), scope)
}

impl Context<'_> {
    fn list(&mut self, steps: &[Step], path: &mut Path, scope: &mut Vec<Var>) -> TokenStream {
        let memory = self.memory(steps);
        let mut tokens = self.declared_at_start(path);
        for (index, step) in steps.iter().enumerate() {
            let needed = memory.windows.windows.iter().zip(&memory.names).filter(|(window, _)| window.before == index);
            tokens.extend(needed.map(|(window, name)| self.window(window, name, &format_ident!("window"), scope)));
            tokens.extend(match step {
                Step::Do(Instr::Prefetch { at }) => self.prefetch(at, scope),
                Step::Do(_) if memory.done.contains(&index) => TokenStream::new(),
                Step::Do(instr) => self.instr(instr, path, index, &memory),
                Step::Reduce { var, count: times, body } if runs(*times) => {
                    let (extents, definitions) = self.extents(step, scope);
                    self.loops.push(Loop { var: *var, extents });
                    path.push(index);
                    scope.push(*var);
                    let body = self.list(body, path, scope);
                    scope.pop();
                    path.pop();
                    self.loops.pop();
                    let name = &self.printer.vars[var.0];
                    let times = count(*times, &self.printer.vars);
                    quote!(#definitions for #name in 0..#times { #body })
                }
                Step::Reduce { .. } => TokenStream::new(),
            });
        }
        tokens
    }

    fn memory(&mut self, steps: &[Step]) -> Memory {
        let windows = windows(self.printer.plan, steps, &|instr| self.lanes(register(instr)));
        let names = windows.windows.iter().map(|window| self.name_of_slice(window, "window")).collect();
        let is_whole =
            |reg, access: &Access| self.lanes(reg) >= 4 && part(access).is_none() && self.stride(access).is_none();
        let loading = loading(steps, &self.mentions, is_whole);
        let done = loading.values().map(|loading| loading.load).collect();
        Memory { windows, names, loading, done }
    }

    fn declared_at_start(&self, path: &Path) -> TokenStream {
        let registers = self.declarations.at_start.get(path).into_iter().flatten();
        let declared = registers.map(|&reg| {
            let (name, vector) = (self.name(reg), self.vector(reg));
            quote!(let mut #name = #vector::splat(0.0);)
        });
        declared.collect()
    }

    /// What a loop reads, each part with its name; and their definitions, which stand before the loop.
    fn extents(&mut self, step: &Step, scope: &[Var]) -> (Vec<(Window, Ident)>, TokenStream) {
        let mut definitions = TokenStream::new();
        let mut named = Vec::new();
        for extent in extents(self.printer.plan, step, &|instr| self.lanes(register(instr))) {
            let outer = self.outer_extent(&extent);
            let same = outer.filter(|(outer, _)| outer.start == extent.start && outer.span == extent.span);
            let name = match same {
                Some((_, name)) => name.clone(),
                None => {
                    let name = self.name_of_slice(&extent, "extent");
                    definitions.extend(self.window(&extent, &name, &format_ident!("extent"), scope));
                    name
                }
            };
            named.push((extent, name));
        }
        (named, definitions)
    }

    /// What the loop at hand reads, if a window is part of that.
    fn outer_extent(&self, window: &Window) -> Option<&(Window, Ident)> {
        let outer = self.loops.last()?;
        outer.extents.iter().find(|(extent, _)| extent.is_extent_of(window, outer.var))
    }

    fn name_of_slice(&mut self, window: &Window, kind: &str) -> Ident {
        let buffer = self.printer.buffers[&window.buffer].to_string();
        self.names.fresh(&format!("{}_{kind}", buffer.trim_end_matches('_')))
    }

    /// The definition of a window: it is of what the loop around it reads, or where nothing was checked for that, of the
    /// buffer.
    fn window(&self, window: &Window, name: &Ident, function: &Ident, scope: &[Var]) -> TokenStream {
        let (from, start) = match self.outer_extent(window) {
            Some((extent, name)) => (name, window.start.clone().plus_times(&extent.start, -1)),
            None => (&self.printer.buffers[&window.buffer], window.start.clone()),
        };
        let start = expression(&start, scope, &self.printer.vars);
        let (span, element) = (integer(window.span), if window.stored { quote!(_) } else { quote!(f32) });
        quote!(let #name: &[#element; #span] = rt::#function(#from, #start);)
    }

    /// Any vectors of the machine can ask for memory; every machine's cannot.
    fn prefetch(&self, at: &Access, scope: &[Var]) -> TokenStream {
        let Printer { plan, buffers, vars, .. } = self.printer;
        let vector = match plan.target.lanes {
            lanes @ (8 | 16) => format_ident!("F32x{lanes}"),
            _ => return TokenStream::new(),
        };
        let buffer = &buffers[&at.buffer];
        let place = expression(&at.offset(&plan.buffers[at.buffer.0]), scope, vars);
        quote!(rt::#vector::prefetch(#buffer, #place);)
    }

    fn instr(&self, instr: &Instr, path: &Path, index: usize, memory: &Memory) -> TokenStream {
        let (window, at) = memory.place(index).unzip();
        let value = match instr {
            Instr::MultiplyAdd { addend, .. } if memory.loading.contains_key(&index) => {
                let Loading { load, factor } = memory.loading[&index];
                let (factor, addend) = (self.name(factor), self.name(*addend));
                let (window, at) = memory.place(load).unzip();
                quote!(#factor.fused_multiply_add_load::<#at>(#window, #addend))
            }
            Instr::Constant { to, value } => {
                let (vector, value) = (self.vector(*to), float(value.get()));
                quote!(#vector::splat(#value))
            }
            Instr::Load { to, from } => {
                let (vector, part) = (self.vector(*to), part(from));
                match (self.stride(from), &part) {
                    (None, None) => quote!(#vector::load(#window, #at)),
                    (None, Some(part)) => quote!(#vector::load_part::<#part>(#window, #at)),
                    (Some(stride), None) => quote!(#vector::load_strided(#window, #at, #stride)),
                    (Some(stride), Some(part)) => quote!(#vector::load_part_strided::<#part>(#window, #at, #stride)),
                }
            }
            Instr::Broadcast { to, .. } => {
                let vector = self.vector(*to);
                quote!(#vector::broadcast(#window, #at))
            }
            Instr::Prefetch { .. } => return TokenStream::new(),
            Instr::Store { from, to } => {
                let from = self.name(*from);
                return match (self.stride(to), part(to)) {
                    (None, None) => quote!(#from.store(#window, #at);),
                    (None, Some(part)) => quote!(#from.store_part::<#part>(#window, #at);),
                    (Some(stride), None) => quote!(#from.store_strided(#window, #at, #stride);),
                    (Some(stride), Some(part)) => quote!(#from.store_part_strided::<#part>(#window, #at, #stride);),
                };
            }
            Instr::Binary { op, left, right, .. } => {
                let (left, right, op) = (self.name(*left), self.name(*right), method(*op));
                quote!(#left.#op(#right))
            }
            Instr::MultiplyAdd { left, right, addend, fused, part, .. } => {
                let [left, right, addend] = [left, right, addend].map(|reg| self.name(*reg));
                let method = format_ident!("{}", if *fused { "fused_multiply_add" } else { "multiply_add" });
                let part = part.map(|Part { from, to }| {
                    let (method, from, to) = (format_ident!("{method}_part"), length(from), length(to));
                    quote!(#method::<#from, #to>)
                });
                let method = part.unwrap_or_else(|| quote!(#method));
                quote!(#left.#method(#right, #addend))
            }
            Instr::SelectLess { left, right, yes, no, .. } => {
                let [left, right, yes, no] = [left, right, yes, no].map(|reg| self.name(*reg));
                quote!(#left.select_less(#right, #yes, #no))
            }
            Instr::ShiftLeft { from, bits, .. } => {
                let (from, bits) = (self.name(*from), length(*bits as usize));
                quote!(#from.shift_left(#bits))
            }
            Instr::Shuffle { left, right, lanes, .. } => {
                let (left, right) = (self.name(*left), self.name(*right));
                let lanes = lanes.iter().map(|&lane| length(lane));
                quote!(#left.shuffle(#right, [#(#lanes),*]))
            }
        };
        let name = self.name(register(instr));
        match self.declarations.at_step.get(&(path.clone(), index)) {
            Some(true) => quote!(let mut #name = #value;),
            Some(false) => quote!(let #name = #value;),
            None => quote!(#name = #value;),
        }
    }

    fn name(&self, reg: Reg) -> &Ident {
        &self.registers[reg.0]
    }

    fn lanes(&self, reg: Reg) -> usize {
        self.tile.registers[reg.0].lanes
    }

    fn vector(&self, reg: Reg) -> TokenStream {
        let vector = format_ident!("F32x{}", self.lanes(reg));
        quote!(rt::#vector)
    }

    /// Elements between the lanes of an access, unless they are neighbours.
    fn stride(&self, access: &Access) -> Option<TokenStream> {
        let stride = access.lane_stride(&self.printer.plan.buffers[access.buffer.0]);
        (stride != 1).then(|| integer(stride))
    }
}

/// The register that an instruction writes, or stores.
fn register(instr: &Instr) -> Reg {
    instr.written().or_else(|| instr.operands().next()).expect("an instruction has a register")
}

/// The lanes of an access that touch memory, if not all do: where they start, and where they end.
fn part(access: &Access) -> Option<TokenStream> {
    let part = access.lanes?.part?;
    let (from, to) = (length(part.from), length(part.to));
    Some(quote!(#from, #to))
}

fn method(op: BinaryOp) -> TokenStream {
    match op {
        BinaryOp::Add => quote!(add),
        BinaryOp::Sub => quote!(sub),
        BinaryOp::Mul => quote!(mul),
        BinaryOp::Div => quote!(div),
        BinaryOp::Min => quote!(min),
        BinaryOp::Max => quote!(max),
    }
}
