//! Which processor this is.

/// Vendor, family, model and name of the processor; where they cannot be asked for, its architecture.
pub fn name() -> String {
    identified().unwrap_or_else(|| std::env::consts::ARCH.to_string())
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
fn identified() -> Option<String> {
    let cpu = raw_cpuid::CpuId::new();
    let (vendor, features) = (cpu.get_vendor_info()?, cpu.get_feature_info()?);
    let brand = cpu.get_processor_brand_string();
    let brand = brand.as_ref().map_or("", |brand| brand.as_str().trim());
    Some(format!("{} family {} model {}: {brand}", vendor.as_str(), features.family_id(), features.model_id()))
}

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
fn identified() -> Option<String> {
    None
}
