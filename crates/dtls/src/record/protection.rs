//! AEAD protection of records in DTLS 1.2 (RFC 5246 §6.2.3.3, RFC 5288 §3, RFC 7905 §2).

use super::header::{ContentType, ProtocolVersion, RecordHeader};
use alloc::boxed::Box;
use core::ops::Range;
use siskin_crypto::{AeadAlgorithm, AeadKey, Error, Nonce, Provider, Tag};
use zeroize::Zeroize;

/// One direction's key.
pub(crate) struct Protection {
    key: Box<dyn AeadKey>,
    /// The implicit part of the nonce: all of it, or the first four bytes.
    iv: Nonce,
    /// Whether the rest of the nonce travels with each record.
    explicit: bool,
}

impl Protection {
    /// `iv` has [`iv_len`](Self::iv_len) bytes.
    pub(crate) fn new(
        provider: &Provider,
        algorithm: AeadAlgorithm,
        key: &[u8],
        iv: &[u8],
    ) -> Result<Self, Error> {
        let mut nonce = [0; 12];
        nonce.iter_mut().zip(iv).for_each(|(to, from)| *to = *from);
        let key = provider.aead(algorithm).key(key)?;
        Ok(Self { key, iv: nonce, explicit: Self::iv_len(algorithm) == 4 })
    }

    pub(crate) const fn iv_len(algorithm: AeadAlgorithm) -> usize {
        if matches!(algorithm, AeadAlgorithm::ChaCha20Poly1305) { 12 } else { 4 }
    }

    /// Bytes of nonce in each record.
    pub(crate) const fn explicit_len(&self) -> usize {
        if self.explicit { EXPLICIT_LEN } else { 0 }
    }

    /// Encrypts in place; the explicit part of the nonce is the record's number.
    pub(crate) fn seal(&self, header: &RecordHeader, payload: &mut [u8]) -> Result<Tag, Error> {
        let aad = additional_data(header, payload.len());
        self.key.seal(&self.nonce(header.number().to_be_bytes()), &aad, payload)
    }

    /// Decrypts in place and says where the plaintext is.
    pub(crate) fn open(&self, header: &RecordHeader, body: &mut [u8]) -> Result<Range<usize>, Error> {
        let (explicit, sealed) = body.split_at_mut_checked(self.explicit_len()).ok_or(Error::NotAuthentic)?;
        let (payload, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::NotAuthentic)?;
        let number =
            <[u8; EXPLICIT_LEN]>::try_from(&*explicit).unwrap_or_else(|_| header.number().to_be_bytes());
        let aad = additional_data(header, payload.len());
        self.key.open(&self.nonce(number), &aad, payload, tag)?;
        let start = self.explicit_len();
        Ok(start..start + payload.len())
    }

    /// RFC 5288 §3: salt, then the explicit part. RFC 7905 §2: the IV, XORed with the padded number.
    fn nonce(&self, number: [u8; 8]) -> Nonce {
        let mut nonce = self.iv;
        nonce.iter_mut().skip(4).zip(number).for_each(|(to, from)| *to ^= from);
        nonce
    }
}

impl Drop for Protection {
    fn drop(&mut self) {
        self.iv.zeroize();
    }
}

fn additional_data(header: &RecordHeader, length: usize) -> [u8; RecordHeader::LEN] {
    // The order of RFC 6347 §4.1.2.1: number, type, version, length of the plaintext.
    let RecordHeader { content_type: ContentType(kind), version: ProtocolVersion(version), .. } = *header;
    let [n0, n1, n2, n3, n4, n5, n6, n7] = header.number().to_be_bytes();
    let [v0, v1] = version.to_be_bytes();
    let [l0, l1] = (length as u16).to_be_bytes();
    [n0, n1, n2, n3, n4, n5, n6, n7, kind, v0, v1, l0, l1]
}

pub(crate) const TAG_LEN: usize = 16;
pub(crate) const EXPLICIT_LEN: usize = 8;
