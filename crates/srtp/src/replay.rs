//! The index of a packet (RFC 3711 §3.3.1) and the replay window (§3.3.2).

use crate::Dropped;
use alloc::boxed::Box;
use alloc::vec;
use siskin_base::serial;

/// Which of the last so many indices were seen: a bit for each, in words that are used again and again, as in a ring. It
/// takes memory with the first index.
#[derive(Debug)]
pub(crate) struct Window {
    /// The newest index and 1; 0 if there was none.
    next: u64,
    /// What the first index has above its low 16 bits.
    rollovers: u32,
    /// Indices that the window spans.
    size: u32,
    /// A power of two of them, and at least one more than `size` needs: the window's oldest and newest words are never
    /// the same.
    words: Box<[u64]>,
}

impl Window {
    pub(crate) fn new(size: usize) -> Self {
        let size = size.clamp(64, 1 << 15).next_multiple_of(64) as u32;
        Self { next: 0, rollovers: 0, size, words: Box::default() }
    }

    /// Says what the rollover counter of the first packet is. False if there was one already.
    pub(crate) fn start_at(&mut self, rollovers: u32) -> bool {
        self.rollovers = rollovers;
        self.next == 0
    }

    /// The index whose low 16 bits are `sequence_number`: of those, the one nearest to the newest.
    ///
    /// RFC 3711 appendix A has no answer for what would lie before the first rollover; here that is ahead.
    #[inline]
    pub(crate) fn estimate(&self, sequence_number: u16) -> u64 {
        match self.next.checked_sub(1) {
            None => u64::from(self.rollovers) << 16 | u64::from(sequence_number),
            Some(newest) => serial::widen(sequence_number.into(), 16, newest),
        }
    }

    /// The rollover counter of the newest index.
    pub(crate) fn rollovers(&self) -> Option<u32> {
        self.next.checked_sub(1).map(|newest| (newest >> 16) as u32)
    }

    /// Whether `index` may still come.
    #[inline]
    pub(crate) fn check(&self, index: u64) -> Result<(), Dropped> {
        if index >= self.next {
            Ok(())
        } else if self.next - index > u64::from(self.size) {
            Err(Dropped::TooOld)
        } else if self.words.get(self.word(index)).is_some_and(|word| word & 1 << (index % 64) == 0) {
            Ok(())
        } else {
            Err(Dropped::Replayed)
        }
    }

    /// Notes that `index` came; it must have passed [`check`](Self::check).
    #[inline]
    pub(crate) fn record(&mut self, index: u64) {
        if index >= self.next {
            self.advance(index);
        }
        let place = self.word(index);
        if let Some(word) = self.words.get_mut(place) {
            *word |= 1 << (index % 64);
        }
    }

    /// Clears the words that the window enters.
    #[inline]
    fn advance(&mut self, index: u64) {
        if self.words.is_empty() {
            self.words = vec![0; (self.size as usize / 64 + 1).next_power_of_two()].into();
        }
        let (from, to) = (self.next.saturating_sub(1) / 64, index / 64);
        for entered in 1..=(to - from).min(self.words.len() as u64) {
            let place = self.word((from + entered) * 64);
            if let Some(word) = self.words.get_mut(place) {
                *word = 0;
            }
        }
        self.next = index + 1;
    }

    #[inline]
    fn word(&self, index: u64) -> usize {
        (index / 64) as usize & self.words.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    /// RFC 3711 appendix A, as it stands there.
    fn appendix_a(seq: i64, s_l: i64, roc: i64) -> i64 {
        let v = if s_l < 32_768 {
            if seq - s_l > 32_768 { roc - 1 } else { roc }
        } else if s_l - 32_768 > seq {
            roc + 1
        } else {
            roc
        };
        seq + v * 65_536
    }

    #[derive(Clone, Debug)]
    enum Step {
        By(i64),
        To(u16),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            8 => (-3i64..6).prop_map(Step::By),
            3 => (-1200i64..1200).prop_map(Step::By),
            1 => (-33_000i64..33_000).prop_map(Step::By),
            1 => any::<u16>().prop_map(Step::To),
        ];
        proptest::collection::vec(step, 1..400)
    }

    use alloc::vec::Vec;

    proptest! {
        /// The estimate is the RFC's, and what the window says is what a set of everything seen says.
        #[test]
        fn rfc3711_3_3_is_kept(
            size in 1usize..3000, first in any::<u16>(), rollovers in 0u32..4, steps in steps()
        ) {
            let mut window = Window::new(size);
            prop_assert!(window.start_at(rollovers));
            let size = size.max(64).next_multiple_of(64) as u64;
            let first = u64::from(rollovers) << 16 | u64::from(first);
            prop_assert_eq!(window.estimate(first as u16), first);
            let (mut newest, mut seen) = (first, BTreeSet::from([first]));
            window.record(first);
            for step in steps {
                let seq = match step {
                    Step::By(distance) => newest.wrapping_add_signed(distance) as u16,
                    Step::To(seq) => seq,
                };
                let index = window.estimate(seq);
                let by_rfc = appendix_a(seq.into(), (newest & 0xffff) as i64, (newest >> 16) as i64);
                let expected = if by_rfc < 0 { u64::from(seq) } else { by_rfc as u64 };
                prop_assert_eq!(index, expected);
                let fate = window.check(index);
                if index + size <= newest {
                    prop_assert_eq!(fate, Err(Dropped::TooOld));
                } else if seen.contains(&index) {
                    prop_assert_eq!(fate, Err(Dropped::Replayed));
                } else {
                    prop_assert_eq!(fate, Ok(()));
                    window.record(index);
                    seen.insert(index);
                    newest = newest.max(index);
                }
            }
            prop_assert!(!window.start_at(9));
        }
    }

    #[test]
    fn rfc3711_3_3_1_rolls_over_through_loss_and_reordering() {
        let mut window = Window::new(1024);
        let mut indices = Vec::new();
        for seq in [65_000, 65_535, 2, 0, 65_534, 30_000, 62_000, 500, 1] {
            let index = window.estimate(seq);
            if window.check(index).is_ok() {
                window.record(index);
            }
            indices.push(index);
        }
        let second = 65_536;
        let third = 2 * second;
        assert_eq!(
            indices,
            [
                65_000,
                65_535,
                second + 2,
                second,
                65_534,
                second + 30_000,
                second + 62_000,
                third + 500,
                third + 1
            ]
        );
    }
}
