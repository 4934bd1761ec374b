//! ABORT and ERROR (RFC 9260 §3.3.7, §3.3.10).

use super::{Causes, ChunkType, ParseError, RawChunk, begin_chunk, end_chunk};
use alloc::vec::Vec;
use siskin_base::wire::Writer;

/// Ends an association at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abort<'a> {
    /// T: the sender had no association and reflects the receiver's own tag.
    pub reflected_tag: bool,
    /// Why.
    pub causes: Causes<'a>,
}

impl<'a> Abort<'a> {
    /// Reads the chunk's value; all causes must be sound, since one with a format error is to be discarded.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        let causes = Causes::new(raw.value);
        for cause in causes {
            cause?;
        }
        Ok(Self { reflected_tag: raw.flags & 1 != 0, causes })
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::ABORT, self.reflected_tag.into());
        out.put(self.causes.as_bytes());
        end_chunk(out, start)
    }
}

/// Tells of an error that ends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorChunk<'a> {
    /// What went wrong.
    pub causes: Causes<'a>,
}

impl<'a> ErrorChunk<'a> {
    /// Reads the chunk's value.
    pub fn parse(raw: RawChunk<'a>) -> Result<Self, ParseError> {
        Ok(Self { causes: Causes::new(raw.value) })
    }

    /// Appends the chunk; `None` if it is too long, and then nothing is written.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let start = begin_chunk(out, ChunkType::ERROR, 0);
        out.put(self.causes.as_bytes());
        end_chunk(out, start)
    }
}
