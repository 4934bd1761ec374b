//! Full intra request (RFC 5104 §4.3.1).

use super::compound::write_packet;
use super::packet::{Feedback, PSFB_FIR};
use super::{Item, List, PacketType, ParseError};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// A stream that is to begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirEntry {
    /// The stream.
    pub ssrc: u32,
    /// Counts commands; one with the number of the last is a repetition.
    pub sequence_number: u8,
}

impl Item for FirEntry {
    const LEN: usize = 8;

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        Some(Self { ssrc: r.u32().ok()?, sequence_number: r.u8().ok()? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.put_u32(self.ssrc);
        out.put(&[self.sequence_number, 0, 0, 0]);
    }
}

/// FIR: a decoder refresh point is wanted, whatever was lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fir<'a> {
    /// Who asks.
    pub sender: u32,
    /// At least one.
    pub entries: List<'a, FirEntry>,
}

impl<'a> Fir<'a> {
    /// RFC 5104 §4.3.1.2: the media source in the header is not used.
    pub(super) fn parse(feedback: Feedback<'a>) -> Result<Self, ParseError> {
        let entries = List::read(feedback.fci).filter(|entries| !entries.is_empty());
        Ok(Self { sender: feedback.sender, entries: entries.ok_or(ParseError::Malformed)? })
    }

    /// Appends the packet. `None`, and nothing is written, if it is too long.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write_packet(out, PacketType::PSFB, PSFB_FIR, |out| {
            out.put_u32(self.sender);
            out.put_u32(0);
            self.entries.write(out);
        })
    }
}
