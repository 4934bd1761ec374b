#![no_main]
libfuzzer_sys::fuzz_target!(|input: &[u8]| siskin_fuzz::rtp_depacketize_h264(input));
