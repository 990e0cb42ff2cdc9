//! Executable memory.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::__m128i;
use std::mem::ManuallyDrop;

use atrous_compiler::plan::Plan;
use cranelift_codegen::isa::OwnedTargetIsa;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{DataDescription, FuncId, Linkage, Module, ModuleError, ModuleReloc, default_libcall_names};

use crate::assemble::Assembled;
use crate::compile;
use crate::error::CompileError;
use crate::translate::{self, Program, Table, Translated};

/// Bytes: a cache line.
const TILE_ALIGNMENT: u64 = 64;

/// The code of an assembled tile.
type Bytes = fn(&Assembled) -> Vec<u8>;

/// A compiled stage.
///
/// # Safety
///
/// A caller has to know that
/// * the [`Code`] that it comes from has not been dropped,
/// * the first argument points to one address per buffer of the plan,
/// * the address of each buffer that the stage reads or writes is that of as many elements as the buffer has, aligned
///   as `f32`,
/// * nobody writes the elements that the stage reads and nobody reads or writes those that it writes until it returns, but
///   for calls of the same stage whose shares, which the other arguments bound, are different ones.
pub(super) type Function = unsafe extern "C" fn(*const *mut f32, i64, i64);

/// The machine code of one plan, in memory of its own that is freed when it is dropped.
pub(super) struct Code {
    module: ManuallyDrop<JITModule>,
    /// The stages of [`Program::Pack`].
    pub pack: Vec<Function>,
    /// The stages of [`Program::Run`].
    pub run: Vec<Function>,
}

// SAFETY:
// * `module` is what keeps `Code` from being `Sync`, because it caches the addresses of symbols in a `RefCell`.
// * No function that takes `&Code` uses `module`: after `compile` only `drop` does, which has `&mut Code`.
// * The code itself is in memory that nobody writes any more.
unsafe impl Sync for Code {}

impl Code {
    /// Compiles all stages.
    pub(super) fn compile(plan: &Plan, isa: OwnedTargetIsa, bytes: Bytes) -> Result<Code, CompileError> {
        let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
        // Machines without fused multiply-add call this symbol, which not every C library exports.
        builder.symbol("fmaf", fused_multiply_add as *const u8);
        // Machines without SSSE3 call this one for shuffles without an instruction of their own.
        #[cfg(target_arch = "x86_64")]
        builder.symbol("__cranelift_x86_pshufb", shuffle_bytes as *const u8);
        let module = ManuallyDrop::new(JITModule::new(builder));
        let mut code = Code { module, pack: Vec::new(), run: Vec::new() };
        let (mut pack, mut run) = (Vec::new(), Vec::new());
        for (program, name, translated) in translate::stages(plan, code.module.isa().default_call_conv()) {
            let stage = define_stage(&mut code.module, &name, translated, bytes)?;
            match program {
                Program::Pack => pack.push(stage),
                Program::Run => run.push(stage),
            }
        }
        code.module.finalize_definitions().map_err(|error| CompileError::Memory { reason: error.to_string() })?;
        code.pack = pack.into_iter().map(|id| function(&code.module, id)).collect();
        code.run = run.into_iter().map(|id| function(&code.module, id)).collect();
        Ok(code)
    }

    /// The compiled stages of a program.
    pub(super) fn stages(&self, program: Program) -> &[Function] {
        match program {
            Program::Pack => &self.pack,
            Program::Run => &self.run,
        }
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        // SAFETY:
        // * `module` is taken here only, and `drop` runs once.
        let module = unsafe { ManuallyDrop::take(&mut self.module) };
        // SAFETY:
        // * Functions of the module are called through a borrow of this `Code`, so none is running.
        // * Their addresses are in `pack` and `run` only, which nobody can reach any more.
        unsafe { module.free_memory() };
    }
}

fn define_stage(
    module: &mut JITModule,
    name: &str,
    translated: Translated,
    bytes: Bytes,
) -> Result<FuncId, CompileError> {
    let failed = |error| failure(name, error);
    for table in &translated.tables {
        // Numbered from zero in the order of their definition, like the symbols that `translate` makes.
        let id = module.declare_anonymous_data(false, false).map_err(failed)?;
        module.define_data(id, &data(table)).map_err(failed)?;
    }
    let tile_signature = translate::tile_signature();
    for (index, tile) in translated.tiles.iter().enumerate() {
        let tile = tile.as_ref();
        let tile = tile.map_err(|reason| CompileError::Stage { stage: name.to_owned(), reason: reason.clone() })?;
        let name = format!("{name}::tile{index}");
        // Numbered like the tables, with the functions of the stages in between.
        let id = module.declare_function(&name, Linkage::Local, &tile_signature).map_err(failed)?;
        module.define_function_bytes(id, TILE_ALIGNMENT, &bytes(tile), &[]).map_err(failed)?;
    }
    let signature = &translated.function.signature;
    let id = module.declare_function(name, Linkage::Local, signature).map_err(failed)?;
    let reason = |error| CompileError::Stage { stage: name.to_owned(), reason: codegen_reason(&error) };
    let compiled = compile::function(module.isa(), &translated.function, false).map_err(reason)?;
    let relocations = compiled.buffer.relocs().iter();
    let relocations: Vec<_> =
        relocations.map(|relocation| ModuleReloc::from_mach_reloc(relocation, &translated.function, id)).collect();
    let alignment = u64::from(compiled.buffer.alignment);
    module.define_function_bytes(id, alignment, compiled.code_buffer(), &relocations).map_err(failed)?;
    Ok(id)
}

fn data(table: &Table) -> DataDescription {
    let numbers = table.rows.iter().flatten();
    let mut data = DataDescription::new();
    data.define(numbers.flat_map(|number| number.to_ne_bytes()).collect());
    data.set_align(align_of::<i64>() as u64);
    data
}

fn function(module: &JITModule, id: FuncId) -> Function {
    let address = module.get_finalized_function(id);
    // SAFETY:
    // * The address is that of a finished function, and not null.
    // * The function has the signature `translate::signature` with the C calling convention of this machine.
    unsafe { std::mem::transmute::<*const u8, Function>(address) }
}

fn failure(stage: &str, error: ModuleError) -> CompileError {
    match error {
        ModuleError::Allocation { err } => CompileError::Memory { reason: err.to_string() },
        error => CompileError::Stage { stage: stage.to_owned(), reason: reason(error) },
    }
}

/// Cranelift's error with what its own text leaves out.
fn reason(error: ModuleError) -> String {
    match error {
        ModuleError::Compilation(error) => codegen_reason(&error),
        error => error.to_string(),
    }
}

/// Cranelift's error with what its own text leaves out.
pub(crate) fn codegen_reason(error: &cranelift_codegen::CodegenError) -> String {
    match error {
        cranelift_codegen::CodegenError::Verifier(errors) => errors.to_string(),
        error => error.to_string(),
    }
}

extern "C" fn fused_multiply_add(left: f32, right: f32, addend: f32) -> f32 {
    left.mul_add(right, addend)
}

/// The instruction `pshufb`: each byte is the one with the number in `from`, or zero where that is negative.
#[cfg(target_arch = "x86_64")]
#[allow(improper_ctypes_definitions, reason = "it is called as Cranelift calls it: vectors are in vector registers")]
extern "C" fn shuffle_bytes(bytes: __m128i, from: __m128i) -> __m128i {
    // SAFETY: these are 16 bytes, of which all bits are values.
    let [bytes, from] = [bytes, from].map(|vector| unsafe { std::mem::transmute::<__m128i, [u8; 16]>(vector) });
    let shuffled = from.map(|from| if from < 128 { bytes[usize::from(from % 16)] } else { 0 });
    // SAFETY: as above.
    unsafe { std::mem::transmute::<[u8; 16], __m128i>(shuffled) }
}
