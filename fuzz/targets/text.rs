//! Specs, as text and as macro input.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| atrous_tests::fuzz::text(bytes));
