//! The floating-point environment of the caller's, and that of Rust.
//!
//! Rust computes in the default environment. A caller may have another, in which numbers too small for a normal exponent
//! count as zero, or sums are rounded up: outputs would then depend on which thread computes them, since threads keep the
//! environment of the one that starts them. So functions of this library compute in the default environment, and give the
//! caller's back. This is done on x86-64.
//!
//! # Safety
//!
//! - An `asm!` reads or writes the register MXCSR and the one number that it has a reference to.
//! - What is written is the default of MXCSR, or what has been read from it: no bit is one that the processor does not know.
//! - Nothing between a body and the end of `drop` computes with floats.

/// The default environment for as long as it lives; then the one before.
pub(crate) struct DefaultEnvironment {
    #[cfg(target_arch = "x86_64")]
    before: u32,
}

/// No exception is trapped, none has happened, and sums are rounded to the nearest number.
#[cfg(target_arch = "x86_64")]
const DEFAULT: u32 = 0x1f80;

#[cfg(target_arch = "x86_64")]
impl DefaultEnvironment {
    pub fn new() -> DefaultEnvironment {
        let before = read();
        write(DEFAULT);
        DefaultEnvironment { before }
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl DefaultEnvironment {
    pub fn new() -> DefaultEnvironment {
        DefaultEnvironment {}
    }
}

#[cfg(target_arch = "x86_64")]
impl Drop for DefaultEnvironment {
    fn drop(&mut self) {
        write(self.before);
    }
}

#[cfg(target_arch = "x86_64")]
fn read() -> u32 {
    let mut register = 0_u32;
    // SAFETY: the facts of the module.
    unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &mut register, options(nostack, preserves_flags)) }
    register
}

#[cfg(target_arch = "x86_64")]
fn write(register: u32) {
    // SAFETY: the facts of the module.
    unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &register, options(nostack)) }
}
