//! ServerHello (RFC 5246 §7.4.1.3, RFC 8446 §4.1.3).

use super::{Extensions, Malformed};
use crate::{CipherSuite, ProtocolVersion};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// What the server chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerHello<'a> {
    /// The version, up to 1.2; a newer one is in an extension.
    pub version: ProtocolVersion,
    /// Random bytes.
    pub random: [u8; 32],
    /// The session, at most 32 bytes.
    pub session_id: &'a [u8],
    /// The suite.
    pub cipher_suite: CipherSuite,
    /// The compression method; 0 is none.
    pub compression_method: u8,
    /// The rest.
    pub extensions: Extensions<'a>,
}

impl<'a> ServerHello<'a> {
    /// The random value that makes it a HelloRetryRequest of DTLS 1.3 (RFC 8446 §4.1.3): SHA-256 of those two words.
    pub const RETRY_RANDOM: [u8; 32] = [
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
        0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    ];

    /// Reads a message body.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let hello = Self {
            version: ProtocolVersion(r.u16()?),
            random: r.array()?,
            session_id: r.vec8()?,
            cipher_suite: CipherSuite(r.u16()?),
            compression_method: r.u8()?,
            extensions: Extensions::parse(&mut r)?,
        };
        if hello.session_id.len() <= 32 { Ok(hello) } else { Err(Malformed) }
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_u16(self.version.0);
        out.put(&self.random);
        let _ = out.put_prefixed(1, |out| out.put(self.session_id));
        out.put_u16(self.cipher_suite.0);
        out.put_u8(self.compression_method);
        self.extensions.write(out);
    }
}
