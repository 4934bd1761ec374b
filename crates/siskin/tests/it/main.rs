//! Two connections of ours over loopback, and what is left when they are dropped.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod drops;
mod examples;
mod flow;
mod support;
