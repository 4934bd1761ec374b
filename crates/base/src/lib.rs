#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod candidate;
pub mod checksum;
mod code_points;
mod observation;
mod packet;
mod packet_feedback;
mod path;
mod rng;
mod rtp_header;
mod security;
pub mod serial;
mod short_list;
mod time;
pub mod wire;

pub use candidate::{Candidate, CandidateAddress, CandidateKind, CandidateTransport, TcpType};
pub use observation::{Direction, Layer, Observation};
pub use packet::Packet;
pub use packet_feedback::PacketFeedback;
pub use path::{BaseId, Ecn, Path, Protocol, Received, Transmit};
pub use rng::Rng;
pub use rtp_header::{RtpExtension, RtpHeader, RtpHeaderError};
pub use security::{Fingerprint, HashAlgorithm, KeyingMaterial, SetupRole, SrtpProfile};
pub use short_list::push_tight;
pub use time::{Instant, WallClock, earliest};
