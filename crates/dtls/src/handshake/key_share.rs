//! The extension `key_share` (RFC 8446 §4.2.8).

use super::Malformed;
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer};
use siskin_crypto::NamedGroup;

/// One side's share of a key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyShareEntry<'a> {
    /// The group or KEM.
    pub group: NamedGroup,
    /// A public key, or what was encapsulated to one.
    pub share: &'a [u8],
}

impl<'a> KeyShareEntry<'a> {
    /// Reads the extension as a ServerHello has it.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let entry = Self::read(&mut r)?;
        if r.is_empty() { Ok(entry) } else { Err(Malformed) }
    }

    fn read(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let entry = Self { group: NamedGroup(r.u16()?), share: r.vec16()? };
        if entry.share.is_empty() { Err(Malformed) } else { Ok(entry) }
    }

    /// Appends it, as a ServerHello has it.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put_u16(self.group.0);
        let _ = out.put_prefixed(2, |out| out.put(self.share));
    }
}

/// The shares that a ClientHello brings, the client's preferred one first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyShares<'a> {
    /// May be none: then the client asks which group it shall be.
    pub entries: Vec<KeyShareEntry<'a>>,
}

impl<'a> KeyShares<'a> {
    /// Reads the extension as a ClientHello has it.
    pub fn parse(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(body);
        let mut list = Reader::new(r.vec16()?);
        let mut entries: Vec<KeyShareEntry<'a>> = Vec::new();
        while !list.is_empty() {
            let entry = KeyShareEntry::read(&mut list)?;
            if entries.len() >= MAX_ENTRIES {
                return Err(Malformed);
            }
            entries.push(entry);
        }
        if r.is_empty() { Ok(Self { entries }) } else { Err(Malformed) }
    }

    /// Whether two are for the same group, as they may not be.
    pub fn has_twins(&self) -> bool {
        let mut entries = self.entries.iter();
        core::iter::from_fn(|| entries.next().map(|entry| (entry, entries.clone())))
            .any(|(entry, mut rest)| rest.any(|other| other.group == entry.group))
    }

    /// Appends it, as a ClientHello has it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let _ = out.put_prefixed(2, |out| self.entries.iter().for_each(|entry| entry.write(out)));
    }
}

/// More groups than anybody implements, GREASE included.
const MAX_ENTRIES: usize = 32;
