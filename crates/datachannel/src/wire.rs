//! The data channel establishment protocol: what its two messages look like (RFC 8832 §5).
#![deny(clippy::indexing_slicing)]

use alloc::vec::Vec;
use core::fmt;
use siskin_base::wire::{Reader, Truncated, Writer};

siskin_base::code_points! {
    /// Payload protocol identifiers of data channels, RFC 8831 §8.
    pub struct Ppid(u32) {
        DCEP = 50, STRING = 51, BINARY_PARTIAL = 52, BINARY = 53, STRING_PARTIAL = 54, STRING_EMPTY = 56,
        BINARY_EMPTY = 57,
    }
}

siskin_base::code_points! {
    /// Channel types, RFC 8832 §5.1 and its registry; the high bit means unordered.
    pub struct ChannelType(u8) {
        RELIABLE = 0x00, PARTIAL_RELIABLE_REXMIT = 0x01, PARTIAL_RELIABLE_TIMED = 0x02, RELIABLE_UNORDERED = 0x80,
        PARTIAL_RELIABLE_REXMIT_UNORDERED = 0x81, PARTIAL_RELIABLE_TIMED_UNORDERED = 0x82,
    }
}

/// A DCEP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dcep<'a> {
    /// DATA_CHANNEL_OPEN.
    Open(Open<'a>),
    /// DATA_CHANNEL_ACK.
    Ack,
}

/// What a new channel is to be (RFC 8832 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open<'a> {
    /// Ordered or not, and when to give up.
    pub channel_type: ChannelType,
    /// Its weight among the channels.
    pub priority: u16,
    /// Retransmissions or milliseconds, by the type.
    pub reliability: u32,
    /// Name, in UTF-8.
    pub label: &'a [u8],
    /// Subprotocol, in UTF-8.
    pub protocol: &'a [u8],
}

/// Why bytes are not a DCEP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// They end too early.
    Truncated,
    /// They go on behind the message.
    TooLong,
    /// Neither OPEN nor ACK.
    UnknownMessage(u8),
    /// A channel type that nobody registered.
    UnknownChannelType(ChannelType),
}

impl From<Truncated> for ParseError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => f.write_str("the DCEP message ends too early"),
            Self::TooLong => f.write_str("bytes behind the DCEP message"),
            Self::UnknownMessage(kind) => write!(f, "unknown DCEP message {kind:#x}"),
            Self::UnknownChannelType(kind) => write!(f, "unknown data channel type {kind:?}"),
        }
    }
}

impl core::error::Error for ParseError {}

impl ChannelType {
    /// Whether messages keep their order.
    pub const fn ordered(self) -> bool {
        self.0 & UNORDERED == 0
    }

    /// The same without the bit that means unordered.
    pub const fn kind(self) -> Self {
        Self(self.0 & !UNORDERED)
    }
}

impl<'a> Dcep<'a> {
    /// Reads a message.
    pub fn parse(input: &'a [u8]) -> Result<Self, ParseError> {
        let mut r = Reader::new(input);
        let message = match r.u8()? {
            DATA_CHANNEL_OPEN => {
                let channel_type = ChannelType(r.u8()?);
                if channel_type.kind().0 > ChannelType::PARTIAL_RELIABLE_TIMED.0 {
                    return Err(ParseError::UnknownChannelType(channel_type));
                }
                let (priority, reliability) = (r.u16()?, r.u32()?);
                let (label, protocol) = (usize::from(r.u16()?), usize::from(r.u16()?));
                let (label, protocol) = (r.take(label)?, r.take(protocol)?);
                Self::Open(Open { channel_type, priority, reliability, label, protocol })
            }
            DATA_CHANNEL_ACK => Self::Ack,
            other => return Err(ParseError::UnknownMessage(other)),
        };
        if r.is_empty() { Ok(message) } else { Err(ParseError::TooLong) }
    }

    /// Appends the message; `None` if label or protocol is longer than 65535 bytes, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Ack => out.put_u8(DATA_CHANNEL_ACK),
            Self::Open(open) => {
                let label = u16::try_from(open.label.len()).ok()?;
                let protocol = u16::try_from(open.protocol.len()).ok()?;
                out.put(&[DATA_CHANNEL_OPEN, open.channel_type.0]);
                out.put_u16(open.priority);
                out.put_u32(open.reliability);
                out.put_u16(label);
                out.put_u16(protocol);
                out.put(open.label);
                out.put(open.protocol);
            }
        }
        Some(())
    }
}

const DATA_CHANNEL_ACK: u8 = 0x02;
const DATA_CHANNEL_OPEN: u8 = 0x03;
const UNORDERED: u8 = 0x80;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bytes_that_chromium_sends() {
        // Label "t", reliable and ordered, as captured from Chromium 156.
        let bytes = [3, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x74];
        let Ok(Dcep::Open(open)) = Dcep::parse(&bytes) else { panic!() };
        assert_eq!((open.channel_type, open.priority, open.label), (ChannelType::RELIABLE, 256, &b"t"[..]));
    }

    #[test]
    fn rfc8832_5_1_what_is_wrong_is_named() {
        assert_eq!(Dcep::parse(&[]), Err(ParseError::Truncated));
        assert_eq!(Dcep::parse(&[2, 0]), Err(ParseError::TooLong));
        assert_eq!(Dcep::parse(&[7]), Err(ParseError::UnknownMessage(7)));
        let bytes = [3, 0x83, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(Dcep::parse(&bytes), Err(ParseError::UnknownChannelType(ChannelType(0x83))));
    }

    proptest! {
        #[test]
        fn writes_what_it_reads(input: Vec<u8>, open in any::<bool>()) {
            let mut input = input;
            if open && input.len() > 2 {
                input[0] = 3;
                input[1] &= 0x82;
            }
            if let Ok(message) = Dcep::parse(&input) {
                let mut out = Vec::new();
                message.write(&mut out).unwrap();
                prop_assert_eq!(out, input);
            }
        }
    }
}
