//! Agents against each other over a simulated network, and against a puppet that says what a test wants.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, unreachable_pub, reason = "tests")]

mod browsers;
mod checks;
mod consent;
mod gathering;
mod hostile;
mod lab;
mod lite;
mod memory;
mod nat;
mod nomination;
mod puppet;
mod restart;
mod roles;
mod rules;
mod sim;
mod trickle;

use core::time::Duration;
use siskin_base::Instant;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}
