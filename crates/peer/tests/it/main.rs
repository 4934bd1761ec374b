//! The peer connection against itself over a simulated network, and against descriptions of browsers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod campaign;
mod endpoint;
mod examples;
mod harness;
mod jsep;
mod limits;
mod media;
mod memory;
mod puppet;
mod replay;
mod rules;
mod session;
#[cfg(feature = "serde")]
mod stats;
