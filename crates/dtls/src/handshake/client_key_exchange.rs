//! ClientKeyExchange (RFC 8422 §5.7).

use super::Malformed;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// The client's key share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientKeyExchange<'a> {
    /// A point.
    pub share: &'a [u8],
}

impl<'a> ClientKeyExchange<'a> {
    /// Reads a message body.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let share = r.vec8()?;
        if r.is_empty() { Ok(Self { share }) } else { Err(Malformed) }
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = out.put_prefixed(1, |out| out.put(self.share));
    }
}
