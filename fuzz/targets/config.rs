#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| lottery_fuzz::config::run(data));
