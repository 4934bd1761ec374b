//! Siskin's DTLS against the other implementations of it: see README.md.
#![expect(clippy::disallowed_types, reason = "a driver: it has a clock")]

use siskin_conformance_dtls::case::Case;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut failed = 0;
    let mut run = 0;
    for case in Case::all() {
        let name = case.to_string();
        if !words.iter().all(|word| name.contains(word)) {
            continue;
        }
        let began = Instant::now();
        let outcome = case.run();
        run += 1;
        match outcome {
            Ok(seen) => println!("ok    {name:<42} {:>5} ms  {seen}", began.elapsed().as_millis()),
            Err(why) => {
                failed += 1;
                println!("FAIL  {name:<42} {why}");
            }
        }
    }
    println!("{run} cases, {failed} failed");
    if failed == 0 && run > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
