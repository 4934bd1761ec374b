//! Receiver estimated maximum bit rate (draft-alvestrand-rmcat-remb).

use super::compound::write_packet;
use super::packet::{Feedback, PSFB_APPLICATION};
use super::tmmb::{exponent, saturating_shl};
use super::{List, PacketType, ParseError};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

const NAME: [u8; 4] = *b"REMB";

/// What the receiver believes the path can carry, over all the streams that it names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Remb<'a> {
    /// Who believes it.
    pub sender: u32,
    /// Bits per second; written with 18 significant bits, rounded down.
    pub bit_rate: u64,
    /// The streams, at most 255.
    pub streams: List<'a, u32>,
}

impl<'a> Remb<'a> {
    /// `None` if it is another application's feedback.
    pub(super) fn parse(feedback: Feedback<'a>) -> Option<Result<Self, ParseError>> {
        let mut r = Reader::new(feedback.fci);
        if r.array() != Ok(NAME) {
            return None;
        }
        let mut rest = || {
            let (count, word) = (r.u8()?, r.u24()?);
            let streams = List::read(r.rest()).ok_or(ParseError::Malformed)?;
            if streams.len() != usize::from(count) {
                return Err(ParseError::Malformed);
            }
            let bit_rate = saturating_shl(u64::from(word & 0x3_ffff), word >> 18, 18);
            Ok(Self { sender: feedback.sender, bit_rate, streams })
        };
        Some(rest())
    }

    /// Appends the packet. `None`, and nothing is written, with more than 255 streams.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let count = u8::try_from(self.streams.len()).ok()?;
        let (exponent, mantissa) = exponent(self.bit_rate, 18);
        write_packet(out, PacketType::PSFB, PSFB_APPLICATION, |out| {
            out.put_u32(self.sender);
            out.put_u32(0);
            out.put(&NAME);
            out.put_u8(count);
            out.put_u24(exponent << 18 | mantissa as u32);
            self.streams.write(out);
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Compound, Packet};
    use super::*;

    /// Found by the fuzz target `rtp_rtcp_compound`: what is more than 64 bits hold became a number that REMB cannot say.
    #[test]
    fn a_rate_beyond_64_bits_reads_the_same_when_written() {
        let mut out = Vec::new();
        Remb { sender: 1, bit_rate: 1 << 62, streams: List::new(&[7]) }.write(&mut out).unwrap();
        // The greatest exponent.
        if let Some(byte) = out.get_mut(17) {
            *byte |= 0xfc;
        }
        let read =
            |bytes: &[u8]| match Packet::parse(Compound::parse(bytes).unwrap().packets().next().unwrap()) {
                Ok(Packet::Remb(remb)) => remb.bit_rate,
                other => panic!("{other:?}"),
            };
        let rate = read(&out);
        assert_eq!(rate, !(u64::MAX >> 18));
        out.clear();
        Remb { sender: 1, bit_rate: rate, streams: List::new(&[7]) }.write(&mut out).unwrap();
        assert_eq!(read(&out), rate);
    }
}
