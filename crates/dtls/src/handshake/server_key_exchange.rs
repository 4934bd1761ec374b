//! ServerKeyExchange (RFC 8422 §5.4).

use super::Malformed;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};
use siskin_crypto::{NamedGroup, SignatureScheme};

/// The server's key share, signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerKeyExchange<'a> {
    /// The group.
    pub group: NamedGroup,
    /// A point of it.
    pub share: &'a [u8],
    /// How the signature was made.
    pub scheme: SignatureScheme,
    /// Over both random values and [`params`](Self::params).
    pub signature: &'a [u8],
}

impl<'a> ServerKeyExchange<'a> {
    /// Reads a message body. A curve that is not named (RFC 8422 §5.4) is malformed.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        if r.u8()? != NAMED_CURVE {
            return Err(Malformed);
        }
        let exchange = Self {
            group: NamedGroup(r.u16()?),
            share: r.vec8()?,
            scheme: SignatureScheme(r.u16()?),
            signature: r.vec16()?,
        };
        if r.is_empty() { Ok(exchange) } else { Err(Malformed) }
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put(&Self::params(self.group, self.share));
        out.put_u16(self.scheme.0);
        let _ = out.put_prefixed(2, |out| out.put(self.signature));
    }

    /// What is signed, behind both random values.
    pub fn params(group: NamedGroup, share: &[u8]) -> Vec<u8> {
        let mut out = alloc::vec![NAMED_CURVE];
        out.put_u16(group.0);
        let _ = out.put_prefixed(1, |out| out.put(share));
        out
    }
}

const NAMED_CURVE: u8 = 3;
