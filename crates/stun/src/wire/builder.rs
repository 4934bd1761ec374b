//! A message written straight behind what a buffer already holds.

use super::attribute::padding;
use super::header::message_type;
use super::{AttributeType, Class, HEADER_LEN, MAGIC_COOKIE, Method, TransactionId};
use crate::IntegrityKey;
use alloc::vec::Vec;
use siskin_base::checksum::crc32;
use siskin_base::wire::Writer as _;

const FINGERPRINT_XOR: u32 = 0x5354_554e;

/// Writes one message at the end of a buffer, attribute by attribute, in the order of the calls.
///
/// [`integrity`](Self::integrity) and [`fingerprint`](Self::fingerprint) cover what was written before them, so they come
/// last, in this order. What does not fit 16-bit lengths makes [`finish`](Self::finish) give `None`, and then the buffer
/// is as it was.
#[must_use = "a message is complete only after finish()"]
#[derive(Debug)]
pub struct Builder<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    fits: bool,
}

impl<'a> Builder<'a> {
    /// Starts a message behind what `out` holds.
    pub fn new(out: &'a mut Vec<u8>, class: Class, method: Method, id: TransactionId) -> Self {
        let start = out.len();
        // Room for a common check, so that a new buffer grows once.
        out.reserve(128);
        out.put_u64(u64::from(message_type(class, method)) << 48 | u64::from(MAGIC_COOKIE));
        out.put(&id.0);
        Self { out, start, fits: true }
    }

    /// Appends an attribute with the bytes of `value`.
    #[inline]
    pub fn attribute(mut self, kind: AttributeType, value: &[u8]) -> Self {
        let Ok(len) = u16::try_from(value.len()) else {
            self.fits = false;
            return self;
        };
        self.out.put_u32(u32::from(kind.0) << 16 | u32::from(len));
        self.out.put(value);
        self.pad(value.len());
        self
    }

    /// Appends an attribute of four bytes, all at once.
    #[inline]
    pub(super) fn number32(self, kind: AttributeType, value: u32) -> Self {
        self.out.put_u64(u64::from(kind.0) << 48 | 4 << 32 | u64::from(value));
        self
    }

    /// Appends an attribute of eight bytes, all at once.
    #[inline]
    pub(super) fn number64(self, kind: AttributeType, value: u64) -> Self {
        let [_, _, _, _, bytes @ ..] = (u128::from(kind.0) << 80 | 8 << 64 | u128::from(value)).to_be_bytes();
        self.out.put(&bytes);
        self
    }

    /// Appends an attribute with what `write` appends.
    pub fn attribute_with(mut self, kind: AttributeType, write: impl FnOnce(&mut Vec<u8>)) -> Self {
        self.out.put_u16(kind.0);
        let start = self.out.len() + 2;
        if self.out.put_prefixed(2, write).is_none() {
            self.fits = false;
            return self;
        }
        self.pad(self.out.len() - start);
        self
    }

    /// Appends MESSAGE-INTEGRITY, HMAC-SHA1 over everything before it (RFC 8489 §14.5).
    pub fn integrity(mut self, key: &IntegrityKey) -> Self {
        self.set_length(24);
        let tag = key.sha1().sign(&[self.out.get(self.start..).unwrap_or_default()]);
        self.attribute(AttributeType::MESSAGE_INTEGRITY, tag.as_ref())
    }

    /// Appends MESSAGE-INTEGRITY-SHA256, HMAC-SHA256 over everything before it, not truncated (RFC 8489 §14.6).
    pub fn integrity_sha256(mut self, key: &IntegrityKey) -> Self {
        self.set_length(36);
        let tag = key.sha256().sign(&[self.out.get(self.start..).unwrap_or_default()]);
        self.attribute(AttributeType::MESSAGE_INTEGRITY_SHA256, tag.as_ref())
    }

    /// Appends FINGERPRINT (RFC 8489 §14.7). Nothing may follow it.
    pub fn fingerprint(mut self) -> Self {
        self.set_length(8);
        let crc = crc32(self.out.get(self.start..).unwrap_or_default()) ^ FINGERPRINT_XOR;
        self.number32(AttributeType::FINGERPRINT, crc)
    }

    /// Ends the message and gives its length in bytes; `None`, and nothing written, if a length did not fit 16 bits.
    #[must_use]
    pub fn finish(mut self) -> Option<usize> {
        self.set_length(0);
        if !self.fits {
            self.out.truncate(self.start);
            return None;
        }
        Some(self.out.len() - self.start)
    }

    #[inline]
    fn pad(&mut self, len: usize) {
        match padding(len) {
            0 => {}
            padding => self.out.put([0; 3].get(..padding).unwrap_or_default()),
        }
    }

    /// The transaction id and what was written so far, for address attributes.
    pub(super) fn id(&self) -> [u8; 12] {
        let id = self.out.get(self.start + 8..self.start + HEADER_LEN);
        id.and_then(|id| id.try_into().ok()).unwrap_or_default()
    }

    /// Writes the header's length as if `more` bytes followed.
    fn set_length(&mut self, more: usize) {
        let Ok(length) = u16::try_from(self.out.len() - self.start - HEADER_LEN + more) else {
            self.fits = false;
            return;
        };
        if let Some(field) = self.out.get_mut(self.start + 2..self.start + 4) {
            field.copy_from_slice(&length.to_be_bytes());
        }
    }
}
