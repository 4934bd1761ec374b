//! The header of an RTP packet, read where it lies: what SRTP and the RTP layer both need to know of it.

use crate::wire::{Reader, Truncated};
use core::fmt;

/// A view of an RTP header (RFC 3550 §5.1), its extension included.
///
/// [`parse`](Self::parse) reads nothing behind the header, so that it works on protected packets as well; there, the
/// length of the padding is encrypted. [`payload`](Self::payload) reads the padding once the packet is in clear.
///
/// ```
/// # use siskin_base::RtpHeader;
/// let packet = [0x80, 0xe0, 0x12, 0x34, 0, 0, 0, 1, 0xca, 0xfe, 0xba, 0xbe, b'h', b'i'];
/// let header = RtpHeader::parse(&packet)?;
/// assert_eq!((header.marker, header.payload_type, header.sequence_number), (true, 96, 0x1234));
/// assert_eq!(header.payload(&packet)?, b"hi");
/// # Ok::<(), siskin_base::RtpHeaderError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpHeader<'a> {
    /// The P bit: the packet ends with padding.
    pub padding: bool,
    /// The M bit; what it means is the payload format's affair.
    pub marker: bool,
    /// Seven bits.
    pub payload_type: u8,
    /// Counts packets, and wraps.
    pub sequence_number: u16,
    /// When the first byte was sampled, in units of the payload format's clock; wraps.
    pub timestamp: u32,
    /// The stream.
    pub ssrc: u32,
    /// The contributing sources, four bytes each; [`csrcs`](Self::csrcs) has them as numbers.
    pub csrc_bytes: &'a [u8],
    /// The header extension, if the X bit is set.
    pub extension: Option<RtpExtension<'a>>,
    /// Where the payload begins: bytes of header, contributing sources and extension.
    pub payload_offset: usize,
}

/// The header extension (RFC 3550 §5.3.1); what is in it is for RFC 8285 to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RtpExtension<'a> {
    /// "Defined by profile": 0xBEDE for one-byte and 0x1000 to 0x100F for two-byte extensions (RFC 8285 §4.2, §4.3),
    /// 0xC0DE and 0xC2DE for the same in a packet that cryptex protects (RFC 9335 §4).
    pub profile: u16,
    /// The extension without its four bytes of header: a multiple of four bytes, possibly none.
    pub data: &'a [u8],
}

impl<'a> RtpHeader<'a> {
    /// Bytes of header without contributing sources and extension.
    pub const FIXED_LEN: usize = 12;

    /// Reads the header of `packet`. Everything that it announces lies within the packet.
    #[inline]
    pub fn parse(packet: &'a [u8]) -> Result<Self, RtpHeaderError> {
        let mut r = Reader::new(packet);
        let [first, second] = r.array()?;
        if first >> 6 != 2 {
            return Err(RtpHeaderError::Version);
        }
        let (sequence_number, timestamp, ssrc) = (r.u16()?, r.u32()?, r.u32()?);
        let csrc_bytes = r.take(usize::from(first & 0x0f) * 4)?;
        let extension = if first & 0x10 == 0 {
            None
        } else {
            let (profile, words) = (r.u16()?, r.u16()?);
            Some(RtpExtension { profile, data: r.take(usize::from(words) * 4)? })
        };
        Ok(Self {
            padding: first & 0x20 != 0,
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence_number,
            timestamp,
            ssrc,
            csrc_bytes,
            extension,
            payload_offset: packet.len() - r.len(),
        })
    }

    /// The contributing sources, at most fifteen.
    pub fn csrcs(&self) -> impl ExactSizeIterator<Item = u32> + Clone + use<'a> {
        // `parse` took a multiple of four bytes.
        self.csrc_bytes.as_chunks().0.iter().map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// Bytes of padding at the end of `packet`, the one that this header was read from; 0 without the P bit.
    ///
    /// [`RtpHeaderError::Padding`] if the last byte counts itself not at all, or more than is there.
    pub fn padding_len(&self, packet: &[u8]) -> Result<usize, RtpHeaderError> {
        if !self.padding {
            return Ok(0);
        }
        let behind =
            packet.get(self.payload_offset..).and_then(|behind| Some((behind.len(), behind.last()?)));
        let (available, count) = behind.ok_or(RtpHeaderError::Padding)?;
        let count = usize::from(*count);
        if count == 0 || count > available { Err(RtpHeaderError::Padding) } else { Ok(count) }
    }

    /// The payload of `packet`, the one that this header was read from, without its padding.
    pub fn payload<'p>(&self, packet: &'p [u8]) -> Result<&'p [u8], RtpHeaderError> {
        let end = packet.len() - self.padding_len(packet)?;
        packet.get(self.payload_offset..end).ok_or(RtpHeaderError::Truncated)
    }
}

/// Why bytes are not an RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RtpHeaderError {
    /// Shorter than the header says.
    Truncated,
    /// Not version 2.
    Version,
    /// The length of the padding is 0 or more than is there (RFC 3550 §5.1, A.1).
    Padding,
}

impl From<Truncated> for RtpHeaderError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

impl fmt::Display for RtpHeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the RTP packet is shorter than its header says",
            Self::Version => "not RTP version 2",
            Self::Padding => "the RTP padding has an impossible length",
        })
    }
}

impl core::error::Error for RtpHeaderError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Two contributing sources, one word of one-byte extensions, three bytes of payload and two of padding.
    const PACKET: [u8; 33] = [
        0xb2, 0x60, 0xff, 0xff, 0x80, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff,
        0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0, b'a', b'b', b'c', 0, 2,
    ];

    #[test]
    fn rfc3550_5_1_every_field() {
        let header = RtpHeader::parse(&PACKET).unwrap();
        assert!(header.padding && !header.marker);
        assert_eq!((header.payload_type, header.sequence_number), (96, 0xffff));
        assert_eq!((header.timestamp, header.ssrc), (0x8000_0001, 0xdead_beef));
        assert_eq!(header.csrcs().collect::<Vec<_>>(), [1, u32::MAX]);
        let extension = RtpExtension { profile: 0xbede, data: &[0x10, 0xaa, 0, 0] };
        assert_eq!((header.extension, header.payload_offset), (Some(extension), 28));
        assert_eq!((header.padding_len(&PACKET), header.payload(&PACKET)), (Ok(2), Ok(&b"abc"[..])));
    }

    #[test]
    fn a_header_that_is_cut_is_not_one() {
        for end in 0..28 {
            assert_eq!(RtpHeader::parse(&PACKET[..end]), Err(RtpHeaderError::Truncated), "{end}");
        }
        for end in 28..PACKET.len() {
            assert_eq!(RtpHeader::parse(&PACKET[..end]).unwrap().payload_offset, 28);
        }
        assert_eq!(RtpHeader::parse(&[0x40; 40]), Err(RtpHeaderError::Version));
    }

    #[test]
    fn rfc3550_a_1_padding_within_the_packet() {
        let mut packet = PACKET;
        for (count, expected) in [(0, None), (1, Some(4)), (5, Some(0)), (6, None), (255, None)] {
            packet[32] = count;
            let header = RtpHeader::parse(&packet).unwrap();
            let expected = expected.ok_or(RtpHeaderError::Padding);
            assert_eq!(header.payload(&packet).map(<[u8]>::len), expected, "{count}");
        }
        let bare = RtpHeader::parse(&packet[..28]).unwrap();
        assert_eq!(bare.payload(&packet[..28]), Err(RtpHeaderError::Padding));
    }
}
