//! HelloVerifyRequest (RFC 6347 §4.2.1).

use super::Malformed;
use crate::ProtocolVersion;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// The server wants to see that the client gets what is sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelloVerifyRequest<'a> {
    /// Says nothing about the version that will be chosen.
    pub version: ProtocolVersion,
    /// To be sent back.
    pub cookie: &'a [u8],
}

impl<'a> HelloVerifyRequest<'a> {
    /// Reads a message body.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let request = Self { version: ProtocolVersion(r.u16()?), cookie: r.vec8()? };
        if r.is_empty() { Ok(request) } else { Err(Malformed) }
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_u16(self.version.0);
        let _ = out.put_prefixed(1, |out| out.put(self.cookie));
    }
}
