//! AEAD protection of records: in DTLS 1.2 (RFC 5246 §6.2.3.3, RFC 5288 §3, RFC 7905 §2), and in DTLS 1.3, where the
//! sequence number is encrypted as well (RFC 9147 §4).

use super::header::{ContentType, RecordHeader};
use alloc::boxed::Box;
use core::ops::Range;
use siskin_crypto::{AeadAlgorithm, AeadKey, Error, MaskKey, Nonce, Provider};
use zeroize::Zeroize;

/// One direction's key of one epoch.
pub(crate) struct Protection {
    key: Box<dyn AeadKey>,
    /// The implicit part of the nonce, as numbers: all of it, or the first four bytes.
    iv: (u64, u32),
    pub(super) layout: Layout,
    /// How many records may be sealed with this key (RFC 8446 §5.5).
    sealed_limit: u64,
}

pub(super) enum Layout {
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
        let iv = (0..12).fold(0, |all, at| all << 8 | u128::from(iv.get(at).copied().unwrap_or(0)));
        let key = provider.aead(algorithm).key(key)?;
        Ok(Self { key, iv: ((iv >> 32) as u64, iv as u32), layout, sealed_limit })
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

    /// DTLS 1.2: encrypts in place, and writes the tag to the end; the explicit part of the nonce is the record's number.
    #[inline(always)]
    pub(super) fn seal_v12(&self, header: &RecordHeader, cid: &[u8], body: &mut [u8]) -> Result<(), Error> {
        let len = body.len().checked_sub(TAG_LEN).ok_or(Error::Failed)?;
        let (nonce, length) = (self.nonce(header.number()), len as u16);
        if header.content_type == ContentType::TLS12_CID {
            let additional_data = AdditionalData::with_cid(header, cid, length);
            return self.key.seal_with_tag(&nonce, additional_data.as_bytes(), body);
        }
        let all = additional_data(header, length);
        let [additional_data @ .., _, _, _] = &all;
        self.key.seal_with_tag(&nonce, additional_data, body)
    }

    /// DTLS 1.2: decrypts in place and says where the plaintext is.
    #[inline(always)]
    pub(super) fn open_v12(
        &self,
        header: &RecordHeader,
        cid: &[u8],
        body: &mut [u8],
    ) -> Result<Range<usize>, Error> {
        let (number, start, sealed) = match self.layout {
            Layout::Explicit => {
                let (explicit, sealed) = body.split_first_chunk_mut().ok_or(Error::NotAuthentic)?;
                (u64::from_be_bytes(*explicit), EXPLICIT_LEN, sealed)
            }
            _ => (header.number(), 0, body),
        };
        let len = self.open_numbered(number, header, cid, sealed)?;
        Ok(start..start + len)
    }

    /// DTLS 1.2: decrypts what is behind the explicit part of the nonce, which is `number`, or else the record's; how many bytes
    /// are plaintext.
    #[inline(always)]
    pub(super) fn open_numbered(
        &self,
        number: u64,
        header: &RecordHeader,
        cid: &[u8],
        sealed: &mut [u8],
    ) -> Result<usize, Error> {
        let len = sealed.len().checked_sub(TAG_LEN).ok_or(Error::NotAuthentic)?;
        let (nonce, length) = (self.nonce(number), len as u16);
        if header.content_type == ContentType::TLS12_CID {
            let additional_data = AdditionalData::with_cid(header, cid, length);
            self.key.open_with_tag(&nonce, additional_data.as_bytes(), sealed)?;
        } else {
            let all = additional_data(header, length);
            let [additional_data @ .., _, _, _] = &all;
            self.key.open_with_tag(&nonce, additional_data, sealed)?;
        }
        Ok(len)
    }

    /// DTLS 1.3: encrypts in place, and writes the tag to the end. `header` is authenticated with its sequence number in clear.
    #[inline(always)]
    pub(super) fn seal_v13(&self, sequence: u64, header: &[u8], body: &mut [u8]) -> Result<(), Error> {
        self.key.seal_with_tag(&self.nonce(sequence), header, body)
    }

    /// DTLS 1.3: decrypts in place; how many bytes of `body` are plaintext.
    #[inline(always)]
    pub(super) fn open_v13(&self, sequence: u64, header: &[u8], body: &mut [u8]) -> Result<usize, Error> {
        let len = body.len().checked_sub(TAG_LEN).ok_or(Error::NotAuthentic)?;
        self.key.open_with_tag(&self.nonce(sequence), header, body)?;
        Ok(len)
    }

    /// What the sequence number is XORed with; `ciphertext` are the record's first bytes behind the header (RFC 9147 §4.2.3).
    #[inline(always)]
    pub(super) fn mask(&self, ciphertext: &[u8; SAMPLE_LEN]) -> u16 {
        match &self.layout {
            Layout::Unified(key) => u16::from_be_bytes(key.mask(ciphertext)),
            _ => 0,
        }
    }

    /// RFC 5288 §3: salt, then the explicit part. RFC 7905 §2, RFC 8446 §5.3: the IV, XORed with the padded number.
    ///
    /// Written in words, because whoever reads words has to wait for bytes that were just written.
    #[inline(always)]
    fn nonce(&self, number: u64) -> Nonce {
        let [a, b, c, d, e, f, g, h] = (self.iv.0 ^ number >> 32).to_be_bytes();
        let [i, j, k, l] = (self.iv.1 ^ number as u32).to_be_bytes();
        [a, b, c, d, e, f, g, h, i, j, k, l]
    }
}

impl Drop for Protection {
    fn drop(&mut self) {
        self.iv.0.zeroize();
        self.iv.1.zeroize();
    }
}

/// What DTLS 1.2 authenticates beside the payload (RFC 6347 §4.1.2.1): number, type, version, length of the plaintext.
#[inline]
///
/// In the first 13 bytes, because it is made in two words: who reads one that was written in pieces waits for them.
fn additional_data(header: &RecordHeader, length: u16) -> [u8; 16] {
    let behind =
        u64::from(header.content_type.0) << 56 | u64::from(header.version.0) << 40 | u64::from(length) << 24;
    (u128::from(header.number()) << 64 | u128::from(behind)).to_be_bytes()
}

/// The same with a connection ID (RFC 9146 §5.1).
struct AdditionalData {
    bytes: [u8; 23 + MAX_CID_LEN],
    len: usize,
}

impl AdditionalData {
    fn with_cid(header: &RecordHeader, cid: &[u8], length: u16) -> Self {
        let ContentType(kind) = header.content_type;
        let mut aad = Self { bytes: [0; 23 + MAX_CID_LEN], len: 0 };
        aad.put(&[0xff; 8]);
        aad.put(&[kind, cid.len() as u8, kind]);
        aad.put(&header.version.0.to_be_bytes());
        aad.put(&header.number().to_be_bytes());
        aad.put(cid);
        aad.put(&length.to_be_bytes());
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
