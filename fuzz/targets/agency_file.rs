#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| lottery_fuzz::agency_file::run(data));
