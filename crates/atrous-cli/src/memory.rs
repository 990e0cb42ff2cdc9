//! The bound on the memory that a run may use for its tensors.

use std::str::FromStr;

use sysinfo::System;

use crate::failure::Failure;

/// A number of bytes that may not be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The number of bytes.
    pub bytes: u64,
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Limit, String> {
        const UNITS: [(&str, u32); 9] =
            [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("K", 10), ("M", 20), ("G", 30), ("T", 40), ("B", 0)];
        let expected = || format!("`{text}` is not a size: write bytes, or a whole number with KiB, MiB, GiB or TiB");
        let unit = UNITS.iter().find_map(|&(unit, bits)| Some((text.strip_suffix(unit)?, bits)));
        let (digits, bits) = unit.unwrap_or((text, 0));
        let number: u64 = digits.trim().parse().map_err(|_| expected())?;
        let too_large = || format!("`{text}` is more than there can be: {}TiB", u64::MAX >> 40);
        let bytes = number.checked_mul(1 << bits).ok_or_else(too_large)?;
        Ok(Limit { bytes })
    }
}

/// The limit on systems that do not say how much memory there is.
const UNKNOWN: u64 = 8 << 30;

impl Limit {
    /// Half of the memory of this machine, or of the container in which the process runs.
    pub fn half_of_memory() -> Limit {
        let mut system = System::new();
        system.refresh_memory();
        let container = system.cgroup_limits().map(|limits| limits.total_memory);
        let memory = container.unwrap_or(u64::MAX).min(system.total_memory());
        Limit { bytes: if memory == 0 { UNKNOWN } else { memory / 2 } }
    }

    /// Refuses a need of `bytes` for `what` when it is over the limit.
    pub fn check(self, what: &str, bytes: u64) -> Result<(), Failure> {
        if bytes <= self.bytes {
            return Ok(());
        }
        let text = format!("{what} would take {}, more than the limit of {}", human(bytes), human(self.bytes));
        let failure = Failure::error(text);
        Err(match next_unit(bytes) {
            Some(enough) => failure.help(format!("allow it with --memory-limit {enough}")),
            None => failure,
        })
    }
}

/// The bytes of tensors with these shapes and `width` bytes per element; the largest number when it overflows.
pub fn bytes_of<'a>(shapes: impl IntoIterator<Item = &'a [usize]>, width: u64) -> u64 {
    let elements = |shape: &[usize]| shape.iter().fold(1u64, |product, &size| product.saturating_mul(size as u64));
    shapes.into_iter().fold(0u64, |sum, shape| sum.saturating_add(elements(shape).saturating_mul(width)))
}

/// A number of bytes with a unit, to a tenth.
pub fn human(bytes: u64) -> String {
    let (unit, bits) = unit_of(bytes);
    if bits == 0 { format!("{bytes} B") } else { format!("{:.1} {unit}", bytes as f64 / (1u64 << bits) as f64) }
}

/// A limit in whole units that is at least so many bytes, if there is one.
fn next_unit(bytes: u64) -> Option<String> {
    let (unit, bits) = unit_of(bytes);
    let units = bytes.div_ceil(1 << bits);
    units.checked_mul(1 << bits).map(|_| format!("{units}{unit}"))
}

fn unit_of(bytes: u64) -> (&'static str, u32) {
    const UNITS: [(&str, u32); 5] = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];
    UNITS.into_iter().find(|&(_, bits)| bytes >> bits > 0).unwrap_or(("B", 0))
}

#[cfg(test)]
mod tests;
