//! Goodbye (RFC 3550 §6.6).

use super::compound::write_packet;
use super::{Item, List, PacketType, ParseError, Raw};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// BYE: sources that are no longer active.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bye<'a> {
    /// The sources, at most 31.
    pub sources: List<'a, u32>,
    /// Why, at most 255 bytes.
    pub reason: Option<&'a [u8]>,
}

impl Item for u32 {
    const LEN: usize = 4;

    fn read(bytes: &[u8]) -> Option<Self> {
        Reader::new(bytes).u32().ok()
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u32(*self);
    }
}

impl<'a> Bye<'a> {
    pub(super) fn parse(raw: Raw<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(raw.body);
        let sources = List::read(r.take(usize::from(raw.count) * 4)?).ok_or(ParseError::Malformed)?;
        let reason = if r.is_empty() { None } else { Some(r.vec8()?) };
        Ok(Self { sources, reason })
    }

    /// Appends the packet. `None`, and nothing is written, with more than 31 sources or too long a reason.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let count = u8::try_from(self.sources.len()).ok().filter(|count| *count < 32)?;
        let reason = self.reason.map(|reason| u8::try_from(reason.len()).map(|len| (len, reason)));
        let reason = reason.transpose().ok()?;
        write_packet(out, PacketType::BYE, count, |out| {
            self.sources.write(out);
            if let Some((len, reason)) = reason {
                out.put_u8(len);
                out.put(reason);
            }
        })
    }
}
