//! Header extensions that are encrypted one by one (RFC 6904).

use crate::shape::{ONE_BYTE, is_two_byte};
use siskin_crypto::CounterKey;

/// A set of extension ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ids([u64; 4]);

impl Ids {
    pub(crate) fn new(ids: &[u8]) -> Self {
        let mut set = Self::default();
        for id in ids {
            if let Some(word) = set.0.get_mut(usize::from(id / 64)) {
                *word |= 1 << (id % 64);
            }
        }
        set
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    fn contains(self, id: u8) -> bool {
        self.0.get(usize::from(id / 64)).is_some_and(|word| word & 1 << (id % 64) != 0)
    }
}

/// Encrypts or decrypts, in an extension's `data`, the bodies of elements with one of `ids`: RFC 6904 §3.1. The ids and
/// lengths stay in clear, so that one walk serves both directions.
pub(crate) fn apply(key: &dyn CounterKey, counter: u128, profile: u16, data: &mut [u8], ids: Ids) {
    let two_byte = is_two_byte(profile);
    if profile != ONE_BYTE && !two_byte {
        return;
    }
    let mut keystream = Keystream { key, counter, block: [0; 16], number: None };
    let mut at = 0;
    while let Some(&first) = data.get(at) {
        at += 1;
        let (id, len) = if two_byte { (first, 0) } else { (first >> 4, usize::from(first & 0x0f) + 1) };
        // RFC 8285 §4.2, §4.3: id 0 is padding, a single byte. §4.2: 15, or 0 with a length, ends the extension.
        if first == 0 {
            continue;
        }
        if !two_byte && matches!(id, 0 | 15) {
            return;
        }
        let len = if two_byte {
            let Some(&len) = data.get(at) else { return };
            at += 1;
            usize::from(len)
        } else {
            len
        };
        let end = (at + len).min(data.len());
        if ids.contains(id) {
            let body = data.get_mut(at..end).unwrap_or_default();
            body.iter_mut().zip(at..).for_each(|(byte, at)| *byte ^= keystream.at(at));
        }
        at = end;
    }
}

/// A keystream that is read here and there.
struct Keystream<'a> {
    key: &'a dyn CounterKey,
    counter: u128,
    block: [u8; 16],
    number: Option<usize>,
}

impl Keystream<'_> {
    fn at(&mut self, place: usize) -> u8 {
        let number = place / 16;
        if self.number != Some(number) {
            self.number = Some(number);
            self.block = [0; 16];
            let counter = self.counter.wrapping_add(number as u128);
            self.key.apply(&counter.to_be_bytes(), &mut self.block);
        }
        self.block.get(place % 16).copied().unwrap_or_default()
    }
}
