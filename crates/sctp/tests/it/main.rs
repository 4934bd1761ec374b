//! Associations against published bytes, against each other, and against another implementation.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod basics;
mod campaign;
mod dcsctp;
mod memory;
mod pair;
mod peers;
mod rules;
mod sweep;
mod timelines;
mod vectors;
