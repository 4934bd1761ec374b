//! CertificateVerify (RFC 5246 §7.4.8, RFC 8446 §4.4.3).

use super::Malformed;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};
use siskin_crypto::SignatureScheme;

/// A signature over all messages before this one: the client's, and in DTLS 1.3 the server's as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateVerify<'a> {
    /// How it was made.
    pub scheme: SignatureScheme,
    /// The signature.
    pub signature: &'a [u8],
}

impl<'a> CertificateVerify<'a> {
    /// Reads a message body.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let verify = Self { scheme: SignatureScheme(r.u16()?), signature: r.vec16()? };
        if r.is_empty() { Ok(verify) } else { Err(Malformed) }
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_u16(self.scheme.0);
        let _ = out.put_prefixed(2, |out| out.put(self.signature));
    }
}
