//! The streams that a context knows, by SSRC.
//!
//! Why not a map of the standard library: with a thousand streams the look-up would cost as much as the header of a
//! packet takes to read. This one is two loads, and usually none, since packets of one stream come in trains.

use alloc::vec;
use alloc::vec::Vec;

/// State for each SSRC, up to a limit.
#[derive(Debug)]
pub(crate) struct Streams<S> {
    entries: Vec<(u32, S)>,
    /// Numbers of entries, from 1 on, each at the place that its SSRC hashes to or the next free one behind; 0 is free.
    /// A power of two of them, half of which are free.
    slots: Vec<u32>,
    /// An odd secret, so that nobody from outside can choose SSRCs that all hash to one place.
    multiplier: u32,
    /// The entry that was found last.
    last: usize,
    limit: usize,
}

impl<S> Streams<S> {
    pub(crate) fn new(limit: usize, secret: &[u8]) -> Self {
        let secret = secret.first_chunk().map_or(0x9e37_79b9, |bytes| u32::from_be_bytes(*bytes));
        Self { entries: Vec::new(), slots: vec![0; 8], multiplier: secret | 1, last: 0, limit }
    }

    /// The number of the entry of `ssrc`.
    #[inline]
    pub(crate) fn find(&mut self, ssrc: u32) -> Option<usize> {
        if self.entries.get(self.last).is_some_and(|entry| entry.0 == ssrc) {
            return Some(self.last);
        }
        self.search(ssrc)
    }

    fn search(&mut self, ssrc: u32) -> Option<usize> {
        let mut place = self.place(ssrc);
        // Half of the slots are free, so this ends.
        loop {
            let number = self.slots.get(place).copied().unwrap_or_default() as usize;
            let entry = self.entries.get(number.checked_sub(1)?)?;
            if entry.0 == ssrc {
                self.last = number - 1;
                return Some(self.last);
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// Whether another would be one too many.
    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= self.limit
    }

    /// The state of `ssrc`.
    #[inline]
    pub(crate) fn find_mut(&mut self, ssrc: u32) -> Option<&mut S> {
        let number = self.find(ssrc)?;
        self.get_mut(number)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, number: usize) -> Option<&mut S> {
        self.entries.get_mut(number).map(|entry| &mut entry.1)
    }

    /// Adds a stream that is not there yet, whatever the limit.
    #[cold]
    pub(crate) fn insert(&mut self, ssrc: u32, state: S) -> usize {
        self.entries.push((ssrc, state));
        if self.entries.len() * 2 > self.slots.len() {
            self.rebuild(self.slots.len() * 2);
        } else {
            self.link(self.entries.len(), ssrc);
        }
        self.last = self.entries.len() - 1;
        self.last
    }

    /// Forgets a stream.
    pub(crate) fn remove(&mut self, ssrc: u32) -> Option<S> {
        let number = self.find(ssrc)?;
        let (_, state) = self.entries.swap_remove(number);
        self.last = 0;
        self.rebuild(self.slots.len());
        Some(state)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    fn rebuild(&mut self, slots: usize) {
        self.slots = vec![0; slots];
        for number in 1..=self.entries.len() {
            if let Some((ssrc, _)) = self.entries.get(number - 1) {
                self.link(number, *ssrc);
            }
        }
    }

    fn link(&mut self, number: usize, ssrc: u32) {
        let mut place = self.place(ssrc);
        while let Some(slot) = self.slots.get_mut(place) {
            if *slot == 0 {
                *slot = number as u32;
                return;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    /// The top bits of a product depend on all bits of the factor.
    #[inline]
    fn place(&self, ssrc: u32) -> usize {
        let product = ssrc.wrapping_mul(self.multiplier);
        let product = (product ^ product >> 15).wrapping_mul(0x9e37_79b1);
        ((u64::from(product) * self.slots.len() as u64) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_a_map(
            secret in any::<[u8; 4]>(), steps in proptest::collection::vec((0u32..60, any::<bool>()), 1..300)
        ) {
            let mut streams = Streams::new(100, &secret);
            let mut model = BTreeMap::new();
            for (i, (ssrc, remove)) in steps.into_iter().enumerate() {
                let ssrc = ssrc.wrapping_mul(0x0101_0101);
                if remove {
                    prop_assert_eq!(streams.remove(ssrc), model.remove(&ssrc));
                } else {
                    let found = streams.find(ssrc).and_then(|number| streams.get_mut(number).copied());
                    prop_assert_eq!(found, model.get(&ssrc).copied());
                    if found.is_none() {
                        streams.insert(ssrc, i);
                        model.insert(ssrc, i);
                    }
                }
                prop_assert_eq!(streams.len(), model.len());
            }
        }
    }
}
