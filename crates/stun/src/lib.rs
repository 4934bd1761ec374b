#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod integrity;
pub mod long_term;
mod transaction;
pub mod wire;

pub use integrity::IntegrityKey;
pub use transaction::{Timeline, Timing, Transaction};
