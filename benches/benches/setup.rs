//! From both descriptions to an open channel, on loopback, and the processor time of all of it.

use siskin_benches::cost::{Cost, rounds};
use siskin_benches::stacks::{Pair, Siskin};
#[cfg(feature = "stacks")]
use siskin_benches::stacks::{Str0m, WebrtcRs};
use tokio::runtime::Runtime;

struct Row {
    name: &'static str,
    run: fn(&Runtime) -> Cost,
    least: Cost,
    all: Vec<f64>,
}

/// Both peers made, described, connected: the processor time is of all that, the wall time from the descriptions on.
fn stack<P: Pair>(runtime: &Runtime) -> Cost {
    runtime.block_on(async {
        let ((pair, wall), Cost { cpu, .. }) = Cost::of(P::open()).await;
        drop(pair);
        Cost { cpu, wall }
    })
}

fn row<P: Pair>() -> Row {
    Row { name: P::NAME, run: stack::<P>, least: Cost::MOST, all: Vec::new() }
}

fn main() {
    let rounds = rounds();
    let mut rows = vec![row::<Siskin>()];
    #[cfg(feature = "stacks")]
    rows.extend([row::<WebrtcRs>(), row::<Str0m>()]);
    let runtime = Runtime::new().expect("threads");
    for _ in 0..rounds {
        for row in &mut rows {
            let cost = (row.run)(&runtime);
            row.least = row.least.least(cost);
            row.all.push(cost.wall.as_secs_f64() * 1e3);
        }
    }
    println!(
        "\n{:<24} {:>10} {:>12} {:>10} {:>10}",
        "benchmark", "least ms", "median ms", "x siskin", "CPU ms"
    );
    let first = rows[0].least.wall.as_secs_f64();
    for row in &mut rows {
        row.all.sort_by(f64::total_cmp);
        println!(
            "{:<24} {:>10.2} {:>12.2} {:>10.2} {:>10.2}",
            format!("setup/{}", row.name),
            row.least.wall.as_secs_f64() * 1e3,
            row.all[row.all.len() / 2],
            row.least.wall.as_secs_f64() / first,
            row.least.cpu.as_secs_f64() * 1e3,
        );
    }
    println!(
        "\n{rounds} interleaved rounds. Wall time from the moment that the offerer has the answer to the channel's being \
         open on both sides; processor time of both peers, from their making on, certificates included."
    );
}
