//! From a stage of a plan to one function of Cranelift IR.
//!
//! `nest` prints loops, `address` keeps their pointers, `vector` prints the instructions of tiles. Where the plan is for
//! wider vectors than Cranelift has, `call` prints a call instead, of a function that `assemble` makes from what `join`
//! makes of tiles and the loops around them.

mod address;
mod call;
mod join;
mod nest;
mod vector;

use std::collections::BTreeMap;

use crate::assemble::Assembled;
use atrous_compiler::plan::{Plan, Stage};
use cranelift_codegen::ir::{AbiParam, Block, Function, Signature, UserFuncName, types};
use cranelift_codegen::isa::CallConv;

/// One of the two programs of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// From parameters to packed buffers.
    Pack,
    /// From inputs and packed buffers to outputs.
    Run,
}

impl Program {
    /// Its stages.
    pub(crate) fn stages(self, plan: &Plan) -> &[Stage] {
        match self {
            Program::Pack => &plan.pack,
            Program::Run => &plan.run,
        }
    }

    /// A name for a stage that is unique among the stages of both programs.
    pub(crate) fn qualify(self, stage: &Stage) -> String {
        match self {
            Program::Pack => format!("pack::{}", stage.name),
            Program::Run => format!("run::{}", stage.name),
        }
    }
}

/// A stage as Cranelift IR.
pub(crate) struct Translated {
    /// `fn(*const *mut f32, i64, i64)`: a pointer to one base address per buffer of the plan, the first share to execute,
    /// and the one behind the last.
    pub function: Function,
    /// What the function's symbols `u1:0`, `u1:1` … stand for.
    pub tables: Vec<Table>,
    /// What the function's symbols `u0:n` call, from `First::function` on: the tiles that Cranelift does not compile, or why there is no
    /// code for one.
    pub tiles: Vec<Result<Assembled, String>>,
    /// What the blocks are, for people.
    pub notes: BTreeMap<Block, String>,
}

/// The numbers that a loop over regions reads, one row after the other.
pub(crate) struct Table {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows of as many numbers as there are columns.
    pub rows: Vec<Vec<i64>>,
}

/// The namespace of [`Table`] symbols, which is the one that Cranelift modules have for data.
pub(crate) const TABLES: u32 = 1;

/// The namespace of the symbols of functions, which is the one that Cranelift modules have for functions.
pub(crate) const FUNCTIONS: u32 = 0;

/// How many symbols of either kind come before those of a stage.
#[derive(Clone, Copy, Default)]
pub(crate) struct First {
    /// Of [`TABLES`].
    pub table: usize,
    /// Of [`FUNCTIONS`], with one for each stage itself.
    pub function: usize,
}

/// The type of the functions of all stages.
pub(crate) fn signature(call_conv: CallConv) -> Signature {
    let mut signature = Signature::new(call_conv);
    signature.params.extend([AbiParam::new(types::I64); 3]);
    signature
}

/// The type of the functions of all tiles: the argument points to the frame.
pub(crate) fn tile_signature() -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.push(AbiParam::new(types::I64));
    signature
}

/// Translates the stages of both programs of a verified plan one after the other, with their names. Their symbols are
/// numbered in this order, in which a kernel defines them.
pub(crate) fn stages(plan: &Plan, call_conv: CallConv) -> impl Iterator<Item = (Program, String, Translated)> {
    let mut first = First::default();
    let of = move |program: Program| program.stages(plan).iter().map(move |stage| (program, stage));
    [Program::Pack, Program::Run].into_iter().flat_map(of).map(move |(program, of_program)| {
        let translated = stage(plan, program, of_program, call_conv, first);
        first.table += translated.tables.len();
        first.function += translated.tiles.len() + 1;
        (program, program.qualify(of_program), translated)
    })
}

/// Translates one stage of a verified plan.
pub(crate) fn stage(plan: &Plan, program: Program, stage: &Stage, call_conv: CallConv, first: First) -> Translated {
    let name = UserFuncName::testcase(program.qualify(stage));
    let function = Function::with_name_signature(name, signature(call_conv));
    nest::translate(plan, stage, function, first)
}
