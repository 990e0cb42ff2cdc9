//! What this machine can do, and how Cranelift is set up for it.

use cranelift_codegen::isa::{self, OwnedTargetIsa};
use cranelift_codegen::settings::{self, Configurable, Flags, SetError};

use atrous_compiler::Target;

use crate::assemble::InstructionSet;
use crate::error::CompileError;

/// Whether kernels for a target run on this machine. Those for [`Target::avx2`], [`Target::avx512`] and
/// [`Target::avx512_dual`] need the instructions of these names; all others run everywhere.
pub fn supports(target: &Target) -> bool {
    InstructionSet::of(target).is_none_or(has)
}

/// As the module `instruction_set` of `atrous::rt` detects them for generated Rust: both back ends run on the same machines.
#[cfg(target_arch = "x86_64")]
fn has(set: InstructionSet) -> bool {
    use std::arch::is_x86_feature_detected as has;
    let has_avx2 = has!("avx2") && has!("fma");
    match set {
        InstructionSet::Avx2 => has_avx2,
        InstructionSet::Avx512 => {
            has_avx2 && has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl")
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn has(_: InstructionSet) -> bool {
    false
}

/// This machine with all the features it has.
pub(crate) fn isa() -> Result<OwnedTargetIsa, CompileError> {
    finish(cranelift_native::builder().map_err(unsupported)?)
}

/// A machine with our settings.
pub(crate) fn finish(builder: isa::Builder) -> Result<OwnedTargetIsa, CompileError> {
    builder.finish(flags().map_err(unsupported)?).map_err(unsupported)
}

fn flags() -> Result<Flags, SetError> {
    let mut flags = settings::builder();
    // `none` keeps the order of the plan, which has been chosen so that the registers suffice. The other levels put
    // every pure operation where its result is first needed: all multiply-adds of a tile end up behind all its loads.
    // Eight accumulators with three taps unrolled then take 1.3 to 1.4 times as long on a Zen processor, with 58 accesses
    // to the stack where `none` has 16. The translation itself takes addresses out of inner loops.
    flags.set("opt_level", "none")?;
    flags.set("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })?;
    // What is called may be more than 2 GiB away from the code.
    flags.set("is_pic", "false")?;
    flags.set("use_colocated_libcalls", "false")?;
    // A frame of many spilled registers touches each of its pages, so that it cannot jump over the guard page.
    flags.set("enable_probestack", "true")?;
    flags.set("probestack_strategy", "inline")?;
    // Nothing unwinds through the code: it calls its own tiles, and functions that do not unwind.
    flags.set("unwind_info", "false")?;
    Ok(Flags::new(flags))
}

fn unsupported(reason: impl ToString) -> CompileError {
    CompileError::Host { reason: reason.to_string() }
}
