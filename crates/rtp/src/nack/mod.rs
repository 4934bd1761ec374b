//! Loss repair by asking again (RFC 4585 §6.2.1): who asks, and who answers.
#![deny(clippy::indexing_slicing)]

mod generator;
mod history;

pub use generator::{GeneratorConfig, GeneratorStats, NackGenerator, Recovery};
pub use history::{HistoryConfig, HistoryStats, PacketHistory, Refusal, StoredPacket};
