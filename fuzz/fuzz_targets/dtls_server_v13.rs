#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| siskin_fuzz::dtls_server_v13(input));
