//! Which pointers a loop nest keeps, so that its innermost loops compute as few addresses as possible.
//!
//! An access is at `base + constant + Σ coefficientᵥ·v`. The constant becomes the displacement of the instruction. The
//! rest is a [`Pointer`], and accesses that differ in their constants alone share it. Each loop over `v` starts with
//! the pointer without `v`, which the loops around it keep, and adds `coefficientᵥ` after each iteration:
//!
//! ```text
//! for i { for k { load a[4·i + k]; load b[8·k + 3] } }
//!   →  a₀ = base a, b₀ = base b
//!      for i, aᵢ from a₀ by 16 bytes { for k, aᵢₖ from aᵢ by 4, bₖ from b₀ by 32 { load aᵢₖ; load bₖ + 12 } }
//! ```

use std::collections::{BTreeMap, BTreeSet};

use atrous_compiler::plan::{Access, BufferId, Plan, Step, Stmt, Var};
use cranelift_codegen::ir::Value;

/// Bytes of an element.
pub(super) const ELEMENT: i64 = 4;

/// The part of an address that the instruction does not hold: `base of buffer + Σ coefficient·var`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pointer {
    /// Whose base.
    pub buffer: BufferId,
    /// Variables with their coefficients in bytes, ascending, none zero.
    pub terms: Vec<(Var, i64)>,
}

impl Pointer {
    /// The pointer without the terms of some variables.
    pub(super) fn without(&self, vars: &[Var]) -> Pointer {
        let terms = self.terms.iter().filter(|term| !vars.contains(&term.0)).copied();
        Pointer { buffer: self.buffer, terms: terms.collect() }
    }

    /// Bytes that one more of a variable adds.
    pub(super) fn coefficient(&self, var: Var) -> i64 {
        self.terms.iter().find(|term| term.0 == var).map_or(0, |term| term.1)
    }
}

/// What is known of a variable in its body.
#[derive(Clone, Copy, Debug)]
pub(super) enum Binding {
    /// It is a number.
    Constant(i64),
    /// It is in a register.
    Column {
        /// The register.
        value: Value,
        /// Whether it is more than zero in every row.
        positive: bool,
    },
    /// It is in no register, but pointers follow it.
    Counter,
}

/// What the statements at a place can use.
#[derive(Clone, Default)]
pub(super) struct Scope {
    bindings: BTreeMap<Var, Binding>,
    pointers: BTreeMap<Pointer, Value>,
}

impl Scope {
    /// Makes a variable known.
    pub(super) fn bind(&mut self, var: Var, binding: Binding) {
        self.bindings.insert(var, binding);
    }

    /// What is known of a variable.
    pub(super) fn binding(&self, var: Var) -> Option<Binding> {
        self.bindings.get(&var).copied()
    }

    /// Puts a pointer into a register.
    pub(super) fn keep(&mut self, pointer: Pointer, value: Value) {
        self.pointers.insert(pointer, value);
    }

    /// The register of a pointer. Each access of a body has its pointer, as far as its variables are bound, kept since
    /// the innermost of them was.
    pub(super) fn value(&self, pointer: &Pointer) -> Value {
        self.pointers[pointer]
    }

    /// The pointer and the displacement in bytes of an access, without the variables that are not bound yet.
    pub(super) fn place(&self, plan: &Plan, access: &Access) -> (Pointer, i64) {
        let offset = access.offset(&plan.buffers[access.buffer.0]);
        let mut displacement = offset.constant.wrapping_mul(ELEMENT);
        let mut terms = Vec::new();
        for (var, coefficient) in offset.terms {
            let bytes = coefficient.wrapping_mul(ELEMENT);
            match self.binding(var) {
                None => {}
                Some(Binding::Constant(number)) => {
                    displacement = displacement.wrapping_add(bytes.wrapping_mul(number));
                }
                Some(Binding::Column { .. } | Binding::Counter) => terms.push((var, bytes)),
            }
        }
        terms.sort_unstable();
        (Pointer { buffer: access.buffer, terms }, displacement)
    }

    /// The pointers of accesses that change with some variables which have just been bound.
    pub(super) fn moving(&self, plan: &Plan, accesses: &[&Access], vars: &[Var]) -> BTreeSet<Pointer> {
        let moves = |pointer: &Pointer| pointer.terms.iter().any(|term| vars.contains(&term.0));
        accesses.iter().map(|access| self.place(plan, access).0).filter(moves).collect()
    }
}

/// All accesses in statements.
pub(super) fn in_statements(statements: &[Stmt]) -> Vec<&Access> {
    let mut accesses = Vec::new();
    for statement in statements {
        match statement {
            Stmt::For { body, .. } | Stmt::Par { body, .. } | Stmt::Regions { body, .. } => {
                accesses.extend(in_statements(body));
            }
            Stmt::Tile(tile) => accesses.extend(in_steps(&tile.body)),
        }
    }
    accesses
}

/// All accesses in the steps of a tile.
pub(super) fn in_steps(steps: &[Step]) -> Vec<&Access> {
    let mut accesses = Vec::new();
    for step in steps {
        match step {
            Step::Do(instr) => accesses.extend(instr.access()),
            Step::Reduce { body, .. } => accesses.extend(in_steps(body)),
        }
    }
    accesses
}
