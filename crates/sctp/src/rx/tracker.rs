//! Which TSNs have arrived, and what a SACK says about them (RFC 9260 §6.2, §6.7).

use crate::wire::GapBlock;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use siskin_base::serial::widen;

/// The TSNs that have arrived, widened to 64 bits so that they never wrap.
#[derive(Debug)]
pub(crate) struct Tracker {
    /// Everything up to here has arrived.
    cumulative: u64,
    /// Ranges above, first to last, none touching another.
    ranges: BTreeMap<u64, u64>,
    /// TSNs that came again since the last SACK.
    duplicates: Vec<u32>,
    max_ranges: usize,
}

/// What a TSN is to the tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    New,
    Duplicate,
    /// It would open more ranges than we keep.
    TooScattered,
}

impl Tracker {
    pub(crate) fn new(peer_initial_tsn: u32, max_ranges: usize) -> Self {
        Self {
            cumulative: (1 << 32) + u64::from(peer_initial_tsn) - 1,
            ranges: BTreeMap::new(),
            duplicates: Vec::new(),
            max_ranges,
        }
    }

    pub(crate) fn cumulative(&self) -> u64 {
        self.cumulative
    }

    pub(crate) fn has_gaps(&self) -> bool {
        !self.ranges.is_empty()
    }

    pub(crate) fn widen(&self, tsn: u32) -> u64 {
        widen(tsn.into(), 32, self.cumulative)
    }

    /// What `tsn` is; changes nothing.
    pub(crate) fn classify(&self, tsn: u64) -> Arrival {
        if tsn <= self.cumulative {
            return Arrival::Duplicate;
        }
        let before = self.ranges.range(..=tsn).next_back().map(|(_, last)| *last);
        if before.is_some_and(|last| last >= tsn) {
            return Arrival::Duplicate;
        }
        let touches = tsn == self.cumulative + 1
            || before.is_some_and(|last| last + 1 == tsn)
            || self.ranges.contains_key(&(tsn + 1));
        if touches || self.ranges.len() < self.max_ranges { Arrival::New } else { Arrival::TooScattered }
    }

    /// Notes a TSN that came again, for the next SACK.
    pub(crate) fn note_duplicate(&mut self, tsn: u64) {
        if self.duplicates.len() < MAX_DUPLICATES {
            self.duplicates.push(tsn as u32);
        }
    }

    /// Adds a TSN that [`classify`](Self::classify) called new.
    pub(crate) fn insert(&mut self, tsn: u64) {
        if tsn == self.cumulative + 1 {
            self.cumulative = tsn;
            self.absorb();
            return;
        }
        let last = self.ranges.remove(&(tsn + 1)).unwrap_or(tsn);
        match self.ranges.range_mut(..tsn).next_back() {
            Some((_, end)) if *end + 1 == tsn => *end = last,
            _ => {
                self.ranges.insert(tsn, last);
            }
        }
    }

    /// Counts everything up to `tsn` as arrived (RFC 3758 §3.6).
    pub(crate) fn forward_to(&mut self, tsn: u64) {
        self.cumulative = self.cumulative.max(tsn);
        self.absorb();
    }

    /// Takes ranges into the cumulative TSN that it has reached.
    fn absorb(&mut self) {
        while let Some(first) = self.ranges.first_entry().filter(|range| *range.key() <= self.cumulative + 1)
        {
            self.cumulative = self.cumulative.max(first.remove());
        }
    }

    /// The ranges as offsets for a SACK, lowest first.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = GapBlock> + '_ {
        self.ranges.iter().map_while(|(first, last)| {
            let start = u16::try_from(first - self.cumulative).ok()?;
            let end = u16::try_from(last - self.cumulative).unwrap_or(u16::MAX);
            Some(GapBlock { start, end })
        })
    }

    pub(crate) fn gap_count(&self) -> usize {
        self.ranges.len()
    }

    /// The TSNs that came again; forgets them once `said`.
    pub(crate) fn duplicates(&self) -> &[u32] {
        &self.duplicates
    }

    pub(crate) fn duplicates_said(&mut self) {
        self.duplicates.clear();
    }
}

/// More duplicates than this are not worth telling.
const MAX_DUPLICATES: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    fn gaps(tracker: &Tracker) -> Vec<(u16, u16)> {
        tracker.gaps().map(|gap| (gap.start, gap.end)).collect()
    }

    /// The worked example of RFC 9260 §3.3.4: 10, 11, 12 and then 14, 15 and 17 have arrived.
    #[test]
    fn rfc9260_3_3_4_example() {
        let mut tracker = Tracker::new(10, 100);
        for tsn in [10, 11, 12, 14, 15, 17] {
            let tsn = tracker.widen(tsn);
            assert_eq!(tracker.classify(tsn), Arrival::New);
            tracker.insert(tsn);
        }
        assert_eq!(tracker.cumulative() as u32, 12);
        assert_eq!(gaps(&tracker), [(2, 3), (5, 5)]);
    }

    #[test]
    fn tsns_wrap() {
        let mut tracker = Tracker::new(u32::MAX, 100);
        for tsn in [0, u32::MAX, 1] {
            let tsn = tracker.widen(tsn);
            assert_eq!(tracker.classify(tsn), Arrival::New);
            tracker.insert(tsn);
        }
        assert_eq!(tracker.cumulative() as u32, 1);
        assert_eq!(tracker.classify(tracker.widen(u32::MAX)), Arrival::Duplicate);
    }

    #[test]
    fn scattered_tsns_are_refused_at_the_limit() {
        let mut tracker = Tracker::new(1, 2);
        for (tsn, expected) in
            [(3, Arrival::New), (5, Arrival::New), (7, Arrival::TooScattered), (4, Arrival::New)]
        {
            let tsn = tracker.widen(tsn);
            assert_eq!(tracker.classify(tsn), expected);
            if expected == Arrival::New {
                tracker.insert(tsn);
            }
        }
        assert_eq!(gaps(&tracker), [(3, 5)]);
    }

    proptest! {
        #[test]
        fn agrees_with_a_set(arrivals in proptest::collection::vec(0u32..60, 0..120)) {
            let mut tracker = Tracker::new(u32::MAX - 20, 1000);
            let base = tracker.cumulative() + 1;
            let mut set = BTreeSet::new();
            for offset in arrivals {
                let tsn = base + u64::from(offset);
                prop_assert_eq!(tracker.classify(tsn) == Arrival::Duplicate, !set.insert(tsn));
                if tracker.classify(tsn) == Arrival::New {
                    tracker.insert(tsn);
                }
            }
            let cumulative = (base..).find(|tsn| !set.contains(tsn)).unwrap() - 1;
            prop_assert_eq!(tracker.cumulative(), cumulative);
            let above: Vec<u64> = set.into_iter().filter(|tsn| *tsn > cumulative).collect();
            let told: Vec<u64> = tracker
                .gaps()
                .flat_map(|gap| u64::from(gap.start)..=u64::from(gap.end))
                .map(|offset| cumulative + offset)
                .collect();
            prop_assert_eq!(told, above);
        }
    }
}
