//! The code of a plan for people.

use std::fmt::{self, Write};

use atrous_compiler::plan::{Checked, Plan};
use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{Block, Function, Inst, Value};
use cranelift_codegen::isa::CallConv;
use cranelift_codegen::write::{FuncWriter, PlainWriter, decorate_function};

use crate::assemble;
use crate::compile;
use crate::error::CompileError;
use crate::host;
use crate::machine::codegen_reason;
use crate::translate::{self, Translated};

/// All stages of a plan as Cranelift IR, with comments that name the loops. The same on every machine.
pub fn clif(plan: &Checked<Plan>) -> String {
    let mut text = String::new();
    for (index, buffer) in plan.buffers.iter().enumerate() {
        let _ = writeln!(text, "; v0+{}: {} {:?}", index * 8, buffer.name, buffer.shape);
    }
    for (_, _, stage) in translate::stages(plan, CallConv::SystemV) {
        text.push('\n');
        let _ = decorate_function(&mut Commented(&stage), &mut text, &stage.function);
    }
    text
}

/// All stages of a plan as this machine's assembly in Cranelift's notation, before addresses are filled in. Tiles that
/// Cranelift does not compile follow their stage.
///
/// # Errors
///
/// Those of [`Kernel::compile`](crate::Kernel::compile).
pub fn asm(plan: &Checked<Plan>) -> Result<String, CompileError> {
    let isa = host::isa()?;
    let mut text = String::new();
    for (_, name, stage) in translate::stages(plan, isa.default_call_conv()) {
        let tiles = stage.tiles;
        let compiled = compile::function(&*isa, &stage.function, true);
        let compiled =
            compiled.map_err(|error| CompileError::Stage { stage: name.clone(), reason: codegen_reason(&error) })?;
        let code = compiled.vcode.as_deref().unwrap_or_default();
        let _ = writeln!(text, "{name}:\n{}\n", code.trim_end());
        for (index, tile) in tiles.into_iter().enumerate() {
            let tile = tile.map_err(|reason| CompileError::Stage { stage: name.clone(), reason })?;
            let _ = writeln!(text, "{name}::tile{index}:\n{}", assemble::text(&tile));
        }
    }
    Ok(text)
}

/// Writes the notes of blocks above them, and the tables below the symbols.
struct Commented<'a>(&'a Translated);

impl FuncWriter for Commented<'_> {
    fn write_preamble(&mut self, w: &mut dyn Write, function: &Function) -> Result<bool, fmt::Error> {
        let any = self.super_preamble(w, function)?;
        for (index, table) in self.0.tables.iter().enumerate() {
            writeln!(w, "    ; gv{index}: rows of ({})", table.columns.join(", "))?;
            for row in &table.rows {
                writeln!(w, "    ;     {row:?}")?;
            }
        }
        Ok(any)
    }

    fn write_block_header(
        &mut self,
        w: &mut dyn Write,
        function: &Function,
        block: Block,
        indent: usize,
    ) -> fmt::Result {
        if let Some(note) = self.0.notes.get(&block) {
            writeln!(w, "; {note}")?;
        }
        PlainWriter.write_block_header(w, function, block, indent)
    }

    fn write_instruction(
        &mut self,
        w: &mut dyn Write,
        function: &Function,
        aliases: &SecondaryMap<Value, Vec<Value>>,
        inst: Inst,
        indent: usize,
    ) -> fmt::Result {
        PlainWriter.write_instruction(w, function, aliases, inst, indent)
    }
}
