//! Which bytes of a message are still missing.

use alloc::vec;
use alloc::vec::Vec;

/// Ranges of a message's body that have not arrived yet: here, or, as its ACKs tell, at the peer.
#[derive(Clone, Debug)]
pub(crate) struct Gaps(Vec<(usize, usize)>);

impl Gaps {
    /// All of `length` bytes are missing; a body without bytes is missing as a whole.
    pub(crate) fn all(length: usize) -> Self {
        Self(vec![(0, length)])
    }

    /// Nothing is missing.
    pub(crate) const fn none() -> Self {
        Self(Vec::new())
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether something has arrived behind what is missing: `length` is that of the whole body.
    pub(crate) fn is_out_of_order(&self, length: usize) -> bool {
        self.0.first().is_some_and(|(_, to)| *to < length)
    }

    /// How many gaps there would be without `start..end`.
    pub(crate) fn count_without(&self, start: usize, end: usize) -> usize {
        self.0.iter().filter(|(from, to)| *from < start && end < *to).count() + self.0.len()
    }

    /// `start..end` has arrived.
    pub(crate) fn fill(&mut self, start: usize, end: usize) {
        if start == end {
            return self.0.retain(|range| *range != (start, end));
        }
        let left = |&(from, to): &(usize, usize)| [(from, to.min(start)), (from.max(end), to)];
        self.0 = self.0.iter().flat_map(left).filter(|(from, to)| from < to).collect();
    }

    /// The first missing range at `offset` or behind it; a body without bytes is at 0.
    pub(crate) fn next_from(&self, offset: usize) -> Option<(usize, usize)> {
        let mut ranges = self.0.iter();
        let found = ranges.find(|(from, to)| offset < *to || (*from == *to && offset == *from));
        found.map(|&(from, to)| (from.max(offset), to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_is_not_missing() {
        let mut gaps = Gaps::all(100);
        assert_eq!(gaps.count_without(10, 20), 2);
        gaps.fill(10, 20);
        gaps.fill(15, 30);
        gaps.fill(50, 50);
        assert_eq!((gaps.next_from(0), gaps.next_from(5)), (Some((0, 10)), Some((5, 10))));
        assert_eq!((gaps.next_from(10), gaps.next_from(40)), (Some((30, 100)), Some((40, 100))));
        assert_eq!(gaps.next_from(100), None);
        gaps.fill(0, 100);
        assert!(gaps.is_empty());
    }

    #[test]
    fn a_body_without_bytes_is_missing_once() {
        let mut gaps = Gaps::all(0);
        assert_eq!((gaps.next_from(0), gaps.next_from(1)), (Some((0, 0)), None));
        gaps.fill(0, 0);
        assert!(gaps.is_empty());
    }
}
