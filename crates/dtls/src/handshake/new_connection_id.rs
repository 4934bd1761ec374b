//! NewConnectionId (RFC 9147 §9).

use super::Malformed;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};

/// What the sender wishes the other side to put into its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConnectionId<'a> {
    /// The connection IDs, in the order in which they shall be used.
    pub cids: Vec<&'a [u8]>,
    /// Whether one of them must be used from now on; otherwise they are spare.
    pub immediate: bool,
}

impl<'a> NewConnectionId<'a> {
    /// Reads a message body. One that must be used at once, but is not there, is malformed.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let mut list = Reader::new(r.vec16()?);
        let mut cids = Vec::new();
        while !list.is_empty() {
            cids.push(list.vec8()?);
        }
        let immediate = match r.u8()? {
            0 if !cids.is_empty() => true,
            1 => false,
            _ => return Err(Malformed),
        };
        if r.is_empty() { Ok(Self { cids, immediate }) } else { Err(Malformed) }
    }

    /// Appends the message body.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = out.put_prefixed(2, |out| {
            for cid in &self.cids {
                let _ = out.put_prefixed(1, |out| out.put(cid));
            }
        });
        out.put_u8(u8::from(!self.immediate));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (cids, immediate) in [(alloc::vec![&b"one"[..], b""], true), (alloc::vec![], false)] {
            let message = NewConnectionId { cids, immediate };
            let mut body = Vec::new();
            message.write(&mut body);
            assert_eq!(NewConnectionId::parse(&body), Ok(message));
        }
        for bad in [&[0, 0, 0][..], &[0, 1, 0, 2], &[0, 2, 5, 0, 0], &[0, 1, 0, 0, 0]] {
            assert_eq!(NewConnectionId::parse(bad), Err(Malformed), "{bad:?}");
        }
    }
}
