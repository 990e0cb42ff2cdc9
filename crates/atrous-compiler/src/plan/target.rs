//! What a plan may assume of the machine. A value passed in: detection is the caller's business.

/// A machine to plan for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The name by which users choose it.
    pub name: &'static str,
    /// `f32` lanes of the widest vector register.
    pub lanes: usize,
    /// Vector registers that a tile may keep live.
    pub registers: usize,
    /// Whether multiply-add rounds once (fused) or twice.
    pub fused: bool,
}

impl Target {
    /// 128-bit vectors without fused multiply-add: every machine that Rust or Cranelift compiles for.
    pub fn portable() -> Target {
        Target { name: "portable", lanes: 4, registers: 16, fused: false }
    }
}
