//! `cargo xtask …`: the project's chores, each one command.
#![expect(clippy::disallowed_types, reason = "a program, not a protocol: it tells how long its steps took")]

mod bench;
mod campaign;
mod coverage;
#[cfg(test)]
mod edges;
mod fuzz;
mod licences;
#[cfg(test)]
mod limits;
mod memory;
mod run;
mod size;
mod spec;
mod test;
#[cfg(test)]
mod tidy;
mod tools;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test [--list] [STEP…]    all checks, or only the named ones; installs what they need
cargo xtask conformance [ARG…]       the full matrix: real browsers and libwebrtc (--help: its arguments)
cargo xtask fuzz [NAME [SECONDS]]    lists the fuzz targets, or runs one (default: 60 s); needs a C++ compiler
cargo xtask campaign [ARG…]          thousands of bad networks, simulated (--help: its arguments)
cargo xtask coverage [CRATE…]        which lines of the protocol crates the tests and the fuzz corpora reach
cargo xtask memory                   what a hostile peer can make each layer hold, measured
cargo xtask bench [NAME [ROUNDS]]    lists the benchmarks, or runs one and prints its table
cargo xtask size                     code, constants and heap of a data channel on a device
cargo xtask spec [RFC]               what the code cites, tests and departs from, per RFC or in one RFC";

/// What went wrong, in a line for the reader.
type Result<T> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (verb, rest) = match args.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("help", &[][..]),
    };
    let done = match verb {
        "test" => test::main(rest),
        "conformance" => test::conformance_only(rest),
        "fuzz" => fuzz::main(rest),
        "bench" => bench::main(rest),
        "coverage" => coverage::main(rest),
        "memory" => memory::main(),
        "campaign" => campaign::main(rest),
        "size" => size::main(rest),
        "spec" => spec::main(rest),
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => Err(format!("there is no `cargo xtask {other}`. There are:\n{HELP}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask: {why}");
            ExitCode::FAILURE
        }
    }
}
