//! Which records of an epoch came already (RFC 6347 §4.1.2.6, RFC 9147 §4.5.1).

/// Remembers which of the newest 1024 sequence numbers did not come: enough for a burst reordered over a fast path.
///
/// What came in order changes nothing but `next`; bits are written where something is missing, or late.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// One more than the highest number accepted.
    next: u64,
    /// Bit `n % 64` of word `n / 64 % WORDS` belongs to number `n`, for `next - SIZE <= n < next`; from `next` to the end of its
    /// word all are 0.
    missing: [u64; WORDS],
}

impl Window {
    /// Whether nothing was accepted so far.
    pub(crate) const fn is_untouched(&self) -> bool {
        self.next == 0
    }

    /// The number that is expected next: one more than the highest that was accepted.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    /// Whether `sequence` may be new. Ask before opening a record; it costs nothing.
    #[inline]
    pub(crate) fn is_new(&self, sequence: u64) -> bool {
        sequence >= self.next || sequence + SIZE >= self.next && self.is_missing(sequence)
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
        if sequence != self.next {
            self.skip_or_fill(sequence);
        } else {
            self.accept_next();
        }
    }

    /// [`accept`](Self::accept) for [`next`](Self::next).
    #[inline(always)]
    pub(crate) fn accept_next(&mut self) {
        self.next += 1;
        if self.next.is_multiple_of(64) {
            self.begin_word();
        }
    }

    /// Accepts a number before or behind the expected one.
    #[cold]
    fn skip_or_fill(&mut self, sequence: u64) {
        let (word, bit) = place(sequence);
        if sequence < self.next {
            self.missing(word, |missing| missing & !bit);
            return;
        }
        if sequence - self.next > SIZE + 64 {
            self.missing = [u64::MAX; WORDS];
            self.missing(word, |_| bit - 1);
            self.next = sequence;
        }
        while self.next < sequence {
            let (word, bit) = place(self.next);
            self.missing(word, |missing| missing | bit);
            self.accept_next();
        }
        self.accept_next();
    }

    /// `next` has come to a word that belongs to what has left the window.
    #[cold]
    fn begin_word(&mut self) {
        self.missing(place(self.next).0, |_| 0);
    }

    fn missing(&mut self, word: usize, change: impl Fn(u64) -> u64) {
        if let Some(word) = self.missing.get_mut(word) {
            *word = change(*word);
        }
    }

    fn is_missing(&self, sequence: u64) -> bool {
        let (word, bit) = place(sequence);
        self.missing.get(word).is_some_and(|word| word & bit != 0)
    }
}

const WORDS: usize = 17;
/// The word that `next` is in is not counted.
const SIZE: u64 = 64 * (WORDS as u64 - 1);

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
        for _ in 0..40_000 {
            let ahead = if rng.below(500) == 0 { 2200 } else { 80 };
            let number = (highest + rng.below(ahead)).saturating_sub(rng.below(1100));
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
