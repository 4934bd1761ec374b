//! AEAD protection of records: in DTLS 1.2 (RFC 5246 §6.2.3.3, RFC 5288 §3, RFC 7905 §2), and in DTLS 1.3, where the
//! sequence number is encrypted as well (RFC 9147 §4).

use super::header::{ContentType, ProtocolVersion, RecordHeader};
use alloc::boxed::Box;
use core::ops::Range;
use siskin_crypto::{AeadAlgorithm, AeadKey, Error, MaskKey, Nonce, Provider, Tag};
use zeroize::Zeroize;

/// One direction's key of one epoch.
pub(crate) struct Protection {
    key: Box<dyn AeadKey>,
    /// The implicit part of the nonce: all of it, or the first four bytes.
    iv: Nonce,
    layout: Layout,
    /// How many records may be sealed with this key (RFC 8446 §5.5).
    sealed_limit: u64,
}

enum Layout {
    /// DTLS 1.2, AES-GCM: the rest of the nonce travels with each record.
    Explicit,
    /// DTLS 1.2, ChaCha20-Poly1305.
    Implicit,
    /// DTLS 1.3.
    Unified(Box<dyn MaskKey>),
}

impl Protection {
    /// Keys of DTLS 1.2; `iv` has [`iv_len_v12`](Self::iv_len_v12) bytes.
    pub(crate) fn v12(
        provider: &Provider,
        algorithm: AeadAlgorithm,
        key: &[u8],
        iv: &[u8],
    ) -> Result<Self, Error> {
        let layout = if Self::iv_len_v12(algorithm) == 4 { Layout::Explicit } else { Layout::Implicit };
        // RFC 8446 §5.5: a limit in DTLS 1.2, too: not done, because it has no way to change keys.
        Self::new(provider, algorithm, key, iv, layout, u64::MAX)
    }

    /// Keys of DTLS 1.3; `iv` has 12 bytes, `number_key` as many as `key`.
    pub(crate) fn v13(
        provider: &Provider,
        algorithm: AeadAlgorithm,
        key: &[u8],
        iv: &[u8],
        number_key: &[u8],
    ) -> Result<Self, Error> {
        let layout = Layout::Unified(provider.aead(algorithm).mask_key(number_key)?);
        Self::new(provider, algorithm, key, iv, layout, algorithm.seal_limit())
    }

    fn new(
        provider: &Provider,
        algorithm: AeadAlgorithm,
        key: &[u8],
        iv: &[u8],
        layout: Layout,
        sealed_limit: u64,
    ) -> Result<Self, Error> {
        let mut nonce = [0; 12];
        nonce.iter_mut().zip(iv).for_each(|(to, from)| *to = *from);
        let key = provider.aead(algorithm).key(key)?;
        Ok(Self { key, iv: nonce, layout, sealed_limit })
    }

    pub(crate) const fn iv_len_v12(algorithm: AeadAlgorithm) -> usize {
        if matches!(algorithm, AeadAlgorithm::ChaCha20Poly1305) { 12 } else { 4 }
    }

    pub(super) const fn sealed_limit(&self) -> u64 {
        self.sealed_limit
    }

    /// Whether records bear the header of DTLS 1.3.
    pub(super) const fn is_unified(&self) -> bool {
        matches!(self.layout, Layout::Unified(_))
    }

    /// Bytes of nonce in each record.
    pub(super) const fn explicit_len(&self) -> usize {
        if matches!(self.layout, Layout::Explicit) { EXPLICIT_LEN } else { 0 }
    }

    /// DTLS 1.2: encrypts in place; the explicit part of the nonce is the record's number.
    pub(super) fn seal_v12(
        &self,
        header: &RecordHeader,
        cid: &[u8],
        payload: &mut [u8],
    ) -> Result<Tag, Error> {
        let aad = AdditionalData::new(header, cid, payload.len());
        self.key.seal(&self.nonce(header.number()), aad.as_bytes(), payload)
    }

    /// DTLS 1.2: decrypts in place and says where the plaintext is.
    pub(super) fn open_v12(
        &self,
        header: &RecordHeader,
        cid: &[u8],
        body: &mut [u8],
    ) -> Result<Range<usize>, Error> {
        let (explicit, sealed) = body.split_at_mut_checked(self.explicit_len()).ok_or(Error::NotAuthentic)?;
        let (payload, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::NotAuthentic)?;
        let number =
            <[u8; EXPLICIT_LEN]>::try_from(&*explicit).map_or_else(|_| header.number(), u64::from_be_bytes);
        let aad = AdditionalData::new(header, cid, payload.len());
        self.key.open(&self.nonce(number), aad.as_bytes(), payload, tag)?;
        let start = self.explicit_len();
        Ok(start..start + payload.len())
    }

    /// DTLS 1.3: encrypts in place. `header` is authenticated with its sequence number in clear.
    pub(super) fn seal_v13(&self, sequence: u64, header: &[u8], payload: &mut [u8]) -> Result<Tag, Error> {
        self.key.seal(&self.nonce(sequence), header, payload)
    }

    /// DTLS 1.3: decrypts in place; how many bytes of `body` are plaintext.
    pub(super) fn open_v13(&self, sequence: u64, header: &[u8], body: &mut [u8]) -> Result<usize, Error> {
        let (payload, tag) = body.split_last_chunk_mut::<TAG_LEN>().ok_or(Error::NotAuthentic)?;
        self.key.open(&self.nonce(sequence), header, payload, tag)?;
        Ok(payload.len())
    }

    /// What the sequence number is XORed with; `ciphertext` are the record's first bytes behind the header (RFC 9147 §4.2.3).
    pub(super) fn mask(&self, ciphertext: &[u8; SAMPLE_LEN]) -> [u8; 2] {
        match &self.layout {
            Layout::Unified(key) => key.mask(ciphertext),
            _ => [0; 2],
        }
    }

    /// RFC 5288 §3: salt, then the explicit part. RFC 7905 §2, RFC 8446 §5.3: the IV, XORed with the padded number.
    fn nonce(&self, number: u64) -> Nonce {
        let mut nonce = self.iv;
        nonce.iter_mut().skip(4).zip(number.to_be_bytes()).for_each(|(to, from)| *to ^= from);
        nonce
    }
}

impl Drop for Protection {
    fn drop(&mut self) {
        self.iv.zeroize();
    }
}

/// What DTLS 1.2 authenticates beside the payload.
struct AdditionalData {
    bytes: [u8; 23 + MAX_CID_LEN],
    len: usize,
}

impl AdditionalData {
    /// RFC 6347 §4.1.2.1: number, type, version, length of the plaintext; RFC 9146 §5.1 with a connection ID.
    fn new(header: &RecordHeader, cid: &[u8], length: usize) -> Self {
        let RecordHeader { content_type: ContentType(kind), version: ProtocolVersion(version), .. } = *header;
        let mut aad = Self { bytes: [0; 23 + MAX_CID_LEN], len: 0 };
        if header.content_type == ContentType::TLS12_CID {
            aad.put(&[0xff; 8]);
            aad.put(&[kind, cid.len() as u8, kind]);
            aad.put(&version.to_be_bytes());
            aad.put(&header.number().to_be_bytes());
            aad.put(cid);
        } else {
            aad.put(&header.number().to_be_bytes());
            aad.put(&[kind]);
            aad.put(&version.to_be_bytes());
        }
        aad.put(&(length as u16).to_be_bytes());
        aad
    }

    fn put(&mut self, part: &[u8]) {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        room.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
        self.len += part.len();
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

pub(crate) const TAG_LEN: usize = 16;
pub(crate) const EXPLICIT_LEN: usize = 8;
/// Bytes of ciphertext that the mask is made from.
pub(super) const SAMPLE_LEN: usize = 16;
/// What one byte of length can tell.
const MAX_CID_LEN: usize = 255;
