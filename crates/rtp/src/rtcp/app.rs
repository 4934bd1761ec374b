//! What an application defines for itself (RFC 3550 §6.7).

use super::compound::write_padded;
use super::{PacketType, ParseError, Raw};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// APP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct App<'a> {
    /// Five bits, the application's own.
    pub subtype: u8,
    /// Who says it.
    pub ssrc: u32,
    /// Four letters.
    pub name: [u8; 4],
    /// A multiple of four bytes.
    pub data: &'a [u8],
}

impl<'a> App<'a> {
    pub(super) fn parse(raw: Raw<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(raw.body);
        Ok(Self { subtype: raw.count, ssrc: r.u32()?, name: r.array()?, data: r.rest() })
    }

    /// Appends the packet, padded if the data do not end with a word. `None`, and nothing is written, if they are too long.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write_padded(out, PacketType::APP, self.subtype, |out| {
            out.put_u32(self.ssrc);
            out.put(&self.name);
            out.put(self.data);
        })
    }
}
