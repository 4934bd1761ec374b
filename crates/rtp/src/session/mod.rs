//! An RTP session (RFC 3550 §3): who sends, who receives, and the RTCP between them.
#![deny(clippy::indexing_slicing)]

mod compound;
mod config;
mod engine;
mod event;
mod input;
mod jitter;
mod receiver;
mod schedule;
mod sender;
mod sequence;

pub use config::{Config, Misuse, SenderConfig, SessionStats};
pub use engine::Session;
pub use event::Event;
pub use receiver::{Accepted, Receiver, ReceiverStats, Rejected};
pub use sender::{Sender, SenderStats};
pub use sequence::{SequenceTracker, Verdict};
