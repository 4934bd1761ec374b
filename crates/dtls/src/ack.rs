//! ACK messages of DTLS 1.3: which records arrived (RFC 9147 §7).

use alloc::vec::Vec;
use siskin_base::wire::{Reader, Truncated, Writer};

/// Which record: numbers are counted in each epoch anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordNumber {
    /// Which keys.
    pub epoch: u64,
    /// The record's number in its epoch.
    pub sequence: u64,
}

/// The records whose handshake messages arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ack {
    /// Their numbers, in rising order.
    pub numbers: Vec<RecordNumber>,
}

impl Ack {
    /// Reads the content of an ACK record; what is left over behind whole numbers counts as an error.
    pub fn parse(content: &[u8]) -> Result<Self, Truncated> {
        let mut r = Reader::new(content);
        let mut list = Reader::new(r.vec16()?);
        let mut numbers = Vec::with_capacity(list.len() / NUMBER_LEN);
        while !list.is_empty() {
            numbers.push(RecordNumber { epoch: list.u64()?, sequence: list.u64()? });
        }
        if r.is_empty() { Ok(Self { numbers }) } else { Err(Truncated) }
    }

    /// Appends the content; `None` if there are more numbers than its length can tell.
    pub fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        out.put_prefixed(2, |out| {
            for number in &self.numbers {
                out.put_u64(number.epoch);
                out.put_u64(number.sequence);
            }
        })
    }
}

/// Bytes of the list's length, and of each number.
pub(crate) const LENGTH_LEN: usize = 2;
pub(crate) const NUMBER_LEN: usize = 16;
