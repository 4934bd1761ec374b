//! What a researcher may watch: made by the engines when asked, drained with `poll_observation`.

use crate::Instant;
use alloc::string::String;
use alloc::vec::Vec;

/// Something that happened inside an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observation {
    /// A protocol unit in clear: behind decryption, or before encryption.
    Packet {
        /// When.
        at: Instant,
        /// The layer that it belongs to.
        layer: Layer,
        /// Coming in or going out.
        direction: Direction,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// An engine went from one state to another.
    State {
        /// When.
        at: Instant,
        /// The layer.
        layer: Layer,
        /// The new state, by its RFC or W3C name.
        state: &'static str,
    },
    /// A line of a key log in the NSS format, which Wireshark reads. A secret.
    KeyLog(String),
    /// Something from the network was dropped.
    Dropped {
        /// When.
        at: Instant,
        /// The layer that dropped it.
        layer: Layer,
        /// Why, as a short fixed phrase.
        reason: &'static str,
    },
}

/// A protocol layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Layer {
    /// STUN and ICE.
    Ice,
    /// DTLS.
    Dtls,
    /// SCTP.
    Sctp,
    /// Data channels.
    DataChannel,
    /// The peer connection.
    Peer,
}

/// Which way a packet went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the peer.
    In,
    /// To the peer.
    Out,
}
