#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod accept;
mod ack;
mod acks;
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
mod session;
mod suite;
mod transcript;
mod v12;
mod v13;

pub use ack::{Ack, RecordNumber};
pub use alert::{Alert, AlertDescription, AlertLevel};
pub use config::{Config, Limits, Role};
pub use connection::Connection;
pub use error::{Error, Misuse, PeerIncompatible, PeerMisbehaved};
pub use event::{Event, Stats};
pub use record::{ContentType, ProtocolVersion, RecordHeader};
pub use suite::CipherSuite;
