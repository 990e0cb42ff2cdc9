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
    /// Multiply-adds of the widest vectors that start in a cycle.
    pub pipes: usize,
}

impl Target {
    /// 128-bit vectors without fused multiply-add: every machine that Rust or Cranelift compiles for.
    pub fn portable() -> Target {
        Target { name: "portable", lanes: 4, registers: 16, fused: false, pipes: 2 }
    }

    /// x86-64 with AVX2 and FMA: 256-bit vectors.
    pub fn avx2() -> Target {
        Target { name: "avx2", lanes: 8, registers: 16, fused: true, pipes: 2 }
    }

    /// x86-64 with AVX-512 (F, BW, DQ and VL): 512-bit vectors, and shorter ones in the same registers, of which twice as
    /// many go in a cycle (AMD Zen 4).
    pub fn avx512() -> Target {
        Target { name: "avx512", lanes: 16, registers: 32, fused: true, pipes: 1 }
    }

    /// The same instructions where two vectors of 512 bits go in a cycle, as many as shorter ones (Intel Xeon, AMD Zen 5).
    pub fn avx512_dual() -> Target {
        Target { name: "avx512-dual", pipes: 2, ..Target::avx512() }
    }

    /// Whether instructions can leave out lanes at no cost.
    pub fn has_masks(&self) -> bool {
        self.lanes == 16
    }

    /// Whether memory can be asked for before it is read.
    pub fn has_prefetch(&self) -> bool {
        self.lanes > 4
    }

    /// Whether two vectors of 512 bits go in a cycle.
    pub fn is_dual(&self) -> bool {
        self.lanes == 16 && self.pipes == 2
    }

    /// All targets: the one for every machine first, then wider ones.
    pub fn all() -> [Target; 4] {
        [Target::portable(), Target::avx2(), Target::avx512(), Target::avx512_dual()]
    }
}
