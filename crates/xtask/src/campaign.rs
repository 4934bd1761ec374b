//! `cargo xtask campaign`: many seeds of the tests on simulated networks, each layer apart and the whole peer.

use crate::{Result, run, workspace};

/// A layer, its package, and which of its tests.
const LAYERS: &[(&str, &str, &str)] = &[
    ("dtls", "siskin-dtls", "campaign::dtls"),
    ("sctp", "siskin-sctp", "campaign::ours"),
    ("dcsctp", "siskin-sctp", "campaign::as_fast_as_dcsctp"),
    ("peer", "siskin-peer", "campaign::"),
    ("jsep", "siskin-peer", "any_order::"),
];

/// The verb `campaign`.
pub(crate) fn main(args: &[String]) -> Result<()> {
    let names: Vec<&str> = LAYERS.iter().map(|(name, ..)| *name).collect();
    let names = names.join("|");
    let usage =
        format!("cargo xtask campaign [--seeds N] [--start S] [--layer {names}]: 5000 seeds from 0 on all");
    let (mut seeds, mut start, mut layer) = (5000, 0, None);
    let mut args = args.iter().map(String::as_str);
    while let Some(option) = args.next() {
        let number = |value: Option<&str>| {
            let value = value.and_then(|value| value.parse::<u64>().ok());
            value.ok_or_else(|| format!("{option} takes a whole number\n{usage}"))
        };
        match option {
            "--seeds" => seeds = number(args.next())?,
            "--start" => start = number(args.next())?,
            "--layer" => layer = args.next(),
            _ => return Err(usage),
        }
    }
    if layer.is_some_and(|wanted| LAYERS.iter().all(|(name, ..)| *name != wanted)) {
        return Err(usage);
    }
    let chosen = LAYERS.iter().filter(|(name, ..)| layer.is_none_or(|wanted| wanted == *name));
    let failed: Vec<&str> =
        chosen.filter(|layer| !passes(layer, seeds, start)).map(|layer| layer.0).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("there are failing seeds: {}", failed.join(", "))) }
}

fn passes((name, package, tests): &(&str, &str, &str), seeds: u64, start: u64) -> bool {
    println!("\n== {name}: {seeds} seeds from {start}");
    let args =
        format!("test --release --package {package} --test it {tests} -- --nocapture --test-threads 1");
    let mut cargo = run::cargo(&args, &workspace::root());
    // Optimising across crates takes longer than it saves here.
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    cargo.env("RUST_BACKTRACE", "0");
    cargo.env("SISKIN_SEEDS", seeds.to_string()).env("SISKIN_START", start.to_string());
    run::show(&mut cargo).map_err(|why| eprintln!("{why}")).is_ok()
}
