//! Descriptions from outside: what browsers wrote, what RFCs show, what nobody should have written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests"
)]

mod captures;
mod errors;
mod memory;
mod roundtrip;
mod vectors;
