#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod channel;
mod channels;
mod config;
mod event;
mod ids;
mod messages;
pub mod wire;

pub use channel::{ChannelState, Kind};
pub use channels::Channels;
pub use config::{ChannelConfig, Config, Priority};
pub use event::{ChannelId, Event, OpenError, SendError};
pub use siskin_sctp::Reliability;
