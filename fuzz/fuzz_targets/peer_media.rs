#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| siskin_fuzz::peer_media(input));
