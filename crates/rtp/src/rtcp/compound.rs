//! A datagram of RTCP packets (RFC 3550 §6.1, appendix A.2; RFC 5506 for reduced size).

use super::ParseError;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

siskin_base::code_points! {
    /// What a packet is (RFC 3550 §12.1 and its registry).
    pub struct PacketType(u8) {
        SR = 200, RR = 201, SDES = 202, BYE = 203, APP = 204, RTPFB = 205, PSFB = 206, XR = 207,
    }
}

/// P, in a packet's first byte.
const PADDING: u8 = 0x20;

/// A datagram whose packets' headers and lengths add up. It may be compound or of reduced size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compound<'a> {
    bytes: &'a [u8],
}

/// One packet of a datagram, its body not yet looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    /// What it is.
    pub packet_type: PacketType,
    /// Five bits: a number of things, a subtype or a format.
    pub count: u8,
    /// What stands behind the header, without padding.
    pub body: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Reads a datagram: at least one packet, all of version 2, and padding only at the end of the last one.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, ParseError> {
        let mut rest = Reader::new(datagram);
        loop {
            let (_, padded) = Raw::read(&mut rest)?;
            if rest.is_empty() {
                return Ok(Self { bytes: datagram });
            }
            if padded {
                return Err(ParseError::Padding);
            }
        }
    }

    /// Whether it begins with a report, as one that is not of reduced size must (RFC 3550 §6.1).
    pub fn begins_with_report(&self) -> bool {
        let first = self.packets().next().map(|packet| packet.packet_type);
        matches!(first, Some(PacketType::SR | PacketType::RR))
    }

    /// Its packets, at least one.
    pub const fn packets(&self) -> Packets<'a> {
        Packets { rest: Reader::new(self.bytes) }
    }
}

/// The packets of a datagram, in order.
#[derive(Clone, Debug)]
pub struct Packets<'a> {
    rest: Reader<'a>,
}

impl<'a> Iterator for Packets<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        Raw::read(&mut self.rest).ok().map(|(raw, _)| raw)
    }
}

impl<'a> Raw<'a> {
    /// Reads one packet, and whether it was padded.
    fn read(r: &mut Reader<'a>) -> Result<(Self, bool), ParseError> {
        let [first, packet_type] = r.array()?;
        if first >> 6 != 2 {
            return Err(ParseError::Version);
        }
        let words = r.u16()?;
        let mut body = r.take(usize::from(words) * 4)?;
        let padded = first & PADDING != 0;
        if padded {
            let count = usize::from(*body.last().ok_or(ParseError::Padding)?);
            // RFC 3550 §6.4.1: a count that is a multiple of four: not done, because browsers fill up transport-wide feedback
            // with one to three bytes.
            if count == 0 {
                return Err(ParseError::Padding);
            }
            let len = body.len().checked_sub(count).ok_or(ParseError::Padding)?;
            body = body.get(..len).unwrap_or_default();
        }
        Ok((Self { packet_type: PacketType(packet_type), count: first & 0x1f, body }, padded))
    }

    /// Appends the packet, padded where its body does not end with a word. `None`, and nothing is written, if it is longer
    /// than 65,535 words.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        write_padded(out, self.packet_type, self.count, |out| out.put(self.body))
    }
}

/// Appends a packet's header and what `body` writes, filled up to a multiple of four bytes. `None`, and nothing is
/// written, if that is longer than 65,535 words.
pub(super) fn write_packet(
    out: &mut Vec<u8>,
    packet_type: PacketType,
    count: u8,
    body: impl FnOnce(&mut Vec<u8>),
) -> Option<()> {
    let start = out.len();
    out.put(&[0x80 | count & 0x1f, packet_type.0, 0, 0]);
    body(out);
    let len = out.len() - start - 4;
    let Ok(words) = u16::try_from(len.div_ceil(4)) else {
        out.truncate(start);
        return None;
    };
    out.resize(start + 4 + usize::from(words) * 4, 0);
    out.get_mut(start + 2..start + 4)?.copy_from_slice(&words.to_be_bytes());
    Some(())
}

/// The same, but filled up with padding that the header tells of, as browsers do: what reads it sees where the body ends.
pub(super) fn write_padded(
    out: &mut Vec<u8>,
    packet_type: PacketType,
    count: u8,
    body: impl FnOnce(&mut Vec<u8>),
) -> Option<()> {
    let start = out.len();
    let mut padding = 0;
    write_packet(out, packet_type, count, |out| {
        body(out);
        let len = out.len() - start;
        padding = len.next_multiple_of(4) - len;
        if padding > 0 {
            out.resize(out.len() + padding - 1, 0);
            out.push(padding as u8);
        }
    })?;
    if padding > 0 {
        *out.get_mut(start)? |= PADDING;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(datagram: &[u8]) -> Result<Vec<(u8, u8, usize)>, ParseError> {
        let packets = Compound::parse(datagram)?.packets();
        Ok(packets.map(|raw| (raw.packet_type.0, raw.count, raw.body.len())).collect())
    }

    #[test]
    fn rfc3550_a_2_lengths_add_up() {
        let datagram = [0x80, 201, 0, 1, 1, 2, 3, 4, 0x81, 203, 0, 1, 1, 2, 3, 4];
        assert_eq!(types(&datagram), Ok(Vec::from([(201, 0, 4), (203, 1, 4)])));
        assert!(Compound::parse(&datagram).unwrap().begins_with_report());
        assert!(!Compound::parse(&datagram[8..]).unwrap().begins_with_report());
        for end in [0, 1, 4, 7, 9, 12, 15] {
            assert_eq!(types(&datagram[..end]), Err(ParseError::Truncated), "{end}");
        }
        assert_eq!(types(&[0x40, 201, 0, 0]), Err(ParseError::Version));
    }

    #[test]
    fn rfc3550_6_4_1_padding_only_at_the_end() {
        let datagram = [0xa0, 201, 0, 2, 1, 2, 3, 4, 0, 0, 0, 4];
        assert_eq!(types(&datagram), Ok(Vec::from([(201, 0, 4)])));
        let twice = [datagram, datagram].concat();
        assert_eq!(types(&twice), Err(ParseError::Padding));
        for count in [0, 9, 255] {
            let mut wrong = datagram;
            wrong[11] = count;
            assert_eq!(types(&wrong), Err(ParseError::Padding), "{count}");
        }
        assert_eq!(types(&[0xa0, 201, 0, 0]), Err(ParseError::Padding));
    }

    /// Found by the fuzz target `rtp_rtcp_compound`: the bytes behind the body were taken for more of it.
    #[test]
    fn a_body_that_does_not_end_with_a_word_reads_the_same_when_written() {
        for body in [&[1u8, 2, 3, 4][..], &[1, 2, 3], &[1, 2], &[1], &[]] {
            let raw = Raw { packet_type: PacketType::APP, count: 12, body };
            let mut out = Vec::new();
            raw.write(&mut out).unwrap();
            assert_eq!(Compound::parse(&out).unwrap().packets().collect::<Vec<_>>(), [raw]);
        }
    }
}
