//! Feedback on every packet of a transport: gathered by the receiver, understood by the sender.
//!
//! [`Arrivals`] makes transport-wide feedback (draft-holmer) or RFC 8888's; [`SentPackets`] turns either into
//! [`PacketFeedback`](siskin_base::PacketFeedback) for congestion control.
#![deny(clippy::indexing_slicing)]

mod arrivals;
mod sent;

pub use arrivals::{ArrivalStats, Arrivals, ArrivalsConfig};
pub use sent::{SentPackets, SentStats};
