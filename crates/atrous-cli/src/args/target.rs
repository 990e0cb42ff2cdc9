//! Machines by name.

use clap::ValueEnum;

/// A machine by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TargetArg {
    /// 128-bit vectors without fused multiply-add: every machine
    Portable,
    /// x86-64 with AVX2 and FMA
    Avx2,
    /// x86-64 with AVX-512 (F, BW, DQ, VL)
    Avx512,
    /// The same, for processors on which two vectors of 512 bits go in a cycle (Intel Xeon, AMD Zen 5)
    Avx512Dual,
}

impl TargetArg {
    /// The compiler's description of it.
    pub fn target(self) -> atrous_compiler::Target {
        match self {
            TargetArg::Portable => atrous_compiler::Target::portable(),
            TargetArg::Avx2 => atrous_compiler::Target::avx2(),
            TargetArg::Avx512 => atrous_compiler::Target::avx512(),
            TargetArg::Avx512Dual => atrous_compiler::Target::avx512_dual(),
        }
    }
}
