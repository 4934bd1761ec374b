#![doc = include_str!("../README.md")]
#![expect(clippy::disallowed_types, reason = "a driver: sockets and clocks are what it is made of")]

pub mod case;
mod ours;
pub mod peer;
pub mod peers;
