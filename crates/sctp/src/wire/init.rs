//! INIT and INIT ACK (RFC 9260 §3.3.2, §3.3.3).

use super::{ChunkType, Params, ParseError, RawChunk, begin_chunk, end_chunk};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// Opens an association.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Init<'a> {
    /// The tag that packets to the sender must carry; not zero.
    pub initiate_tag: u32,
    /// Receive window in bytes.
    pub a_rwnd: u32,
    /// Streams that the sender will send on; not zero.
    pub outbound_streams: u16,
    /// Streams that the sender accepts; not zero.
    pub inbound_streams: u16,
    /// TSN of the sender's first DATA chunk.
    pub initial_tsn: u32,
    /// Optional parameters.
    pub params: Params<'a>,
}

impl<'a> Init<'a> {
    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(raw.value);
        Ok(Self {
            initiate_tag: r.u32()?,
            a_rwnd: r.u32()?,
            outbound_streams: r.u16()?,
            inbound_streams: r.u16()?,
            initial_tsn: r.u32()?,
            params: Params::new(r.rest()),
        })
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        self.write_as(ChunkType::INIT, out)
    }

    fn write_as(&self, kind: ChunkType, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, kind, 0);
        out.put_u32(self.initiate_tag);
        out.put_u32(self.a_rwnd);
        out.put_u16(self.outbound_streams);
        out.put_u16(self.inbound_streams);
        out.put_u32(self.initial_tsn);
        out.put(self.params.as_bytes());
        end_chunk(out, start)
    }
}

/// Answers an INIT; the same fields, and a state cookie among the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitAck<'a>(pub Init<'a>);

impl<'a> InitAck<'a> {
    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        Init::parse(raw).map(Self)
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        self.0.write_as(ChunkType::INIT_ACK, out)
    }
}
