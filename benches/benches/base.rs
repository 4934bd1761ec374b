//! `siskin-base`: the checksum that SCTP computes over every packet, twice.

use siskin_base::checksum;
use siskin_benches::{Bench, Contest};
use std::hint::black_box;

fn crc32c(bench: &mut Bench) {
    for size in [64, 1200] {
        let packet: Vec<u8> = (0..size).map(|i| i as u8).collect();
        let contest = Contest::of_bytes("base/crc32c", size)
            .row("siskin", || checksum::crc32c(black_box(&packet)))
            .row("crc32c", || crc32c::crc32c(black_box(&packet)))
            .row("crc-fast", || crc_fast::crc32_iscsi(black_box(&packet)));
        bench.race(contest);
    }
}

fn crc32(bench: &mut Bench) {
    for size in [108, 1200] {
        let packet: Vec<u8> = (0..size).map(|i| i as u8).collect();
        let contest = Contest::of_bytes("base/crc32", size)
            .row("siskin", || checksum::crc32(black_box(&packet)))
            .row("crc32fast", || crc32fast::hash(black_box(&packet)))
            .row("crc-fast", || crc_fast::crc32_iso_hdlc(black_box(&packet)));
        bench.race(contest);
    }
}

siskin_benches::main!(crc32c, crc32);
