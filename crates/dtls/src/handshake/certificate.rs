//! Certificate (RFC 5246 §7.4.2, RFC 8446 §4.4.2).

use super::{Extensions, Malformed};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// A chain of certificates, of which only the first one matters to us: nobody vouches for it but its fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateMessage<'a> {
    /// The sender's own certificate in DER; `None` if it has none.
    pub end_entity: Option<&'a [u8]>,
}

impl<'a> CertificateMessage<'a> {
    /// Reads a message body.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let mut list = Reader::new(r.vec24()?);
        let end_entity = if list.is_empty() { None } else { Some(list.vec24()?) };
        while !list.is_empty() {
            list.vec24()?;
        }
        if r.is_empty() { Ok(Self { end_entity }) } else { Err(Malformed) }
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = out.put_prefixed(3, |out| {
            if let Some(certificate) = self.end_entity {
                let _ = out.put_prefixed(3, |out| out.put(certificate));
            }
        });
    }

    /// Reads a message body of DTLS 1.3: the context of the request that it answers, the certificates, and whether any of
    /// them has extensions.
    pub fn parse_v13(body: &'a [u8]) -> Result<(&'a [u8], Self, bool), Malformed> {
        let mut r = Reader::new(body);
        let context = r.vec8()?;
        let mut list = Reader::new(r.vec24()?);
        let (mut end_entity, mut extended) = (None, false);
        while !list.is_empty() {
            let certificate = list.vec24()?;
            extended |= Extensions::parse_next(&mut list)?.iter().next().is_some();
            end_entity.get_or_insert(certificate);
        }
        if r.is_empty() { Ok((context, Self { end_entity }, extended)) } else { Err(Malformed) }
    }

    /// Appends the message body of DTLS 1.3.
    pub fn write_v13(&self, context: &[u8], out: &mut Vec<u8>) {
        let _ = out.put_prefixed(1, |out| out.put(context));
        let _ = out.put_prefixed(3, |out| {
            if let Some(certificate) = self.end_entity {
                let _ = out.put_prefixed(3, |out| out.put(certificate));
                out.put_u16(0);
            }
        });
    }
}
