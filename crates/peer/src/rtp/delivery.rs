//! Frames, as the user gives and takes them.

use crate::transceiver::TransceiverId;
use alloc::string::String;
use bytes::Bytes;
use core::time::Duration;
use siskin_base::Instant;

/// An encoded frame that came: a picture, or the sound of one packet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedFrame {
    /// Who received it.
    pub transceiver: TransceiverId,
    /// Which of the peer's streams it is of.
    pub ssrc: u32,
    /// The encoding, where the peer sends several (RFC 8853).
    pub rid: Option<String>,
    /// By which of [`Transceiver::receive_codecs`](crate::Transceiver::receive_codecs) to read it.
    pub payload_type: u8,
    /// In ticks of the codec's clock, extended so that it never wraps; its start means nothing.
    pub timestamp: u64,
    /// It can be decoded without any other; true of all audio.
    pub key_frame: bool,
    /// Packets that were given up between the frame before and this one.
    pub lost_before: u64,
    /// When its last packet came.
    pub completed: Instant,
    /// From its first packet until it left the jitter buffer.
    pub delay: Duration,
    /// As decoders take it: H.264 and H.265 with start codes, AV1 as a temporal unit with sizes.
    pub data: Bytes,
}

/// An encoded frame that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingFrame {
    /// One of [`Transceiver::send_codecs`](crate::Transceiver::send_codecs).
    pub payload_type: u8,
    /// In ticks of the codec's clock, from a start of the caller's; the stream's random offset is added.
    pub timestamp: u32,
    /// In the form of [`ReceivedFrame::data`].
    pub data: Bytes,
    /// Audio: the first of a talkspurt (RFC 3551 §4.1). Of no meaning for video, whose last packet is marked.
    pub starts_talkspurt: bool,
}

impl OutgoingFrame {
    /// A frame in the middle of a stream.
    pub fn new(payload_type: u8, timestamp: u32, data: Bytes) -> Self {
        Self { payload_type, timestamp, data, starts_talkspurt: false }
    }
}
