//! `siskin-base`: the checksum that SCTP computes over every packet, twice.
#![allow(missing_docs, reason = "criterion's macros write functions without any")]

use criterion::{Criterion, criterion_group, criterion_main};
use siskin_base::checksum;
use std::hint::black_box;

fn crc32c(c: &mut Criterion) {
    for size in [64, 1200] {
        let packet: Vec<u8> = (0..size).map(|i| i as u8).collect();
        siskin_benches::bytes(c, "base/crc32c", "siskin", size, || checksum::crc32c(black_box(&packet)));
        siskin_benches::bytes(c, "base/crc32c", "crc-fast", size, || {
            crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32Iscsi, black_box(&packet))
        });
    }
}

criterion_group!(base, crc32c);
criterion_main!(base);
