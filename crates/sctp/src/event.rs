//! What an association tells its user, and how a message is to be sent.

use crate::Error;
use alloc::vec::Vec;
use bytes::Bytes;
use core::time::Duration;

/// Something the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Messages can flow. Those that were sent before now go out.
    Connected,
    /// A whole message. Taking it opens the receive window.
    Message(Message),
    /// The peer starts again at sequence number 0 on streams that it sends on; empty means all (RFC 6525 §5.2.2).
    IncomingReset {
        /// The streams.
        streams: Vec<u16>,
    },
    /// Our request to reset streams was answered.
    OutgoingReset {
        /// The streams.
        streams: Vec<u16>,
        /// Whether the peer did it.
        performed: bool,
    },
    /// What a stream has waiting fell to its threshold.
    BufferedAmountLow {
        /// The stream.
        stream: u16,
    },
    /// There is room again, after [`SendError::BufferFull`](crate::SendError).
    Sendable,
    /// The peer began anew on the same transport (RFC 9260 §5.2.4.1): everything queued and all sequence numbers are gone.
    Restarted,
    /// The association is over: `None` after a shutdown or an abort of our own. The last event.
    Closed(Option<Error>),
}

/// A user message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The stream it came on.
    pub stream: u16,
    /// Payload protocol identifier.
    pub ppid: u32,
    /// Whether it was allowed to overtake others.
    pub unordered: bool,
    /// The bytes.
    pub data: Bytes,
}

/// How a message is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SendOptions {
    /// May overtake others of its stream.
    pub unordered: bool,
    /// When to give up.
    pub reliability: Reliability,
}

/// When a message is given up (RFC 3758, RFC 7496). A peer without FORWARD TSN gets everything that was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reliability {
    /// Never.
    #[default]
    Reliable,
    /// When a fragment was lost that has been sent again this many times.
    MaxRetransmits(u16),
    /// This long after it was queued.
    Lifetime(Duration),
}
