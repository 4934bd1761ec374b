//! ClientHello (RFC 6347 §4.2.1).

use super::{Extensions, Malformed, numbers};
use crate::{CipherSuite, ProtocolVersion};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// What the client offers. Its form is the same in DTLS 1.2 and 1.3: which one it is can be told once it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientHello<'a> {
    /// The newest version up to 1.2; newer ones are in an extension.
    pub version: ProtocolVersion,
    /// Random bytes.
    pub random: [u8; 32],
    /// A session to resume, at most 32 bytes.
    pub session_id: &'a [u8],
    /// The server's cookie, if it asked for it.
    pub cookie: &'a [u8],
    /// Suites by preference, 16 bits each.
    cipher_suites: &'a [u8],
    /// Compression methods; 0 is none.
    pub compression_methods: &'a [u8],
    /// The rest.
    pub extensions: Extensions<'a>,
}

impl<'a> ClientHello<'a> {
    /// One without session, cookie or compression; `cipher_suites` are 16-bit numbers in network order.
    pub const fn new(random: [u8; 32], cipher_suites: &'a [u8], extensions: Extensions<'a>) -> Self {
        Self {
            version: ProtocolVersion::DTLS1_2,
            random,
            session_id: &[],
            cookie: &[],
            cipher_suites,
            compression_methods: &[0],
            extensions,
        }
    }

    /// Reads a message body.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let version = ProtocolVersion(r.u16()?);
        let random = r.array()?;
        let session_id = r.vec8()?;
        let cookie = r.vec8()?;
        let cipher_suites = r.vec16()?;
        let compression_methods = r.vec8()?;
        let extensions = Extensions::parse(&mut r)?;
        let well_formed = session_id.len() <= 32
            && !cipher_suites.is_empty()
            && cipher_suites.len().is_multiple_of(2)
            && !compression_methods.is_empty();
        if !well_formed {
            return Err(Malformed);
        }
        Ok(Self { version, random, session_id, cookie, cipher_suites, compression_methods, extensions })
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_u16(self.version.0);
        out.put(&self.random);
        let _ = out.put_prefixed(1, |out| out.put(self.session_id));
        let _ = out.put_prefixed(1, |out| out.put(self.cookie));
        let _ = out.put_prefixed(2, |out| out.put(self.cipher_suites));
        let _ = out.put_prefixed(1, |out| out.put(self.compression_methods));
        self.extensions.write(out);
    }

    /// The suites, the client's preferred one first.
    pub fn cipher_suites(&self) -> impl Iterator<Item = CipherSuite> + 'a {
        numbers(self.cipher_suites).map(CipherSuite)
    }
}
