//! Source descriptions (RFC 3550 §6.5).

use super::compound::{write_packet, write_padded};
use super::{PacketType, ParseError, Raw};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

siskin_base::code_points! {
    /// What an item says (RFC 3550 §12.2 and its registry).
    pub struct SdesKind(u8) {
        CNAME = 1, NAME = 2, EMAIL = 3, PHONE = 4, LOC = 5, TOOL = 6, NOTE = 7, PRIV = 8, RTP_STREAM_ID = 12,
        REPAIRED_RTP_STREAM_ID = 13, CCID = 14, MID = 15,
    }
}

/// SDES: texts about sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceDescription<'a> {
    count: u8,
    body: &'a [u8],
}

/// The texts about one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdesChunk<'a> {
    /// The source.
    pub ssrc: u32,
    items: &'a [u8],
}

/// One text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SdesItem<'a> {
    /// What it says.
    pub kind: SdesKind,
    /// At most 255 bytes, UTF-8 by the standard.
    pub text: &'a [u8],
}

impl<'a> SourceDescription<'a> {
    pub(super) fn parse(raw: Raw<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(raw.body);
        for _ in 0..raw.count {
            chunk(&mut r)?;
        }
        Ok(Self { count: raw.count, body: raw.body })
    }

    /// The sources, at most 31.
    pub fn chunks(&self) -> impl Iterator<Item = SdesChunk<'a>> + use<'a> {
        let mut r = Reader::new(self.body);
        (0..self.count).map_while(move |_| chunk(&mut r).ok())
    }

    /// The canonical name of a source.
    pub fn cname(&self, ssrc: u32) -> Option<&'a [u8]> {
        let mut chunks = self.chunks().filter(|chunk| chunk.ssrc == ssrc);
        chunks.find_map(|chunk| chunk.items().find(|item| item.kind == SdesKind::CNAME)).map(|item| item.text)
    }

    /// Appends the packet.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write_padded(out, PacketType::SDES, self.count, |out| out.put(self.body))
    }
}

impl<'a> SdesChunk<'a> {
    /// Its items.
    pub fn items(&self) -> impl Iterator<Item = SdesItem<'a>> + use<'a> {
        let mut r = Reader::new(self.items);
        core::iter::from_fn(move || {
            let kind = SdesKind(r.u8().ok()?);
            Some(SdesItem { kind, text: r.vec8().ok()? })
        })
    }
}

/// Reads one chunk with the zeros that end it.
fn chunk<'a>(r: &mut Reader<'a>) -> Result<SdesChunk<'a>, ParseError> {
    let ssrc = r.u32()?;
    let items = r.clone();
    let start = r.len();
    loop {
        let len = start - r.len();
        if r.u8()? == 0 {
            // RFC 3550 §6.5: one zero at least, up to the next multiple of four bytes.
            let read = start - r.len();
            r.take(read.next_multiple_of(4) - read)?;
            let items = items.clone().take(len)?;
            return Ok(SdesChunk { ssrc, items });
        }
        r.vec8()?;
    }
}

/// Appends an SDES packet that gives each of the sources (at most 31) the same canonical name (at most 255 bytes; the rest
/// is cut off). `None`, and nothing is written, if there are more.
pub fn write_cname(out: &mut Vec<u8>, sources: &[u32], cname: &[u8]) -> Option<()> {
    let count = u8::try_from(sources.len()).ok().filter(|count| *count < 32)?;
    let cname = cname.get(..255).unwrap_or(cname);
    write_packet(out, PacketType::SDES, count, |out| {
        for ssrc in sources {
            out.put_u32(*ssrc);
            let start = out.len();
            out.put(&[SdesKind::CNAME.0, cname.len() as u8]);
            out.put(cname);
            out.push(0);
            let len = out.len() - start;
            out.resize(start + len.next_multiple_of(4), 0);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{Compound, Packet};

    #[test]
    fn names_of_every_length_come_back() {
        for len in 0..10 {
            let name = &b"abcdefghij"[..len];
            let mut out = Vec::new();
            write_cname(&mut out, &[1, 2], name).unwrap();
            let raw = Compound::parse(&out).unwrap().packets().next().unwrap();
            let Ok(Packet::SourceDescription(sdes)) = Packet::parse(raw) else { panic!() };
            assert_eq!((sdes.cname(1), sdes.cname(2), sdes.cname(3)), (Some(name), Some(name), None));
        }
    }

    #[test]
    fn a_chunk_must_end() {
        let raw = |body| Raw { packet_type: PacketType::SDES, count: 1, body };
        assert!(SourceDescription::parse(raw(&[0, 0, 0, 1, 0, 0, 0, 0])).is_ok());
        assert!(SourceDescription::parse(raw(&[0, 0, 0, 1, 1, 2, b'a', b'b'])).is_err());
        assert!(SourceDescription::parse(raw(&[0, 0, 0, 1, 1, 9, b'a', 0])).is_err());
    }
}
