//! Siskin's DTLS against the other implementations of it: see README.md.
#![expect(clippy::disallowed_types, reason = "a driver: sockets and clocks are what it is made of")]

mod case;
mod ours;
mod peer;
mod peers;

use case::{Case, Path};
use siskin_dtls::Role;
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut failed = 0;
    let mut run = 0;
    for kind in peers::ALL {
        for role in [Role::Client, Role::Server] {
            for path in Path::ALL {
                let case = Case { kind, role, path };
                let name = case.to_string();
                if path == Path::BothSmall && !kind.has_mtu() || !words.iter().all(|word| name.contains(word))
                {
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
        }
    }
    println!("{run} cases, {failed} failed");
    if failed == 0 && run > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
