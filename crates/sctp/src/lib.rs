#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod association;
mod config;
mod error;
mod event;
mod rx;
mod stats;
mod tx;
pub mod wire;

pub use association::Association;
pub use config::{Config, ConfigError};
pub use error::{Error, Misuse, PeerIncompatible, PeerMisbehaved, SendError};
pub use event::{Event, Message, Reliability, SendOptions};
pub use stats::Stats;
