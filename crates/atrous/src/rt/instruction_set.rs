//! Which of the instruction sets that a net is compiled for is used.

use crate::Error;
use std::env;

/// The environment variable that forces one.
const VARIABLE: &str = "ATROUS_TARGET";

/// An instruction set, with the proof that this machine has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstructionSet {
    Portable,
    Avx2(Avx2),
    Avx512(Avx512),
    /// The same, with a plan for processors on which two multiply-adds of 512 bits start in a cycle.
    Avx512Dual(Avx512),
}

/// Exists only where AVX2 and FMA have been detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx2(());

/// Exists only where AVX-512 F, BW, DQ and VL, AVX2 and FMA have been detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Avx512(());

/// The one to use of those that a net is compiled for, "portable" among them: the best that this machine has, or the one
/// that the environment variable `ATROUS_TARGET` asks for.
///
/// # Errors
///
/// The variable asks for what the net is not compiled for, or what this machine does not have.
pub fn instruction_set(compiled: &[&'static str]) -> Result<InstructionSet, Error> {
    choose(env::var_os(VARIABLE).map(|asked| asked.to_string_lossy().into_owned()), compiled, &detected())
}

/// The names of those that this machine has, the best last.
pub fn available() -> Vec<&'static str> {
    detected().iter().map(|set| set.name()).collect()
}

/// Those of this machine, the best last. `supports` of `atrous_jit` asks for the same features.
fn detected() -> Vec<InstructionSet> {
    let mut sets = vec![InstructionSet::Portable];
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx2") && has!("fma") {
            sets.push(InstructionSet::Avx2(Avx2(())));
            if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
                let (one, two) = (InstructionSet::Avx512(Avx512(())), InstructionSet::Avx512Dual(Avx512(())));
                sets.extend(if crate::cpu::is_dual() { [one, two] } else { [two, one] });
            }
        }
    }
    sets
}

fn choose(
    asked: Option<String>,
    compiled: &[&'static str],
    detected: &[InstructionSet],
) -> Result<InstructionSet, Error> {
    let mut usable = detected.iter().filter(|set| compiled.contains(&set.name()));
    let found = match &asked {
        None => usable.next_back(),
        Some(asked) => usable.find(|set| set.name() == asked),
    };
    found.copied().ok_or_else(|| Error::Target {
        asked: asked.unwrap_or_default(),
        compiled: compiled.to_vec(),
        available: detected.iter().map(|set| set.name()).collect(),
    })
}

impl InstructionSet {
    /// The name by which users choose it.
    pub fn name(self) -> &'static str {
        match self {
            InstructionSet::Portable => "portable",
            InstructionSet::Avx2(_) => "avx2",
            InstructionSet::Avx512(_) => "avx512",
            InstructionSet::Avx512Dual(_) => "avx512-dual",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[&str] = &["portable", "avx2", "avx512"];

    #[test]
    fn the_best_or_the_one_that_is_asked_for() {
        let [portable, avx2, avx512] =
            [InstructionSet::Portable, InstructionSet::Avx2(Avx2(())), InstructionSet::Avx512(Avx512(()))];
        let check = |asked: Option<&str>, compiled, detected: &[InstructionSet], expected: Result<_, &str>| {
            let chosen = choose(asked.map(String::from), compiled, detected).map_err(|error| error.to_string());
            assert_eq!(chosen, expected.map_err(String::from));
        };
        let old = &[portable, avx2];
        check(None, ALL, old, Ok(avx2));
        check(None, ALL, &[portable, avx2, avx512], Ok(avx512));
        check(None, &ALL[..2], &[portable, avx2, avx512], Ok(avx2));
        check(Some("avx2"), ALL, old, Ok(avx2));
        let dual = InstructionSet::Avx512Dual(Avx512(()));
        let new = &[portable, avx2, avx512, dual];
        check(None, ALL, new, Ok(avx512));
        check(None, &["portable", "avx512", "avx512-dual"], new, Ok(dual));
        check(Some("avx512-dual"), &["portable", "avx512-dual"], &[portable, dual, avx512], Ok(dual));
        check(Some("portable"), ALL, old, Ok(portable));
        check(
            Some("avx512"),
            ALL,
            old,
            Err(
                "ATROUS_TARGET is `avx512`: compiled are `portable`, `avx2`, `avx512`; this machine has `portable`, `avx2`",
            ),
        );
        check(
            Some(""),
            &ALL[..2],
            &[portable],
            Err("ATROUS_TARGET is ``: compiled are `portable`, `avx2`; this machine has `portable`"),
        );
    }

    #[test]
    fn every_machine_is_portable() {
        assert_eq!(detected()[0], InstructionSet::Portable);
    }
}
