//! Siskin's DTLS against the other implementations of it: see README.md.
#![expect(clippy::disallowed_types, reason = "a driver: it has a clock")]

use siskin_conformance_dtls::case::{Case, Path};
use siskin_dtls::Role;
use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut failed = 0;
    let mut run = 0;
    // By peer and our role: of each path, how many cases passed, and how many there were.
    let mut matrix: BTreeMap<(&str, &str), [(u32, u32); Path::ALL.len()]> = BTreeMap::new();
    for case in Case::all() {
        let name = case.to_string();
        if !words.iter().all(|word| name.contains(word)) {
            continue;
        }
        let began = Instant::now();
        let outcome = case.run();
        run += 1;
        let role = if case.role == Role::Client { "client" } else { "server" };
        let row = matrix.entry((case.kind.name(), role)).or_default();
        if let Some(cell) =
            Path::ALL.iter().position(|path| *path == case.path).and_then(|at| row.get_mut(at))
        {
            *cell = (cell.0 + u32::from(outcome.is_ok()), cell.1 + 1);
        }
        match outcome {
            Ok(seen) => println!("ok    {name:<42} {:>5} ms  {seen}", began.elapsed().as_millis()),
            Err(why) => {
                failed += 1;
                println!("FAIL  {name:<42} {why}");
            }
        }
    }
    println!("\n{:<26}{}", "peer, us", Path::ALL.map(|path| format!("{:>12}", path.name())).concat());
    for ((peer, role), row) in &matrix {
        let cells = row.map(|(passed, all)| match all {
            0 => format!("{:>12}", "-"),
            _ => format!("{:>12}", format!("{passed} of {all}")),
        });
        println!("{:<26}{}", format!("{peer} {role}"), cells.concat());
    }
    println!("{run} cases, {failed} failed");
    if failed == 0 && run > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
