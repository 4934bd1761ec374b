//! Which records of an epoch came already (RFC 6347 §4.1.2.6).

/// Remembers the newest 1024 sequence numbers: enough for a burst reordered over a fast path.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// One more than the highest number accepted.
    next: u64,
    /// Bit `n % SIZE` belongs to number `n` for `next - SIZE <= n < next`.
    seen: [u64; WORDS],
}

impl Window {
    /// Whether `sequence` may be new. Ask before opening a record; it costs nothing.
    pub(crate) fn is_new(&self, sequence: u64) -> bool {
        sequence >= self.next || sequence + SIZE >= self.next && !self.bit(sequence)
    }

    /// Marks `sequence`, of which [`is_new`](Self::is_new) held, once its record proved authentic.
    pub(crate) fn accept(&mut self, sequence: u64) {
        if sequence >= self.next {
            // Forget what falls out of the window: whole words first, single bits at the edges.
            if sequence - self.next >= SIZE {
                self.seen = [0; WORDS];
            } else {
                (self.next..=sequence).for_each(|number| self.set(number, false));
            }
            self.next = sequence + 1;
        }
        self.set(sequence, true);
    }

    fn bit(&self, sequence: u64) -> bool {
        let (word, bit) = place(sequence);
        self.seen.get(word).is_some_and(|word| word & bit != 0)
    }

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
