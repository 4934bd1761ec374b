//! `cargo xtask bench`: one benchmark, and what it measured as a table.

use crate::{Result, run, workspace};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What criterion stored of one benchmark.
struct Row {
    /// crate/verb/variant/size
    id: String,
    /// Nanoseconds for one operation, the fastest sample.
    least: f64,
    /// Bytes in one operation; 0 if it is not about bytes.
    bytes: u64,
}

/// The verb `bench`.
pub(crate) fn main(args: &[String]) -> Result<()> {
    let dir = workspace::root().join("benches");
    let known = names(&dir)?;
    let Some(name) = args.first() else {
        println!("cargo xtask bench NAME, where NAME is one of:");
        known.iter().for_each(|name| println!("  {name}"));
        return Ok(());
    };
    if !known.contains(name) {
        return Err(format!("there is no benchmark `{name}`; there are: {}", known.join(", ")));
    }
    let target = workspace::target_dir()?;
    let home = target.join("criterion");
    let began = std::time::SystemTime::now();
    let mut bench = run::cargo(&format!("bench --bench {name}"), &dir);
    run::show(bench.env("CARGO_TARGET_DIR", &target).env("CRITERION_HOME", &home))?;

    let mut rows = Vec::new();
    collect(&home, began, &mut rows);
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    print(&rows);
    Ok(())
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

/// Walks criterion's folder for what this run wrote: `ID/new/{benchmark,sample}.json`.
fn collect(dir: &Path, began: std::time::SystemTime, rows: &mut Vec<Row>) {
    for path in std::fs::read_dir(dir).into_iter().flatten().filter_map(|e| e.ok()).map(|e| e.path()) {
        let fresh = |path: &PathBuf| {
            path.metadata().and_then(|data| data.modified()).is_ok_and(|changed| changed >= began)
        };
        if path.is_dir() && path.ends_with("new") && fresh(&path.join("sample.json")) {
            rows.extend(row(&path));
        } else if path.is_dir() {
            collect(&path, began, rows);
        }
    }
}

fn row(dir: &Path) -> Option<Row> {
    let json = |name: &str| -> Option<Value> {
        serde_json::from_str(&std::fs::read_to_string(dir.join(name)).ok()?).ok()
    };
    let (benchmark, sample) = (json("benchmark.json")?, json("sample.json")?);
    let numbers = |key| workspace::list(&sample, key).iter().filter_map(Value::as_f64);
    let least = numbers("times").zip(numbers("iters")).map(|(time, count)| time / count).reduce(f64::min)?;
    let bytes = benchmark.pointer("/throughput/Bytes").and_then(Value::as_u64).unwrap_or_default();
    Some(Row { id: workspace::text(&benchmark, "full_id").into(), least, bytes })
}

/// Rows that differ in the variant only are compared with the first of ours among them.
fn print(rows: &[Row]) {
    println!("\n{:<44} {:>12} {:>12} {:>9}", "benchmark", "ns/op", "MB/s", "to siskin");
    for row in rows {
        let ours = rows
            .iter()
            .find(|other| contest(&other.id) == contest(&row.id) && variant(&other.id) == "siskin");
        let ratio = ours.map_or(String::new(), |ours| format!("{:.2}", row.least / ours.least));
        let rate =
            if row.bytes > 0 { format!("{:.0}", row.bytes as f64 * 1e3 / row.least) } else { String::new() };
        println!("{:<44} {:>12.1} {:>12} {:>9}", row.id, row.least, rate, ratio);
    }
    println!(
        "\nThe fastest sample of each; `to siskin` above 1 is slower than ours. The command: cargo xtask bench"
    );
}

fn variant(id: &str) -> &str {
    id.split('/').nth(2).unwrap_or_default()
}

fn contest(id: &str) -> Vec<&str> {
    id.split('/').enumerate().filter(|(place, _)| *place != 2).map(|(_, part)| part).collect()
}
