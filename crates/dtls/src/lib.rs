#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod accept;
mod alert;
mod config;
mod connection;
mod engine;
mod error;
mod event;
mod flight;
pub mod handshake;
mod offer;
mod record;
mod suite;
mod v12;

pub use alert::{Alert, AlertDescription, AlertLevel};
pub use config::{Config, Limits, Role};
pub use connection::Connection;
pub use error::{Error, Misuse, PeerIncompatible, PeerMisbehaved};
pub use event::{Event, Stats};
pub use record::{ContentType, ProtocolVersion, RecordHeader};
pub use suite::CipherSuite;
