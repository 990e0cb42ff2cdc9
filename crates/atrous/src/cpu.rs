//! Which processor this is.

/// Vendor, family and models of processors with AVX-512 on which two multiply-adds of 512 bits start in a cycle. Others
/// take two cycles for as many, or are not known.
#[cfg(target_arch = "x86_64")]
const DUAL: [(&str, u8, &[u8]); 2] = [
    // Xeon: Skylake to Cooper Lake, Ice Lake, Sapphire Rapids, Emerald Rapids, Granite Rapids.
    ("GenuineIntel", 0x06, &[0x55, 0x6A, 0x6C, 0x8F, 0xCF, 0xAD, 0xAE]),
    // Zen 5 with all of its vector units: Epyc, Threadripper and Ryzen 9000.
    ("AuthenticAMD", 0x1A, &[0x02, 0x08, 0x11, 0x44]),
];

/// Whether two multiply-adds of 512 bits are known to start in a cycle.
#[cfg(target_arch = "x86_64")]
pub fn is_dual() -> bool {
    // Asking the processor is slow where another system runs beneath.
    static IS_DUAL: std::sync::LazyLock<bool> = std::sync::LazyLock::new(asks_dual);
    *IS_DUAL
}

#[cfg(target_arch = "x86_64")]
fn asks_dual() -> bool {
    let cpu = raw_cpuid::CpuId::new();
    let (Some(vendor), Some(features)) = (cpu.get_vendor_info(), cpu.get_feature_info()) else { return false };
    let is_this = |&(of, family, models): &(&str, u8, &[u8])| {
        (of, family) == (vendor.as_str(), features.family_id()) && models.contains(&features.model_id())
    };
    DUAL.iter().any(is_this)
}

/// Vendor, family, model and name of the processor; where they cannot be asked for, its architecture.
#[cfg(feature = "jit")]
pub fn name() -> String {
    identified().unwrap_or_else(|| std::env::consts::ARCH.to_string())
}

#[cfg(all(feature = "jit", any(target_arch = "x86", target_arch = "x86_64")))]
fn identified() -> Option<String> {
    let cpu = raw_cpuid::CpuId::new();
    let (vendor, features) = (cpu.get_vendor_info()?, cpu.get_feature_info()?);
    let brand = cpu.get_processor_brand_string();
    let brand = brand.as_ref().map_or("", |brand| brand.as_str().trim());
    Some(format!("{} family {} model {}: {brand}", vendor.as_str(), features.family_id(), features.model_id()))
}

#[cfg(all(feature = "jit", not(any(target_arch = "x86", target_arch = "x86_64"))))]
fn identified() -> Option<String> {
    None
}
