//! SHUTDOWN, SHUTDOWN ACK and SHUTDOWN COMPLETE (RFC 9260 §3.3.8, §3.3.9, §3.3.13).

use super::{ChunkType, ParseError, RawChunk, begin_chunk, end_chunk};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// The sender has nothing more to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shutdown {
    /// Everything up to here has arrived.
    pub cumulative_tsn: u32,
}

impl Shutdown {
    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'_>) -> Result<Self, ParseError> {
        Ok(Self { cumulative_tsn: Reader::new(raw.value).u32()? })
    }

    /// Appends the chunk.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::SHUTDOWN, 0);
        out.put_u32(self.cumulative_tsn);
        end_chunk(out, start)
    }
}

/// The other side has nothing more to send either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShutdownAck;

impl ShutdownAck {
    /// Appends the chunk.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::SHUTDOWN_ACK, 0);
        end_chunk(out, start)
    }
}

/// The association is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShutdownComplete {
    /// T: the sender had no association and reflects the receiver's own tag.
    pub reflected_tag: bool,
}

impl ShutdownComplete {
    /// Reads the chunk's flags.
    pub fn parse(raw: RawChunk<'_>) -> Result<Self, ParseError> {
        Ok(Self { reflected_tag: raw.flags & 1 != 0 })
    }

    /// Appends the chunk.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::SHUTDOWN_COMPLETE, self.reflected_tag.into());
        end_chunk(out, start)
    }
}
