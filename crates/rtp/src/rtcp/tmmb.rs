//! Temporary maximum media stream bit rate, requested and notified (RFC 5104 §4.2.1, §4.2.2).

use super::compound::write_packet;
use super::packet::{Feedback, RTPFB_TMMBN, RTPFB_TMMBR};
use super::{Item, List, PacketType, ParseError};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// A bound on a stream's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TmmbrEntry {
    /// The stream, or in a notification the owner of the bound.
    pub ssrc: u32,
    /// Bits per second; written with 17 significant bits, rounded down.
    pub bit_rate: u64,
    /// Bytes of header that the bound counts for each packet, 9 bits.
    pub overhead: u16,
}

impl Item for TmmbrEntry {
    const LEN: usize = 8;

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        let (ssrc, word) = (r.u32().ok()?, r.u32().ok()?);
        let (exponent, mantissa) = (word >> 26, u64::from(word >> 9 & 0x1_ffff));
        Some(Self { ssrc, bit_rate: saturating_shl(mantissa, exponent, 17), overhead: (word & 0x1ff) as u16 })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (exponent, mantissa) = exponent(self.bit_rate, 17);
        out.put_u32(self.ssrc);
        out.put_u32(exponent << 26 | (mantissa as u32) << 9 | u32::from(self.overhead & 0x1ff));
    }
}

/// `mantissa << exponent`, at most what 64 bits can hold of a mantissa of `bits` bits.
pub(super) const fn saturating_shl(mantissa: u64, exponent: u32, bits: u32) -> u64 {
    if mantissa == 0 {
        0
    } else if mantissa.leading_zeros() < exponent {
        !(u64::MAX >> bits)
    } else {
        mantissa << exponent
    }
}

/// The exponent and the mantissa of at most `bits` bits that are nearest below `value`.
pub(super) const fn exponent(value: u64, bits: u32) -> (u32, u64) {
    let exponent = (64 - value.leading_zeros()).saturating_sub(bits);
    (exponent, value >> exponent)
}

/// TMMBR: bounds that the receiver asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tmmbr<'a> {
    /// Who asks.
    pub sender: u32,
    /// At least one.
    pub entries: List<'a, TmmbrEntry>,
}

/// TMMBN: bounds that the sender obeys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tmmbn<'a> {
    /// Who says it.
    pub sender: u32,
    /// Possibly none.
    pub entries: List<'a, TmmbrEntry>,
}

impl<'a> Tmmbr<'a> {
    pub(super) fn parse(feedback: Feedback<'a>) -> Result<Self, ParseError> {
        let entries = List::read(feedback.fci).filter(|entries| !entries.is_empty());
        Ok(Self { sender: feedback.sender, entries: entries.ok_or(ParseError::Malformed)? })
    }

    /// Appends the packet. `None`, and nothing is written, if it is too long.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write(out, RTPFB_TMMBR, self.sender, self.entries)
    }
}

impl<'a> Tmmbn<'a> {
    pub(super) fn parse(feedback: Feedback<'a>) -> Result<Self, ParseError> {
        let entries = List::read(feedback.fci).ok_or(ParseError::Malformed)?;
        Ok(Self { sender: feedback.sender, entries })
    }

    /// Appends the packet. `None`, and nothing is written, if it is too long.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write(out, RTPFB_TMMBN, self.sender, self.entries)
    }
}

/// RFC 5104 §4.2.1.2: the media source in the header is 0.
fn write(out: &mut Vec<u8>, format: u8, sender: u32, entries: List<'_, TmmbrEntry>) -> Option<()> {
    write_packet(out, PacketType::RTPFB, format, |out| {
        out.put_u32(sender);
        out.put_u32(0);
        entries.write(out);
    })
}
