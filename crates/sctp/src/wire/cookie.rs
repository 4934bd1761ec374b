//! COOKIE ECHO and COOKIE ACK (RFC 9260 §3.3.11, §3.3.12).

use super::{ChunkType, ParseError, RawChunk, begin_chunk, end_chunk};
use alloc::vec::Vec;
use siskin_base::wire::Writer;

/// Brings the cookie of an INIT ACK back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieEcho<'a> {
    /// The cookie, byte for byte.
    pub cookie: &'a [u8],
}

impl<'a> CookieEcho<'a> {
    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        Ok(Self { cookie: raw.value })
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::COOKIE_ECHO, 0);
        out.put(self.cookie);
        end_chunk(out, start)
    }
}

/// Says that the cookie was good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieAck;

impl CookieAck {
    /// Appends the chunk.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::COOKIE_ACK, 0);
        end_chunk(out, start)
    }
}
