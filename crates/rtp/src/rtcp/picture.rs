//! Pictures and parts of them that are lost (RFC 4585 §6.3).

use super::compound::write_packet;
use super::packet::{Feedback, PSFB_PLI, PSFB_RPSI, PSFB_SLI};
use super::{Item, List, PacketType, ParseError};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// PLI: pictures were lost; a new beginning is wanted (RFC 4585 §6.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pli {
    /// Who asks.
    pub sender: u32,
    /// The stream.
    pub media: u32,
}

impl Pli {
    /// Appends the packet.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write_packet(out, PacketType::PSFB, PSFB_PLI, |out| {
            out.put_u32(self.sender);
            out.put_u32(self.media);
        })
    }
}

/// Macroblocks of a picture that were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliEntry {
    /// The first, 13 bits, counted from the top left.
    pub first: u16,
    /// How many, 13 bits.
    pub number: u16,
    /// The picture, the low 6 bits of its codec's number.
    pub picture: u8,
}

impl Item for SliEntry {
    const LEN: usize = 4;

    fn read(bytes: &[u8]) -> Option<Self> {
        let word = Reader::new(bytes).u32().ok()?;
        let (first, number) = ((word >> 19) as u16, (word >> 6 & 0x1fff) as u16);
        Some(Self { first, number, picture: (word & 0x3f) as u8 })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (first, number) = (u32::from(self.first & 0x1fff), u32::from(self.number & 0x1fff));
        out.put_u32(first << 19 | number << 6 | u32::from(self.picture & 0x3f));
    }
}

/// SLI: parts of a picture were lost (RFC 4585 §6.3.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sli<'a> {
    /// Who says it.
    pub sender: u32,
    /// The stream.
    pub media: u32,
    /// At least one.
    pub entries: List<'a, SliEntry>,
}

impl<'a> Sli<'a> {
    pub(super) fn parse(feedback: Feedback<'a>) -> Result<Self, ParseError> {
        let entries = List::read(feedback.fci).filter(|entries| !entries.is_empty());
        let entries = entries.ok_or(ParseError::Malformed)?;
        Ok(Self { sender: feedback.sender, media: feedback.media, entries })
    }

    /// Appends the packet. `None`, and nothing is written, if it is too long.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write_packet(out, PacketType::PSFB, PSFB_SLI, |out| {
            out.put_u32(self.sender);
            out.put_u32(self.media);
            self.entries.write(out);
        })
    }
}

/// RPSI: a picture that the decoder has, to predict from (RFC 4585 §6.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rpsi<'a> {
    /// Who says it.
    pub sender: u32,
    /// The stream.
    pub media: u32,
    /// Of the codec that defines the bits.
    pub payload_type: u8,
    /// The codec's bits, in whole bytes; up to 7 bits of padding may be in the last one.
    pub bits: &'a [u8],
    /// Bits at the end that do not count.
    pub padding_bits: u8,
}

impl<'a> Rpsi<'a> {
    pub(super) fn parse(feedback: Feedback<'a>) -> Result<Self, ParseError> {
        let mut r = Reader::new(feedback.fci);
        let [padding, payload_type] = r.array()?;
        let bits = r.rest();
        let len = bits.len().checked_sub(usize::from(padding) / 8).ok_or(ParseError::Malformed)?;
        if len == 0 && padding % 8 > 0 {
            return Err(ParseError::Malformed);
        }
        Ok(Self {
            sender: feedback.sender,
            media: feedback.media,
            payload_type: payload_type & 0x7f,
            bits: bits.get(..len).unwrap_or_default(),
            padding_bits: padding % 8,
        })
    }

    /// Appends the packet. `None`, and nothing is written, if it is too long.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let padding = (self.bits.len() + 2).next_multiple_of(4) - self.bits.len() - 2;
        write_packet(out, PacketType::PSFB, PSFB_RPSI, |out| {
            out.put_u32(self.sender);
            out.put_u32(self.media);
            out.put(&[padding as u8 * 8 + self.padding_bits % 8, self.payload_type & 0x7f]);
            out.put(self.bits);
        })
    }
}
