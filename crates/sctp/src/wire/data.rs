//! DATA (RFC 9260 §3.3.1, with the I bit of RFC 7053).

use super::{ChunkType, ParseError, RawChunk, begin_chunk, end_chunk};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// The flags of a DATA chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DataFlags {
    /// E: the last fragment of its message.
    pub end: bool,
    /// B: the first fragment of its message.
    pub begin: bool,
    /// U: may overtake others of its stream.
    pub unordered: bool,
    /// I: to be acknowledged without delay.
    pub immediate: bool,
    /// The reserved bits as they came.
    pub reserved: u8,
}

impl DataFlags {
    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self {
            end: bits & 1 != 0,
            begin: bits & 2 != 0,
            unordered: bits & 4 != 0,
            immediate: bits & 8 != 0,
            reserved: bits & 0xf0,
        }
    }

    pub(crate) const fn bits(self) -> u8 {
        self.end as u8
            | (self.begin as u8) << 1
            | (self.unordered as u8) << 2
            | (self.immediate as u8) << 3
            | self.reserved & 0xf0
    }
}

/// A fragment of a user message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<'a> {
    /// Which part of its message this is, and how to treat it.
    pub flags: DataFlags,
    /// Transmission sequence number.
    pub tsn: u32,
    /// Stream identifier.
    pub stream: u16,
    /// Stream sequence number; without meaning if unordered.
    pub ssn: u16,
    /// Payload protocol identifier, which SCTP does not look at.
    pub ppid: u32,
    /// User data, at least one byte.
    pub payload: &'a [u8],
}

impl<'a> Data<'a> {
    /// Bytes of the chunk in front of the payload.
    pub const HEADER_LEN: usize = 16;

    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(raw.value);
        let chunk = Self {
            flags: DataFlags::from_bits(raw.flags),
            tsn: r.u32()?,
            stream: r.u16()?,
            ssn: r.u16()?,
            ppid: r.u32()?,
            payload: r.rest(),
        };
        if chunk.payload.is_empty() { Err(ParseError::NoUserData) } else { Ok(chunk) }
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::DATA, self.flags.bits());
        out.put_u32(self.tsn);
        out.put_u16(self.stream);
        out.put_u16(self.ssn);
        out.put_u32(self.ppid);
        out.put(self.payload);
        end_chunk(out, start)
    }
}
