//! Chunk headers, the walk over a packet's chunks, and the sum of all known chunks (RFC 9260 §3.2).

use super::padded::next_padded;
use super::{
    Abort, CookieAck, CookieEcho, Data, ErrorChunk, ForwardTsn, Heartbeat, HeartbeatAck, Init, InitAck,
    ParseError, ReConfig, Sack, Shutdown, ShutdownAck, ShutdownComplete,
};
use alloc::vec::Vec;
use siskin_base::wire::Writer;

siskin_base::code_points! {
    /// Chunk types, RFC 9260 §3.2 and its registry.
    pub struct ChunkType(u8) {
        DATA = 0, INIT = 1, INIT_ACK = 2, SACK = 3, HEARTBEAT = 4, HEARTBEAT_ACK = 5, ABORT = 6, SHUTDOWN = 7,
        SHUTDOWN_ACK = 8, ERROR = 9, COOKIE_ECHO = 10, COOKIE_ACK = 11, SHUTDOWN_COMPLETE = 14,
        I_DATA = 64, RE_CONFIG = 130, FORWARD_TSN = 192, I_FORWARD_TSN = 194,
    }
}

/// What the two highest bits of a type that we do not know ask for (RFC 9260 §3.2, §3.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownAction {
    /// Whether what follows in the packet (or chunk) is to be dropped unread.
    pub stop: bool,
    /// Whether the sender is to be told.
    pub report: bool,
}

impl ChunkType {
    /// What to do with a chunk of this type by one who does not know it.
    pub const fn unknown_action(self) -> UnknownAction {
        UnknownAction { stop: self.0 & 0x80 == 0, report: self.0 & 0x40 != 0 }
    }
}

/// A chunk as it is framed: its type, flags and value without padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawChunk<'a> {
    /// What it is.
    pub kind: ChunkType,
    /// Eight bits whose meaning the type decides.
    pub flags: u8,
    /// What follows the header.
    pub value: &'a [u8],
}

/// Walks over chunks; after an error it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Chunks<'a> {
    /// Over chunks that follow each other, each padded to four bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<RawChunk<'a>, ParseError>;
    fn next(&mut self) -> Option<Self::Item> {
        let unit = next_padded(&mut self.rest, |r| Ok(((ChunkType(r.u8()?), r.u8()?), r.u16()?)))?;
        Some(unit.map(|((kind, flags), value)| RawChunk { kind, flags, value }))
    }
}

/// Any chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the types say it")]
pub enum Chunk<'a> {
    Data(Data<'a>),
    Init(Init<'a>),
    InitAck(InitAck<'a>),
    Sack(Sack<'a>),
    Heartbeat(Heartbeat<'a>),
    HeartbeatAck(HeartbeatAck<'a>),
    Abort(Abort<'a>),
    Shutdown(Shutdown),
    ShutdownAck(ShutdownAck),
    Error(ErrorChunk<'a>),
    CookieEcho(CookieEcho<'a>),
    CookieAck(CookieAck),
    ShutdownComplete(ShutdownComplete),
    ReConfig(ReConfig<'a>),
    ForwardTsn(ForwardTsn<'a>),
    /// Anything else, as it came.
    Unknown(RawChunk<'a>),
}

impl<'a> Chunk<'a> {
    /// Reads the value of a chunk by its type.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        Ok(match raw.kind {
            ChunkType::DATA => Self::Data(Data::parse(raw)?),
            ChunkType::INIT => Self::Init(Init::parse(raw)?),
            ChunkType::INIT_ACK => Self::InitAck(InitAck::parse(raw)?),
            ChunkType::SACK => Self::Sack(Sack::parse(raw)?),
            ChunkType::HEARTBEAT => Self::Heartbeat(Heartbeat::parse(raw)?),
            ChunkType::HEARTBEAT_ACK => Self::HeartbeatAck(HeartbeatAck::parse(raw)?),
            ChunkType::ABORT => Self::Abort(Abort::parse(raw)?),
            ChunkType::SHUTDOWN => Self::Shutdown(Shutdown::parse(raw)?),
            ChunkType::SHUTDOWN_ACK => Self::ShutdownAck(ShutdownAck),
            ChunkType::ERROR => Self::Error(ErrorChunk::parse(raw)?),
            ChunkType::COOKIE_ECHO => Self::CookieEcho(CookieEcho::parse(raw)?),
            ChunkType::COOKIE_ACK => Self::CookieAck(CookieAck),
            ChunkType::SHUTDOWN_COMPLETE => Self::ShutdownComplete(ShutdownComplete::parse(raw)?),
            ChunkType::RE_CONFIG => Self::ReConfig(ReConfig::parse(raw)?),
            ChunkType::FORWARD_TSN => Self::ForwardTsn(ForwardTsn::parse(raw)?),
            _ => Self::Unknown(raw),
        })
    }

    /// Appends the chunk with its padding; `None` if it is too long for its length field, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Data(chunk) => chunk.write(out),
            Self::Init(chunk) => chunk.write(out),
            Self::InitAck(chunk) => chunk.write(out),
            Self::Sack(chunk) => chunk.write(out),
            Self::Heartbeat(chunk) => chunk.write(out),
            Self::HeartbeatAck(chunk) => chunk.write(out),
            Self::Abort(chunk) => chunk.write(out),
            Self::Shutdown(chunk) => chunk.write(out),
            Self::ShutdownAck(chunk) => chunk.write(out),
            Self::Error(chunk) => chunk.write(out),
            Self::CookieEcho(chunk) => chunk.write(out),
            Self::CookieAck(chunk) => chunk.write(out),
            Self::ShutdownComplete(chunk) => chunk.write(out),
            Self::ReConfig(chunk) => chunk.write(out),
            Self::ForwardTsn(chunk) => chunk.write(out),
            Self::Unknown(raw) => raw.write(out),
        }
    }
}

impl RawChunk<'_> {
    /// Appends the chunk with its padding; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, self.kind, self.flags);
        out.put(self.value);
        end_chunk(out, start)
    }
}

/// Appends a chunk header with an open length; gives what [`end_chunk`] wants.
pub(crate) fn begin_chunk(out: &mut Vec<u8>, kind: ChunkType, flags: u8) -> usize {
    let start = out.len();
    out.put(&[kind.0, flags, 0, 0]);
    start
}

/// Fills in the length of what was written since `start` and pads it; `None` takes it all back.
pub(crate) fn end_chunk(out: &mut Vec<u8>, start: usize) -> Option<()> {
    let len = out.len().saturating_sub(start);
    let (Ok(field), Some(place)) = (u16::try_from(len), out.get_mut(start + 2..start + 4)) else {
        out.truncate(start);
        return None;
    };
    place.copy_from_slice(&field.to_be_bytes());
    out.put([0u8; 3].get(..padding(len)).unwrap_or_default());
    Some(())
}

/// Bytes that fill up to a multiple of four.
pub(crate) const fn padding(len: usize) -> usize {
    len.wrapping_neg() & 3
}
