//! `cargo xtask bench`: one benchmark, and what it measured as a table, which the benchmark prints itself.

use crate::{Result, run, workspace};
use std::path::Path;

/// What a run without a number takes: minima of fewer rounds do not reproduce.
const ROUNDS: &str = "31";

/// Features of the benches that bring foreign stacks.
const STACKS: [&str; 3] = ["stacks", "dtls-stacks", "srtp-stacks"];

/// The verb `bench`.
pub(crate) fn main(args: &[String]) -> Result<()> {
    let dir = workspace::root().join("benches");
    let known = names(&dir)?;
    let Some(name) = args.first() else {
        println!("cargo xtask bench NAME [ROUNDS [PART]]: only what has PART in its id; NAME is one of:");
        known.iter().for_each(|name| println!("  {name}"));
        return Ok(());
    };
    if !known.contains(name) {
        return Err(format!("there is no benchmark `{name}`; there are: {}", known.join(", ")));
    }
    let rounds = args.get(1).map_or(ROUNDS, String::as_str);
    if rounds.parse::<u32>().is_err() {
        return Err(format!("`{rounds}` is no number of rounds"));
    }
    // The foreign stacks take minutes to compile: only where they are raced against.
    let code = std::fs::read_to_string(dir.join(format!("benches/{name}.rs"))).unwrap_or_default();
    let uses = |feature: &&str| code.contains(&format!("feature = \"{feature}\""));
    let features: String =
        STACKS.into_iter().filter(uses).map(|feature| format!("--features {feature} ")).collect();
    let part = args.get(2).map_or("", String::as_str);
    let mut bench = run::cargo(&format!("bench --bench {name} {features}-- --rounds {rounds} {part}"), &dir);
    run::show(bench.env("CARGO_TARGET_DIR", workspace::target_dir()?))
}

/// Benchmarks are files beside the manifest's `src`.
fn names(dir: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(dir.join("benches")).map_err(|e| format!("benches: {e}"))?;
    let paths = entries.filter_map(|entry| entry.ok()).map(|entry| entry.path());
    let mut names: Vec<String> =
        paths.filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).collect();
    names.sort();
    Ok(names)
}
