//! The record header of DTLS 1.2 (RFC 6347 §4.1), which records in clear bear in DTLS 1.3 as well.

use siskin_base::wire::{Reader, Truncated};

siskin_base::code_points! {
    /// What is in a record.
    pub struct ContentType(u8) {
        CHANGE_CIPHER_SPEC = 20,
        ALERT = 21,
        HANDSHAKE = 22,
        APPLICATION_DATA = 23,
        TLS12_CID = 25,
        ACK = 26,
    }
}

siskin_base::code_points! {
    /// A protocol version. Newer versions have smaller numbers.
    pub struct ProtocolVersion(u16) {
        DTLS1_0 = 0xfeff,
        DTLS1_2 = 0xfefd,
        DTLS1_3 = 0xfefc,
    }
}

/// What stands before a record's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// What is in it.
    pub content_type: ContentType,
    /// The version of the record layer.
    pub version: ProtocolVersion,
    /// Which keys.
    pub epoch: u16,
    /// The record's number in its epoch, 48 bits.
    pub sequence: u64,
    /// Bytes that follow.
    pub length: u16,
}

impl RecordHeader {
    /// Bytes of a header.
    pub const LEN: usize = 13;

    /// Reads one, of a record without connection ID.
    pub fn parse(r: &mut Reader<'_>) -> Result<Self, Truncated> {
        Self::parse_with_cid(r, &[])
    }

    /// Reads one; a record of type [`ContentType::TLS12_CID`] must bear `own_cid` (RFC 9146 §4).
    #[inline]
    pub(crate) fn parse_with_cid(r: &mut Reader<'_>, own_cid: &[u8]) -> Result<Self, Truncated> {
        // In two words, not field by field: it is half of what reading a header takes.
        let [kind, v0, v1, number @ ..] = r.array::<11>()?;
        let (content_type, version) = (ContentType(kind), ProtocolVersion(u16::from_be_bytes([v0, v1])));
        let number = u64::from_be_bytes(number);
        let (epoch, sequence) = ((number >> 48) as u16, number & ((1 << 48) - 1));
        if content_type == ContentType::TLS12_CID && r.take(own_cid.len())? != own_cid {
            return Err(Truncated);
        }
        Ok(Self { content_type, version, epoch, sequence, length: r.u16()? })
    }

    /// Its bytes.
    #[inline]
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let [v0, v1] = self.version.0.to_be_bytes();
        let [e0, e1, s0, s1, s2, s3, s4, s5] = self.number().to_be_bytes();
        let [l0, l1] = self.length.to_be_bytes();
        [self.content_type.0, v0, v1, e0, e1, s0, s1, s2, s3, s4, s5, l0, l1]
    }

    /// Epoch and sequence number in one, as they are authenticated.
    pub(crate) const fn number(self) -> u64 {
        (self.epoch as u64) << 48 | self.sequence
    }
}
