//! SDES items as header extensions: MID, RID and repaired RID (RFC 7941, RFC 9143 §15, RFC 8852 §3).

use super::{Extension, Value};
use alloc::vec::Vec;

/// A text of 1 to 255 bytes.
fn text(data: &[u8]) -> Option<&str> {
    core::str::from_utf8(data).ok().filter(|text| !text.is_empty())
}

/// The media section that a packet belongs to (RFC 9143 §15.2): a token of RFC 8866.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mid<'a>(pub &'a str);

impl<'a> Value<'a> for Mid<'a> {
    const KIND: Extension = Extension::Mid;

    fn parse(data: &'a [u8]) -> Option<Self> {
        text(data).map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }
}

/// Letters and digits (RFC 8852 §3.1; in SDP also `-` and `_`, RFC 8851 §10).
fn rid(data: &[u8]) -> Option<&str> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text(data).filter(|text| text.as_bytes().iter().all(allowed))
}

/// The stream within a media section (RFC 8852 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rid<'a>(pub &'a str);

impl<'a> Value<'a> for Rid<'a> {
    const KIND: Extension = Extension::Rid;

    fn parse(data: &'a [u8]) -> Option<Self> {
        rid(data).map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }
}

/// On a repair stream: the stream that it repairs (RFC 8852 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RepairedRid<'a>(pub &'a str);

impl<'a> Value<'a> for RepairedRid<'a> {
    const KIND: Extension = Extension::RepairedRid;

    fn parse(data: &'a [u8]) -> Option<Self> {
        rid(data).map(Self)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }
}
