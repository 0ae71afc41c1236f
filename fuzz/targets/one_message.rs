#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz_checks::dialects::one_message(data));
