//! HEARTBEAT and HEARTBEAT ACK (RFC 9260 §3.3.5, §3.3.6).

use super::{ChunkType, Param, ParamType, Params, ParseError, RawChunk, begin_chunk, end_chunk};
use alloc::vec::Vec;
use siskin_base::wire::Writer;

/// Asks for its own bytes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat<'a> {
    /// The heartbeat information parameter as it came, header included: only its sender knows what it means.
    pub info: &'a [u8],
}

/// Gives the bytes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartbeatAck<'a> {
    /// The parameter of the HEARTBEAT.
    pub info: &'a [u8],
}

impl<'a> Heartbeat<'a> {
    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        Ok(Self { info: raw.value })
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::HEARTBEAT, 0);
        out.put(self.info);
        end_chunk(out, start)
    }
}

impl<'a> HeartbeatAck<'a> {
    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        Ok(Self { info: raw.value })
    }

    /// What is inside the heartbeat information parameter, if there is one.
    pub fn content(&self) -> Option<&'a [u8]> {
        let Param { kind, value } = Params::new(self.info).next()?.ok()?;
        (kind == ParamType::HEARTBEAT_INFO).then_some(value)
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::HEARTBEAT_ACK, 0);
        out.put(self.info);
        end_chunk(out, start)
    }
}
