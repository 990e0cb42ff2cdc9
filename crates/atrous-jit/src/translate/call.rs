//! Tiles that are functions by themselves, with the loops around them: the driver fills a frame and calls.

use std::collections::{BTreeMap, BTreeSet};
use std::slice;

use atrous_compiler::plan::{Access, Count, Step, Stmt, Tile, Var};
use cranelift_codegen::ir::{
    ExtFuncData, ExternalName, InstBuilder, StackSlotData, StackSlotKind, UserExternalName, Value, types,
};

use super::address::{self, Binding, Pointer};
use super::nest::{Emitter, WORD};
use super::{FUNCTIONS, join, tile_signature};
use crate::assemble::{self, Frame, InstructionSet, Site};

impl Emitter<'_> {
    /// The longest start of the statements that is nothing but tiles and loops around them, as one tile, and how many
    /// statements it is. More than one tile, or a loop, only if all pointers and counters are in registers.
    pub(super) fn callable(&self, statements: &[Stmt]) -> Option<(Tile, usize)> {
        let (mut pointers, mut depth, mut count) = (BTreeSet::new(), 0, 0);
        for statement in statements.iter().take_while(|statement| join::is_callable(statement)) {
            let accesses = address::in_statements(slice::from_ref(statement));
            pointers.extend(accesses.iter().map(|access| self.pointer(access).0));
            depth = depth.max(join::depth(statement));
            let is_first_tile = count == 0 && matches!(statement, Stmt::Tile(_));
            if !is_first_tile && !assemble::has_registers_for(pointers.len() + depth) {
                break;
            }
            count += 1;
        }
        (count > 0).then(|| (join::tile(&statements[..count]), count))
    }

    /// Assembles a tile, and calls it.
    pub(super) fn call(&mut self, set: InstructionSet, tile: &Tile) {
        let (frame, words) = self.frame(tile);
        let assembled = assemble::tile(set, tile, &frame);
        let size = assembled.as_ref().map_or(0, |assembled| assembled.words);
        let function = self.function();
        self.tiles.push(assembled);
        let data = StackSlotData::new(StackSlotKind::ExplicitSlot, (size * WORD as usize) as u32, 3);
        let slot = self.builder.create_sized_stack_slot(data);
        for (index, word) in words.into_iter().enumerate() {
            self.builder.ins().stack_store(types::I64, word, slot, (index * WORD as usize) as i32);
        }
        let address = self.builder.ins().stack_addr(types::I64, slot, 0);
        self.builder.ins().call(function, &[address]);
    }

    /// The pointer of an access when the function is called and how it moves there, and the displacement from it in bytes.
    fn pointer(&self, access: &Access) -> ((Pointer, Vec<(Var, i64)>), i64) {
        let (pointer, displacement) = self.scope.place(self.plan, access);
        ((pointer, self.scope.moves(self.plan, access)), displacement)
    }

    /// What the tile needs to know, and the words that the driver puts into its frame.
    fn frame(&self, tile: &Tile) -> (Frame, Vec<Value>) {
        let mut frame = Frame { pointers: Vec::new(), sites: Vec::new(), numbers: BTreeMap::new(), counts: Vec::new() };
        let (mut pointers, mut counts) = (Vec::new(), Vec::new());
        for access in address::in_steps(&tile.body) {
            let (pointer, displacement) = self.pointer(access);
            let index = pointers.iter().position(|other| *other == pointer).unwrap_or_else(|| {
                pointers.push(pointer);
                pointers.len() - 1
            });
            let buffer = &self.plan.buffers[access.buffer.0];
            let stride = access.lane_stride(buffer);
            let part = access.lanes.and_then(|lanes| lanes.part);
            frame.sites.push(Site { pointer: index, displacement, stride, part });
        }
        for column in counting_columns(&tile.body) {
            match self.scope.binding(column) {
                Some(Binding::Column { value, .. }) if !frame.counts.contains(&column) => {
                    frame.counts.push(column);
                    counts.push(value);
                }
                Some(Binding::Column { .. }) => {}
                Some(Binding::Constant(number)) => {
                    frame.numbers.insert(column, number);
                }
                // A verified plan counts by the columns of an enclosing table only.
                Some(Binding::Counter) | None => {
                    frame.numbers.insert(column, 0);
                }
            }
        }
        let words = pointers.iter().map(|(pointer, _)| self.scope.value(pointer)).chain(counts).collect();
        frame.pointers = pointers.into_iter().map(|(_, moves)| moves).collect();
        (frame, words)
    }

    /// The function of the tile that comes next. Its address need not be near that of the driver.
    fn function(&mut self) -> cranelift_codegen::ir::FuncRef {
        let index = (self.first.function + self.tiles.len()) as u32;
        let name = self.builder.func.declare_imported_user_function(UserExternalName { namespace: FUNCTIONS, index });
        let signature = self.builder.import_signature(tile_signature());
        let name = ExternalName::user(name);
        self.builder.import_function(ExtFuncData { name, signature, colocated: false, patchable: false })
    }
}

/// The columns that count the loops of a tile.
fn counting_columns(steps: &[Step]) -> Vec<Var> {
    let mut columns = Vec::new();
    for step in steps {
        if let Step::Reduce { count, body, .. } = step {
            if let Count::Column(column) = count {
                columns.push(*column);
            }
            columns.extend(counting_columns(body));
        }
    }
    columns
}
