//! What protection has to know of an RTP packet, and where cryptex puts things.

use crate::Cryptex;
use siskin_base::{RtpHeader, RtpHeaderError};

/// The outline of an RTP packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) ssrc: u32,
    pub(crate) sequence_number: u16,
    /// Bytes of contributing sources.
    pub(crate) csrcs: usize,
    /// "Defined by profile" of the header extension, if there is one.
    pub(crate) profile: Option<u16>,
    /// Where the payload begins.
    pub(crate) payload: usize,
}

impl Shape {
    #[inline]
    pub(crate) fn of(packet: &[u8]) -> Result<Self, RtpHeaderError> {
        let header = RtpHeader::parse(packet)?;
        Ok(Self {
            ssrc: header.ssrc,
            sequence_number: header.sequence_number,
            csrcs: header.csrc_bytes.len(),
            profile: header.extension.map(|extension| extension.profile),
            payload: header.payload_offset,
        })
    }

    /// Where the extension's data begin, if there is an extension.
    pub(crate) fn extension_data(&self) -> usize {
        RtpHeader::FIXED_LEN + self.csrcs + 4
    }

    /// RFC 9335 §5.1: what stands in "defined by profile" when this packet is sent with cryptex; `None` if it has nothing
    /// that cryptex would encrypt, or an extension that it must not touch.
    pub(crate) fn cryptex_to_send(&self) -> Option<u16> {
        match self.profile {
            Some(ONE_BYTE) => Some(CRYPTEX_ONE_BYTE),
            Some(profile) if is_two_byte(profile) => Some(CRYPTEX_TWO_BYTE),
            None if self.csrcs > 0 => Some(CRYPTEX_ONE_BYTE),
            _ => None,
        }
    }

    /// RFC 9335 §5.2: what "defined by profile" was before cryptex; `None` if the packet came without it.
    pub(crate) fn cryptex_received(&self, cryptex: Cryptex) -> Option<u16> {
        match self.profile {
            _ if cryptex == Cryptex::Off => None,
            Some(CRYPTEX_ONE_BYTE) => Some(ONE_BYTE),
            Some(CRYPTEX_TWO_BYTE) => Some(TWO_BYTE),
            _ => None,
        }
    }
}

/// RFC 8285 §4.2.
pub(crate) const ONE_BYTE: u16 = 0xbede;
/// RFC 8285 §4.3, with application bits that are 0: cryptex has no place for others.
const TWO_BYTE: u16 = 0x1000;
/// RFC 9335 §5.
const CRYPTEX_ONE_BYTE: u16 = 0xc0de;
const CRYPTEX_TWO_BYTE: u16 = 0xc2de;

/// RFC 8285 §4.3: the last four bits are the application's.
pub(crate) const fn is_two_byte(profile: u16) -> bool {
    profile & 0xfff0 == TWO_BYTE
}

/// RFC 9335 §6.2: brings the extension's header before the contributing sources, so that what is encrypted is in one
/// piece from [`CLEAR`] on.
pub(crate) fn gather(packet: &mut [u8], shape: Shape) {
    if let Some(both) = packet.get_mut(RtpHeader::FIXED_LEN..shape.extension_data()) {
        both.rotate_right(4);
    }
}

/// Undoes [`gather`].
pub(crate) fn scatter(packet: &mut [u8], shape: Shape) {
    if let Some(both) = packet.get_mut(RtpHeader::FIXED_LEN..shape.extension_data()) {
        both.rotate_left(4);
    }
}

/// What cryptex leaves in clear of a gathered packet.
pub(crate) const CLEAR: usize = RtpHeader::FIXED_LEN + 4;

/// Replaces "defined by profile".
pub(crate) fn set_profile(packet: &mut [u8], shape: Shape, profile: u16) {
    let place = packet.get_mut(RtpHeader::FIXED_LEN + shape.csrcs..).and_then(|rest| rest.first_chunk_mut());
    if let Some(place) = place {
        *place = profile.to_be_bytes();
    }
}

/// RFC 9335 §5.1: adds an empty extension to a packet of `len` bytes in `buffer`, which must have room for four more.
pub(crate) fn add_empty_extension(buffer: &mut [u8], len: usize, shape: &mut Shape) {
    let at = shape.payload;
    if buffer.len() < len + 4 || at > len {
        return;
    }
    buffer.copy_within(at..len, at + 4);
    if let Some(place) = buffer.get_mut(at..).and_then(|rest| rest.first_chunk_mut::<4>()) {
        *place = [0xbe, 0xde, 0, 0];
    }
    if let Some(first) = buffer.first_mut() {
        *first |= 0x10;
    }
    shape.profile = Some(ONE_BYTE);
    shape.payload += 4;
}
