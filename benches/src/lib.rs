#![doc = include_str!("../README.md")]

use criterion::{BenchmarkId, Criterion, Throughput};

/// Times `operation` on `size` bytes, under the id `crate_and_verb/variant/sizeB`.
pub fn bytes<T>(
    c: &mut Criterion,
    crate_and_verb: &str,
    variant: &str,
    size: usize,
    mut operation: impl FnMut() -> T,
) {
    let mut group = c.benchmark_group(crate_and_verb);
    group.throughput(Throughput::Bytes(size as u64));
    group.bench_function(BenchmarkId::new(variant, format!("{size}B")), |b| b.iter(&mut operation));
    group.finish();
}
