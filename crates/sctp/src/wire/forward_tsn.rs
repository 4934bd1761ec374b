//! FORWARD TSN (RFC 3758 §3.2).

use super::{ChunkType, ParseError, RawChunk, begin_chunk, end_chunk};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// Moves the receiver past chunks that the sender gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForwardTsn<'a> {
    /// Everything up to here is to count as arrived.
    pub new_cumulative_tsn: u32,
    /// Four bytes per stream.
    skipped: &'a [u8],
}

/// A stream on which ordered messages were given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SkippedStream {
    /// The stream.
    pub stream: u16,
    /// The last message that was given up.
    pub ssn: u16,
}

impl<'a> ForwardTsn<'a> {
    /// Bytes of the chunk without streams.
    pub const MIN_LEN: usize = 8;

    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(raw.value);
        let new_cumulative_tsn = r.u32()?;
        if r.len().is_multiple_of(4) {
            Ok(Self { new_cumulative_tsn, skipped: r.rest() })
        } else {
            Err(ParseError::BadLength)
        }
    }

    /// The streams with ordered messages that were given up.
    pub fn skipped(&self) -> impl Iterator<Item = SkippedStream> + 'a {
        let (streams, _) = self.skipped.as_chunks::<4>();
        streams.iter().map(|&[a, b, c, d]| SkippedStream {
            stream: u16::from_be_bytes([a, b]),
            ssn: u16::from_be_bytes([c, d]),
        })
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        Self::write_from(out, self.new_cumulative_tsn, self.skipped())
    }

    /// Appends a chunk made of its parts.
    pub(crate) fn write_from(
        out: &mut Vec<u8>,
        new_cumulative_tsn: u32,
        skipped: impl Iterator<Item = SkippedStream>,
    ) -> Option<()> {
        let start = begin_chunk(out, ChunkType::FORWARD_TSN, 0);
        out.put_u32(new_cumulative_tsn);
        for SkippedStream { stream, ssn } in skipped {
            out.put_u16(stream);
            out.put_u16(ssn);
        }
        end_chunk(out, start)
    }
}
