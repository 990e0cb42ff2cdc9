//! From Cranelift IR to machine code.

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::Function;
use cranelift_codegen::isa::TargetIsa;
use cranelift_codegen::{CodegenResult, CompiledCode, Context};

/// The machine code of a function, with its text if that is wanted.
///
/// It does what `Context::compile` does without optimisation, but keeps block parameters that get one value only:
/// `translate::vector` has them for a reason.
pub(crate) fn function(isa: &dyn TargetIsa, function: &Function, wants_text: bool) -> CodegenResult<CompiledCode> {
    let mut context = Context::for_function(function.clone());
    context.verify_if(isa)?;
    context.compute_cfg();
    context.compute_domtree();
    context.eliminate_unreachable_code(isa)?;
    context.func.dfg.resolve_all_aliases();
    let Context { func, domtree, .. } = &context;
    let (mut allocation, mut control) = (Default::default(), ControlPlane::default());
    let stencil = isa.compile_function(func, domtree, &mut allocation, wants_text, &mut control)?;
    Ok(stencil.apply_params(&func.params))
}
