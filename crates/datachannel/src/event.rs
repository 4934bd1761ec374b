//! What the channels tell their user, and what they refuse.

use crate::Kind;
use bytes::Bytes;
use core::fmt;

/// Names a channel here, from before it has a stream until after it is closed. Never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u64);

/// Something the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The association below is up.
    Connected,
    /// A channel of ours is open.
    Opened(ChannelId),
    /// The peer opened a channel.
    Incoming(ChannelId),
    /// A message.
    Message {
        /// Where it came.
        channel: ChannelId,
        /// Text or bytes.
        kind: Kind,
        /// The content; text as the peer sent it, which should be UTF-8.
        data: Bytes,
    },
    /// What a channel has waiting fell to its threshold.
    BufferedAmountLow(ChannelId),
    /// There is room again, after [`SendError::BufferFull`].
    Sendable,
    /// The peer closes a channel: nothing more comes on it.
    Closing(ChannelId),
    /// A channel is closed on both sides, or lost with the association.
    Closed(ChannelId),
    /// The association below is over. The last event.
    Disconnected(Option<siskin_sctp::Error>),
}

/// Why a channel cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenError {
    /// Label or protocol is longer than 65535 bytes (RFC 8832 §5.1), or both are longer than a message.
    TooLong,
    /// The negotiated stream is in use, or is 65535.
    StreamInUse,
    /// [`Config::max_channels`](crate::Config) exist.
    TooMany,
    /// The association is over.
    Disconnected,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the label or protocol of the data channel is too long",
            Self::StreamInUse => "the stream of the data channel is in use or does not exist",
            Self::TooMany => "too many data channels",
            Self::Disconnected => "the SCTP association is over",
        })
    }
}

impl core::error::Error for OpenError {}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The channel is not open, or no more.
    NotOpen,
    /// The message is longer than the peer accepts.
    TooLong,
    /// No room; [`Event::Sendable`] says when there is.
    BufferFull,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOpen => "the data channel is not open",
            Self::TooLong => "the message is longer than the peer accepts",
            Self::BufferFull => "the send buffer is full",
        })
    }
}

impl core::error::Error for SendError {}
