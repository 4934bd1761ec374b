//! Data channels on loopback, both ends in this process: processor seconds for each gigabyte of payload, at the sockets'
//! default settings. The `limit` is the same payload in sealed datagrams, with nothing above them.

use bytes::Bytes;
use siskin_benches::cost::{Cost, rounds};
use siskin_benches::limit;
use siskin_benches::stacks::{Pair, Siskin};
#[cfg(feature = "stacks")]
use siskin_benches::stacks::{Str0m, WebrtcRs};
use tokio::runtime::Runtime;

const SIZES: [usize; 3] = [1 << 10, 64 << 10, 256 << 10];

/// One stack at one size.
struct Row {
    name: &'static str,
    size: usize,
    /// Bytes to send in a round: slow stacks send less.
    total: usize,
    run: fn(&Runtime, usize, usize) -> Cost,
    least: Cost,
}

fn stack<P: Pair>(runtime: &Runtime, size: usize, total: usize) -> Cost {
    runtime.block_on(async {
        let (mut pair, _) = P::open().await;
        let message = Bytes::from(vec![7; size]);
        // The windows open.
        pair.transfer(message.clone(), (total / 10).div_ceil(size)).await;
        Cost::of(pair.transfer(message, total / size)).await.1
    })
}

fn bare(runtime: &Runtime, _: usize, total: usize) -> Cost {
    runtime.block_on(async { Cost::of(async { limit::transfer(total) }).await.1 })
}

fn main() {
    let rounds = rounds();
    let megabytes = if rounds == 1 { 4 } else { 128 };
    let mut rows = Vec::new();
    for size in SIZES {
        let mut row = |name, megabytes: usize, run| {
            rows.push(Row { name, size, total: megabytes << 20, run, least: Cost::MOST });
        };
        row(Siskin::NAME, megabytes, stack::<Siskin>);
        #[cfg(feature = "stacks")]
        {
            row(WebrtcRs::NAME, megabytes.min(64), stack::<WebrtcRs>);
            row(Str0m::NAME, megabytes.min(16), stack::<Str0m>);
        }
        row("limit", megabytes, bare);
    }
    let runtime = Runtime::new().expect("threads");
    for _ in 0..rounds {
        for row in &mut rows {
            row.least = row.least.least((row.run)(&runtime, row.size, row.total));
        }
    }
    print(&rows, rounds);
}

fn print(rows: &[Row], rounds: usize) {
    println!("\n{:<36} {:>10} {:>10} {:>10} {:>8}", "benchmark", "CPU s/GB", "x siskin", "x limit", "MB/s");
    let cpu = |row: &Row| row.least.cpu.as_secs_f64() * 1e9 / row.total as f64;
    for row in rows {
        let of = |name: &str| rows.iter().find(|other| other.size == row.size && other.name == name);
        let ratio = |name| of(name).map_or_else(String::new, |other| format!("{:.2}", cpu(row) / cpu(other)));
        println!(
            "{:<36} {:>10.2} {:>10} {:>10} {:>8.0}",
            format!("datachannel/transfer/{}/{}KiB", row.name, row.size >> 10),
            cpu(row),
            ratio(Siskin::NAME),
            ratio("limit"),
            row.total as f64 / 1e6 / row.least.wall.as_secs_f64(),
        );
    }
    println!("\nMinima of {rounds} interleaved rounds; both ends in one process, over loopback.");
}
