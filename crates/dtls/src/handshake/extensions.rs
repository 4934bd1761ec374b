//! Hello extensions (RFC 5246 §7.4.1.4).

use super::Malformed;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

siskin_base::code_points! {
    /// What an extension is about.
    pub struct ExtensionType(u16) {
        SUPPORTED_GROUPS = 10,
        EC_POINT_FORMATS = 11,
        SIGNATURE_ALGORITHMS = 13,
        USE_SRTP = 14,
        EXTENDED_MASTER_SECRET = 23,
        SUPPORTED_VERSIONS = 43,
        COOKIE = 44,
        KEY_SHARE = 51,
        CONNECTION_ID = 54,
        RENEGOTIATION_INFO = 0xff01,
    }
}

impl ExtensionType {
    /// Whether we know what it is about.
    pub(crate) fn is_known(self) -> bool {
        matches!(
            self,
            Self::SUPPORTED_GROUPS
                | Self::EC_POINT_FORMATS
                | Self::SIGNATURE_ALGORITHMS
                | Self::USE_SRTP
                | Self::EXTENDED_MASTER_SECRET
                | Self::SUPPORTED_VERSIONS
                | Self::COOKIE
                | Self::KEY_SHARE
                | Self::CONNECTION_ID
                | Self::RENEGOTIATION_INFO
        )
    }
}

/// The extensions of a hello, well-formed and each at most once. What we do not know is skipped by not asking for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions<'a> {
    bytes: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// Reads what is left of a hello: nothing at all, or a length and that many bytes of extensions.
    pub fn parse(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        if r.is_empty() {
            return Ok(Self::default());
        }
        let extensions = Self::parse_next(r)?;
        if r.is_empty() { Ok(extensions) } else { Err(Malformed) }
    }

    /// Reads a length and that many bytes of extensions; more may follow.
    pub(super) fn parse_next(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let bytes = r.vec16()?;
        let mut seen = BTreeSet::new();
        let mut list = Reader::new(bytes);
        while !list.is_empty() {
            let kind = list.u16()?;
            list.vec16()?;
            if !seen.insert(kind) {
                return Err(Malformed);
            }
        }
        Ok(Self { bytes })
    }

    /// Extensions as [`put`](Self::put) wrote them.
    pub const fn from_bytes(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Appends one extension.
    pub fn put(out: &mut Vec<u8>, kind: ExtensionType, body: impl FnOnce(&mut Vec<u8>)) {
        out.put_u16(kind.0);
        let _ = out.put_prefixed(2, body);
    }

    /// What is in the extension of that kind.
    pub fn get(&self, kind: ExtensionType) -> Option<&'a [u8]> {
        self.iter().find_map(|(found, body)| (found == kind).then_some(body))
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = (ExtensionType, &'a [u8])> {
        let mut r = Reader::new(self.bytes);
        core::iter::from_fn(move || Some((ExtensionType(r.u16().ok()?), r.vec16().ok()?)))
    }

    /// Appends them to a hello; nothing if there are none.
    pub fn write(&self, out: &mut Vec<u8>) {
        if !self.bytes.is_empty() {
            let _ = out.put_prefixed(2, |out| out.put(self.bytes));
        }
    }
}
