//! Files of tensors.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| atrous_tests::fuzz::tensors(bytes));
