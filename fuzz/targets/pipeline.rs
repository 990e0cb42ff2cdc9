//! Nets through the whole compiler.
#![no_main]

use libfuzzer_sys::Corpus;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| -> Corpus {
    if atrous_tests::fuzz::pipeline(bytes) { Corpus::Keep } else { Corpus::Reject }
});
