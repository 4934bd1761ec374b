//! Which records of an epoch came already (RFC 6347 §4.1.2.6, RFC 9147 §4.5.1).

/// Remembers the newest 1024 sequence numbers: enough for a burst reordered over a fast path.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// One more than the highest number accepted.
    next: u64,
    /// Bit `n % SIZE` belongs to number `n` for `next - SIZE <= n < next`.
    seen: [u64; WORDS],
}

impl Window {
    /// Whether nothing was accepted so far.
    pub(crate) const fn is_untouched(&self) -> bool {
        self.next == 0
    }

    /// Whether `sequence` may be new. Ask before opening a record; it costs nothing.
    #[inline]
    pub(crate) fn is_new(&self, sequence: u64) -> bool {
        sequence >= self.next || sequence + SIZE >= self.next && !self.bit(sequence)
    }

    /// The number that ends in these low bits and is nearest to the one that is expected next (RFC 9147 §4.2.2).
    #[inline]
    pub(crate) fn nearest(&self, low: u64, bits: u32) -> u64 {
        let span = 1u64 << bits;
        let candidate = self.next & !(span - 1) | low;
        if candidate > self.next && candidate - self.next > span / 2 && candidate >= span {
            candidate - span
        } else if self.next >= candidate && self.next - candidate >= span / 2 {
            candidate + span
        } else {
            candidate
        }
    }

    /// Marks `sequence`, of which [`is_new`](Self::is_new) held, once its record proved authentic.
    #[inline(always)]
    pub(crate) fn accept(&mut self, sequence: u64) {
        if sequence > self.next {
            self.skip(sequence);
        }
        self.next = self.next.max(sequence + 1);
        self.set(sequence, true);
    }

    /// Forgets what falls out of the window, up to `sequence`.
    #[cold]
    fn skip(&mut self, sequence: u64) {
        if sequence - self.next >= SIZE {
            self.seen = [0; WORDS];
        } else {
            (self.next..sequence).for_each(|number| self.set(number, false));
        }
    }

    fn bit(&self, sequence: u64) -> bool {
        let (word, bit) = place(sequence);
        self.seen.get(word).is_some_and(|word| word & bit != 0)
    }

    #[inline]
    fn set(&mut self, sequence: u64, value: bool) {
        let (word, bit) = place(sequence);
        if let Some(word) = self.seen.get_mut(word) {
            if value { *word |= bit } else { *word &= !bit }
        }
    }
}

const WORDS: usize = 16;
const SIZE: u64 = 64 * WORDS as u64;

const fn place(sequence: u64) -> (usize, u64) {
    ((sequence / 64) as usize % WORDS, 1 << (sequence % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use siskin_base::Rng;

    #[test]
    fn rfc6347_4_1_2_6_each_number_once() {
        let mut window = Window::default();
        for number in [0, 5, 3, 1023, 1024, 2000, 977, 1 << 40] {
            assert!(window.is_new(number), "{number}");
            window.accept(number);
            assert!(!window.is_new(number), "{number}");
        }
        assert!(!window.is_new(2001), "too old to tell");
        assert!(window.is_new((1 << 40) - 1024 + 1));
        assert!(!window.is_new((1 << 40) - 1024), "just out of the window");
    }

    #[test]
    fn rfc9147_4_2_2_the_nearest_number_is_meant() {
        let mut window = Window::default();
        assert_eq!((window.nearest(0, 8), window.nearest(255, 8)), (0, 255), "none is below 0");
        for next in [1, 100, 255, 256, 300, 65_535, 65_536, 70_000, 1 << 30] {
            window.accept(next - 1);
            for number in next.saturating_sub(127)..next + 127 {
                assert_eq!(window.nearest(number & 0xff, 8), number, "next {next}");
                assert_eq!(window.nearest(number & 0xffff, 16), number, "next {next}");
            }
        }
        assert_eq!(window.nearest(((1 << 30) - 30_000) & 0xffff, 16), (1 << 30) - 30_000);
        assert_eq!(window.nearest(((1 << 30) + 30_000) & 0xffff, 16), (1 << 30) + 30_000);
    }

    #[test]
    fn agrees_with_a_set() {
        let (mut rng, mut window, mut set) = (Rng::for_tests(1), Window::default(), BTreeSet::new());
        let mut highest = 0;
        for _ in 0..20_000 {
            let number = (highest + rng.below(80)).saturating_sub(rng.below(1100));
            let in_window = number + SIZE > highest;
            assert_eq!(window.is_new(number), in_window && !set.contains(&number), "{number} {highest}");
            if window.is_new(number) {
                window.accept(number);
                set.insert(number);
                highest = highest.max(number);
            }
        }
    }
}
