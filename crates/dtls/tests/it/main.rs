//! The crate from outside: by its rules, on a bad network, and against other people's implementations.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests, where a panic is the report"
)]

mod after_v13;
mod browsers;
mod campaign;
mod exact_v13;
mod foreign;
mod hardened;
mod hostile;
mod memory;
mod rules;
mod rules_v13;
mod sim;
mod suites;
mod support;
