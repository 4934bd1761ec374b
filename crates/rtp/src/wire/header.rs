//! Writing an RTP header (RFC 3550 §5.1).

use crate::extension::ExtensionWriter;
use alloc::vec::Vec;
use siskin_base::wire::Writer as _;

/// What stands in an RTP header that is to be written; lengths and flags follow from it.
///
/// ```
/// # use siskin_rtp::wire::Header;
/// # use siskin_base::RtpHeader;
/// let mut out = Vec::new();
/// Header { payload_type: 111, sequence_number: 7, ssrc: 0xcafe, ..Header::default() }.write(&mut out, |_| {});
/// assert_eq!(RtpHeader::parse(&out)?.sequence_number, 7);
/// # Ok::<(), siskin_base::RtpHeaderError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Header<'a> {
    /// The M bit.
    pub marker: bool,
    /// Seven bits; the eighth is dropped.
    pub payload_type: u8,
    /// Counts packets, and wraps.
    pub sequence_number: u16,
    /// When the first byte was sampled, in the payload format's clock.
    pub timestamp: u32,
    /// The stream.
    pub ssrc: u32,
    /// Contributing sources; only the first 15 are written.
    pub csrcs: &'a [u32],
}

impl Header<'_> {
    /// Appends the header, with what `extensions` writes as its extension, if anything.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>, extensions: impl FnOnce(&mut ExtensionWriter<'_>)) {
        let start = out.len();
        let csrcs = self.csrcs.get(..15).unwrap_or(self.csrcs);
        let second = u8::from(self.marker) << 7 | self.payload_type & 0x7f;
        let [a, b] = self.sequence_number.to_be_bytes();
        out.put(&[0x80 | csrcs.len() as u8, second, a, b]);
        out.put_u32(self.timestamp);
        out.put_u32(self.ssrc);
        csrcs.iter().for_each(|csrc| out.put_u32(*csrc));
        let mut writer = ExtensionWriter::new(out);
        extensions(&mut writer);
        if writer.finish() {
            set_bit(out, start, 0x10);
        }
    }
}

/// Appends `len` bytes of padding (1 to 255) to the packet that begins at `start`, and says so in its header; does nothing
/// for 0.
pub fn pad(out: &mut Vec<u8>, start: usize, len: u8) {
    if len > 0 {
        out.resize(out.len() + usize::from(len) - 1, 0);
        out.push(len);
        set_bit(out, start, 0x20);
    }
}

/// Sets the marker of the packet that begins at `start`, whose header is already written.
pub fn mark(out: &mut [u8], start: usize) {
    set_bit(out, start + 1, 0x80);
}

fn set_bit(out: &mut [u8], at: usize, bit: u8) {
    if let Some(first) = out.get_mut(at) {
        *first |= bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use siskin_base::RtpHeader;

    #[test]
    fn is_read_as_written() {
        let mut out = Vec::from(*b"before");
        let header = Header {
            marker: true,
            payload_type: 127,
            sequence_number: 0xfffe,
            timestamp: 0x8000_0001,
            ssrc: 0xdead_beef,
            csrcs: &[1, 2],
        };
        header.write(&mut out, |extensions| assert!(extensions.element(3, b"abc")));
        out.extend_from_slice(b"payload");
        pad(&mut out, 6, 3);
        let packet = &out[6..];
        let read = RtpHeader::parse(packet).unwrap();
        assert!(read.marker && read.padding);
        assert_eq!((read.payload_type, read.sequence_number), (127, 0xfffe));
        assert_eq!((read.timestamp, read.ssrc), (0x8000_0001, 0xdead_beef));
        assert_eq!(read.csrcs().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(read.extension.unwrap().data, [0x32, b'a', b'b', b'c']);
        assert_eq!(read.payload(packet), Ok(&b"payload"[..]));
    }
}
