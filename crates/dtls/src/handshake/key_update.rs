//! KeyUpdate (RFC 8446 §4.6.3, RFC 9147 §8).

use super::Malformed;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// The sender's next records will bear new keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUpdate {
    /// Whether the receiver shall change its own keys, too.
    pub requested: bool,
}

impl KeyUpdate {
    /// Reads a message body.
    pub fn parse(body: &[u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let requested = match r.u8()? {
            0 => false,
            1 => true,
            _ => return Err(Malformed),
        };
        if r.is_empty() { Ok(Self { requested }) } else { Err(Malformed) }
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_u8(self.requested.into());
    }
}
