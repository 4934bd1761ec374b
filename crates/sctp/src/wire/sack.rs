//! SACK (RFC 9260 §3.3.4).

use super::{ChunkType, ParseError, RawChunk, begin_chunk, end_chunk};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// Acknowledges DATA chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sack<'a> {
    /// Everything up to here has arrived.
    pub cumulative_tsn: u32,
    /// Receive window left, in bytes.
    pub a_rwnd: u32,
    /// Four bytes per block.
    gaps: &'a [u8],
    /// Four bytes per TSN.
    duplicates: &'a [u8],
}

/// TSNs that arrived above a gap, as offsets from the cumulative TSN, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GapBlock {
    /// The first.
    pub start: u16,
    /// The last.
    pub end: u16,
}

impl<'a> Sack<'a> {
    /// Bytes of the chunk without blocks and duplicates.
    pub const MIN_LEN: usize = 16;

    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(raw.value);
        let (cumulative_tsn, a_rwnd) = (r.u32()?, r.u32()?);
        let (gaps, duplicates) = (usize::from(r.u16()?), usize::from(r.u16()?));
        let (gaps, duplicates) = (r.take(gaps * 4)?, r.take(duplicates * 4)?);
        if r.is_empty() {
            Ok(Self { cumulative_tsn, a_rwnd, gaps, duplicates })
        } else {
            Err(ParseError::BadLength)
        }
    }

    /// The blocks above the cumulative TSN, in order as they came.
    pub fn gaps(&self) -> impl Iterator<Item = GapBlock> + 'a {
        let (blocks, _) = self.gaps.as_chunks::<4>();
        blocks.iter().map(|&[a, b, c, d]| GapBlock {
            start: u16::from_be_bytes([a, b]),
            end: u16::from_be_bytes([c, d]),
        })
    }

    /// TSNs that arrived more than once since the last SACK.
    pub fn duplicates(&self) -> impl Iterator<Item = u32> + 'a {
        let (tsns, _) = self.duplicates.as_chunks::<4>();
        tsns.iter().map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        Self::write_from(out, self.cumulative_tsn, self.a_rwnd, self.gaps(), self.duplicates())
    }

    /// Appends a chunk made of its parts.
    pub(crate) fn write_from(
        out: &mut Vec<u8>,
        cumulative_tsn: u32,
        a_rwnd: u32,
        gaps: impl Iterator<Item = GapBlock>,
        duplicates: impl Iterator<Item = u32>,
    ) -> Option<()> {
        let start = begin_chunk(out, ChunkType::SACK, 0);
        out.put_u32(cumulative_tsn);
        out.put_u32(a_rwnd);
        let counts = out.len();
        out.put_u32(0);
        let (mut gap_count, mut duplicate_count) = (0u16, 0u16);
        for gap in gaps {
            out.put_u16(gap.start);
            out.put_u16(gap.end);
            gap_count = gap_count.wrapping_add(1);
        }
        for tsn in duplicates {
            out.put_u32(tsn);
            duplicate_count = duplicate_count.wrapping_add(1);
        }
        let both = u32::from(gap_count) << 16 | u32::from(duplicate_count);
        if let Some(place) = out.get_mut(counts..counts + 4) {
            place.copy_from_slice(&both.to_be_bytes());
        }
        end_chunk(out, start)
    }
}
