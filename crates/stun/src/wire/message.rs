//! A message read in place (RFC 8489 §5, §6.3).

use super::attribute::padding;
use super::header::{class_of, method_of};
use super::{Attribute, AttributeType, Attributes, Class, HEADER_LEN, Method, TransactionId, is_stun};
use crate::IntegrityKey;
use core::fmt;
use siskin_base::checksum::crc32;
use siskin_base::wire::Reader;

const FINGERPRINT_XOR: u32 = 0x5354_554e;

/// A STUN message over the bytes it came in: every attribute is in bounds, padding included.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    bytes: &'a [u8],
    /// End of the attributes that are heeded: the first integrity attribute, FINGERPRINT or the end.
    heeded: usize,
    sha1: Option<Tag>,
    sha256: Option<Tag>,
    fingerprint: Option<u32>,
}

/// Where an integrity attribute starts, and the length of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tag {
    at: usize,
    len: usize,
}

/// Why bytes are not a STUN message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// The first byte, the magic cookie or the size belongs to another protocol.
    NotStun,
    /// The length in the header is not that of the bytes behind it, or no multiple of four.
    WrongLength,
    /// An attribute reaches beyond the end.
    TruncatedAttribute,
    /// Something follows FINGERPRINT (RFC 8489 §14.7).
    FingerprintNotLast,
    /// FINGERPRINT does not match (RFC 8489 §14.7).
    WrongFingerprint,
    /// An integrity attribute or FINGERPRINT whose length is not allowed (RFC 8489 §14.5 to §14.7).
    WrongAttributeLength,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotStun => "not a STUN message",
            Self::WrongLength => "the header's length is wrong",
            Self::TruncatedAttribute => "an attribute reaches beyond the end",
            Self::FingerprintNotLast => "something follows FINGERPRINT",
            Self::WrongFingerprint => "FINGERPRINT does not match",
            Self::WrongAttributeLength => "an attribute of fixed size has another size",
        })
    }
}

impl core::error::Error for ParseError {}

impl<'a> Message<'a> {
    /// Reads the message that `bytes` are, no more and no less. FINGERPRINT, where there is one, is verified here.
    ///
    /// # Errors
    ///
    /// [`ParseError`], if the bytes are no STUN message or a damaged one.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        if !is_stun(bytes) {
            return Err(ParseError::NotStun);
        }
        let mut header = Reader::new(bytes);
        let _message_type = header.u16();
        let length = header.u16().map_or(0, usize::from);
        if !length.is_multiple_of(4) || HEADER_LEN + length != bytes.len() {
            return Err(ParseError::WrongLength);
        }
        let mut message = Self { bytes, heeded: bytes.len(), sha1: None, sha256: None, fingerprint: None };
        let mut at = HEADER_LEN;
        while at < bytes.len() {
            if message.fingerprint.is_some() {
                return Err(ParseError::FingerprintNotLast);
            }
            at = message.scan(at)?;
        }
        match message.fingerprint {
            Some(value) if value != message.expected_fingerprint() => Err(ParseError::WrongFingerprint),
            _ => Ok(message),
        }
    }

    /// Checks the attribute at `at` and gives the start of the next one.
    fn scan(&mut self, at: usize) -> Result<usize, ParseError> {
        let mut r = Reader::new(self.bytes.get(at..).unwrap_or_default());
        let kind = r.u16().map_err(|_| ParseError::TruncatedAttribute)?;
        let value = r.vec16().map_err(|_| ParseError::TruncatedAttribute)?;
        let len = value.len();
        r.take(padding(len)).map_err(|_| ParseError::TruncatedAttribute)?;
        match AttributeType(kind) {
            // RFC 8489 §14.5: what follows MESSAGE-INTEGRITY is ignored, except MESSAGE-INTEGRITY-SHA256 and FINGERPRINT.
            AttributeType::MESSAGE_INTEGRITY if self.sha1.is_none() && self.sha256.is_none() => {
                if len != 20 {
                    return Err(ParseError::WrongAttributeLength);
                }
                self.sha1 = Some(Tag { at, len });
                self.heeded = self.heeded.min(at);
            }
            // RFC 8489 §14.6: at least 16 bytes, at most 32, a multiple of four.
            AttributeType::MESSAGE_INTEGRITY_SHA256 if self.sha256.is_none() => {
                if !(16..=32).contains(&len) || !len.is_multiple_of(4) {
                    return Err(ParseError::WrongAttributeLength);
                }
                self.sha256 = Some(Tag { at, len });
                self.heeded = self.heeded.min(at);
            }
            AttributeType::FINGERPRINT => {
                let value = Reader::new(value).u32().ok().filter(|_| len == 4);
                self.fingerprint = Some(value.ok_or(ParseError::WrongAttributeLength)?);
                self.heeded = self.heeded.min(at);
            }
            _ => {}
        }
        Ok(self.bytes.len() - r.len())
    }

    /// CRC-32 over everything in front of FINGERPRINT, whose length the header counts already (RFC 8489 §14.7).
    fn expected_fingerprint(&self) -> u32 {
        crc32(self.bytes.get(..self.bytes.len() - 8).unwrap_or_default()) ^ FINGERPRINT_XOR
    }

    /// The message's bytes.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What the message is for.
    pub fn class(&self) -> Class {
        class_of(self.message_type())
    }

    /// What is asked for.
    pub fn method(&self) -> Method {
        method_of(self.message_type())
    }

    /// What ties requests and responses together.
    pub fn transaction_id(&self) -> TransactionId {
        let id = self.bytes.get(8..HEADER_LEN).and_then(|id| id.try_into().ok());
        TransactionId(id.unwrap_or_default())
    }

    /// Attributes up to the first integrity attribute or FINGERPRINT: what [`verify`](Self::verify) vouches for.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::new(self.bytes.get(HEADER_LEN..self.heeded).unwrap_or_default())
    }

    /// Every attribute, integrity, FINGERPRINT and what is to be ignored included.
    pub fn all_attributes(&self) -> Attributes<'a> {
        Attributes::new(self.bytes.get(HEADER_LEN..).unwrap_or_default())
    }

    /// The value of the first attribute of that type. RFC 8489 §14: later ones of the same type are ignored.
    pub fn get(&self, kind: AttributeType) -> Option<&'a [u8]> {
        self.attributes().find(|attribute| attribute.kind == kind).map(|attribute| attribute.value)
    }

    /// Whether there is one of that type.
    pub fn has(&self, kind: AttributeType) -> bool {
        self.get(kind).is_some()
    }

    /// Attributes that must be understood and are not in `known` (RFC 8489 §6.3).
    pub fn unknown_required(
        &self,
        known: &'a [AttributeType],
    ) -> impl Iterator<Item = AttributeType> + use<'a> {
        let kinds = self.attributes().map(|Attribute { kind, .. }| kind);
        kinds.filter(move |kind| kind.is_comprehension_required() && !known.contains(kind))
    }

    /// Whether there is a FINGERPRINT; it was verified by [`parse`](Self::parse).
    pub const fn has_fingerprint(&self) -> bool {
        self.fingerprint.is_some()
    }

    /// Whether there is MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256.
    pub const fn has_integrity(&self) -> bool {
        self.sha1.is_some() || self.sha256.is_some()
    }

    /// Whether there is MESSAGE-INTEGRITY-SHA256.
    pub const fn has_integrity_sha256(&self) -> bool {
        self.sha256.is_some()
    }

    /// Whether the message was signed with `key`: by MESSAGE-INTEGRITY-SHA256 if it is there, else by MESSAGE-INTEGRITY.
    /// `false` without either, and for a SHA-256 that was cut short: neither ICE nor TURN allows that (RFC 8489 §14.6). The
    /// comparison takes constant time.
    pub fn verify(&self, key: &IntegrityKey) -> bool {
        let (tag, mac) = match (self.sha256, self.sha1) {
            (Some(tag), _) if tag.len == 32 => (tag, key.sha256()),
            (Some(_), _) => return false,
            (None, Some(tag)) => (tag, key.sha1()),
            (None, None) => return false,
        };
        let end = tag.at + 4 + tag.len;
        let Some(value) = self.bytes.get(tag.at + 4..end) else { return false };
        let Some(covered) = self.bytes.get(..tag.at) else { return false };
        // The header's length is another than what came: the first block of the hash is made anew, and no more.
        let (first, rest) = covered.split_at(covered.len().min(HASH_BLOCK));
        let mut block = [0; HASH_BLOCK];
        let Some(block) = block.get_mut(..first.len()) else { return false };
        block.copy_from_slice(first);
        // RFC 8489 §14.5: it counts up to the end of this very attribute.
        let length = ((end - HEADER_LEN) as u16).to_be_bytes();
        block.iter_mut().skip(2).zip(length).for_each(|(to, from)| *to = from);
        mac.verify(&[block, rest], value)
    }

    fn message_type(&self) -> u16 {
        Reader::new(self.bytes).u16().unwrap_or_default()
    }
}

/// SHA-1 and SHA-256 take input in blocks of this many bytes.
const HASH_BLOCK: usize = 64;

/// Class, method, transaction and attribute types: values may be secret or long.
impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {:?} ", self.method(), self.class(), self.transaction_id())?;
        f.debug_list().entries(self.all_attributes().map(|attribute| attribute.kind)).finish()
    }
}
