//! Where a record ends, and what its header tells before any key is used.

use super::header::{ContentType, RecordHeader};
use siskin_base::wire::Reader;

/// A record at the start of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) header: Header,
    pub(crate) header_len: usize,
    pub(crate) body_len: usize,
}

/// Which of both headers it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// In DTLS 1.2 every record's, in DTLS 1.3 that of those in clear (RFC 6347 §4.1, RFC 9147 §4).
    Plain(RecordHeader),
    /// That of encrypted records in DTLS 1.3 (RFC 9147 §4). The sequence number is still encrypted.
    Unified {
        /// The low two bits of the epoch.
        epoch_bits: u8,
        /// Where the sequence number is.
        number_at: usize,
        /// One byte or two.
        number_len: usize,
    },
}

impl Frame {
    /// Finds the record that `bytes` start with; `own_cid` is what the peer must put into encrypted ones.
    ///
    /// `None`: no record of ours, and nothing can be told of what follows.
    pub(crate) fn parse(bytes: &[u8], own_cid: &[u8]) -> Option<Self> {
        let frame = if Self::is_unified(bytes) {
            Self::parse_unified(bytes, own_cid)?
        } else {
            Self::parse_plain(bytes, own_cid)?
        };
        let max = if matches!(frame.header, Header::Plain(_)) { MAX_BODY } else { MAX_UNIFIED };
        (frame.len() <= bytes.len() && frame.body_len <= max).then_some(frame)
    }

    /// Whether `record` is an encrypted one of DTLS 1.3.
    pub(crate) fn is_unified(record: &[u8]) -> bool {
        record.first().is_some_and(|first| first >> 5 == UNIFIED)
    }

    fn parse_plain(bytes: &[u8], own_cid: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        let header = RecordHeader::parse_with_cid(&mut r, own_cid).ok()?;
        let known = (ContentType::CHANGE_CIPHER_SPEC..=ContentType::APPLICATION_DATA)
            .contains(&header.content_type)
            || header.content_type == ContentType::ACK
            || header.content_type == ContentType::TLS12_CID && !own_cid.is_empty();
        // RFC 9147 §4: any version at all: not done, because a record in clear may be of DTLS 1.2 as well, in which it counts, and
        // every DTLS begins with 0xfe.
        // RFC 6347 §4.1: no version but the negotiated one: not done, because hellos come as DTLS 1.0, too, what is in clear
        // proves nothing, and encrypted records authenticate their version.
        if !known || header.version.0 >> 8 != 0xfe {
            return None;
        }
        let header_len = bytes.len() - r.len();
        Some(Self { header: Header::Plain(header), header_len, body_len: header.length.into() })
    }

    fn parse_unified(bytes: &[u8], own_cid: &[u8]) -> Option<Self> {
        let mut r = Reader::new(bytes);
        let flags = r.u8().ok()?;
        // RFC 9147 §9: a connection ID that was not agreed on, or none where one was.
        let agreed = (flags & CID_BIT == 0) == own_cid.is_empty();
        // Only if there is one: a comparison of nothing with nothing may take longer than all the rest, when the C library
        // reads from the address that an empty vector has, 1, with a mask that lets nothing through.
        if !agreed || !own_cid.is_empty() && r.take(own_cid.len()).ok()? != own_cid {
            return None;
        }
        let number_at = 1 + own_cid.len();
        let number_len = if flags & WIDE_BIT == 0 { 1 } else { 2 };
        r.take(number_len).ok()?;
        let body_len = if flags & LENGTH_BIT == 0 { r.len() } else { r.u16().ok()?.into() };
        let header_len = number_at + number_len + if flags & LENGTH_BIT == 0 { 0 } else { 2 };
        let header = Header::Unified { epoch_bits: flags & EPOCH_BITS, number_at, number_len };
        Some(Self { header, header_len, body_len })
    }

    /// Bytes of the whole record.
    pub(crate) const fn len(&self) -> usize {
        self.header_len + self.body_len
    }
}

/// The first three bits of a unified header.
pub(super) const UNIFIED: u8 = 0b001;
pub(super) const CID_BIT: u8 = 0x10;
pub(super) const WIDE_BIT: u8 = 0x08;
pub(super) const LENGTH_BIT: u8 = 0x04;
pub(super) const EPOCH_BITS: u8 = 0x03;
/// A header with a sequence number of two bytes and a length.
pub(super) const FLAGS: u8 = UNIFIED << 5 | WIDE_BIT | LENGTH_BIT;
/// RFC 8446 §5.2.
const MAX_UNIFIED: usize = (1 << 14) + 256;
/// The largest plaintext and the largest expansion of DTLS 1.2 (RFC 5246 §6.2.3).
const MAX_BODY: usize = (1 << 14) + 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8446_5_2_a_record_expands_by_256_bytes_at_most() {
        let mut record = alloc::vec![0; 5 + MAX_UNIFIED + 1];
        for (length, found) in [(MAX_UNIFIED, true), (MAX_UNIFIED + 1, false)] {
            record[..5].copy_from_slice(&[0x2f, 0, 0, (length >> 8) as u8, length as u8]);
            assert_eq!(Frame::parse(&record, &[]).is_some(), found);
        }
        record[0] = 0x2b;
        assert_eq!(
            Frame::parse(&record[..3 + MAX_UNIFIED], &[]).map(|frame| frame.body_len),
            Some(MAX_UNIFIED)
        );
        assert_eq!(Frame::parse(&record[..4 + MAX_UNIFIED], &[]), None);
    }
}
