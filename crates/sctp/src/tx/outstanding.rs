//! DATA chunks that were sent and are not acknowledged up to: one entry for each TSN, in order.
//!
//! A SACK costs what it newly acknowledges and the holes that it leaves, not what is in flight: acknowledged ranges are
//! remembered, and only what a block adds to them is walked over.

use super::send_queue::Fragment;
use crate::wire::{Data, DataFlags, Sack};
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use bytes::Bytes;
use siskin_base::Instant;
use siskin_base::serial::widen;

/// The chunks from the cumulative TSN ack point on.
#[derive(Debug)]
pub(crate) struct Outstanding {
    /// TSN of the first chunk, widened; without chunks the next to be used.
    base: u64,
    pub(super) chunks: VecDeque<Sent>,
    /// Acknowledged ranges above `base`, first to last, none touching another.
    acked: BTreeMap<u64, u64>,
    /// Chunks to be sent again.
    pub(super) lost: BTreeSet<u64>,
    /// Bytes of DATA chunks that are believed to be on the way (RFC 9260 §7.2: with header and padding).
    flight: usize,
    /// Counts transmissions.
    order: u64,
}

/// InFlight --missing--> Lost --sent again--> InFlight; either --SACK--> Acked, or --given up--> Abandoned
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    InFlight,
    Acked,
    Lost,
    Abandoned,
}

/// A chunk and what happened to it.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) payload: Bytes,
    pub(super) state: State,
    pub(super) begin: bool,
    pub(super) end: bool,
    pub(super) unordered: bool,
    /// SACKs that acknowledged something sent later than this.
    pub(super) missing: u8,
    pub(super) stream: u16,
    pub(super) ssn: u16,
    pub(super) retransmits: u16,
    pub(super) max_retransmits: Option<u16>,
    pub(super) ppid: u32,
    pub(super) expires: Option<Instant>,
    /// Number of its last transmission.
    pub(super) order: u64,
}

/// What a SACK acknowledged for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct NewlyAcked {
    pub(super) bytes: usize,
    /// Of these in gap blocks: sent after what is missing below.
    pub(super) gap_bytes: usize,
    pub(super) chunks: usize,
    /// The latest transmission among them.
    pub(super) latest_order: Option<u64>,
    pub(super) cumulative_advanced: bool,
}

impl Outstanding {
    pub(super) fn new(initial_tsn: u32) -> Self {
        Self {
            base: (1 << 32) + u64::from(initial_tsn),
            chunks: VecDeque::new(),
            acked: BTreeMap::new(),
            lost: BTreeSet::new(),
            flight: 0,
            order: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Chunks that are not acknowledged up to.
    pub(super) fn len(&self) -> usize {
        self.chunks.len()
    }

    pub(super) fn flight(&self) -> usize {
        self.flight
    }

    /// The cumulative TSN ack point.
    pub(super) fn cumulative(&self) -> u64 {
        self.base - 1
    }

    pub(super) fn next_tsn(&self) -> u64 {
        self.base + self.chunks.len() as u64
    }

    /// Number of the next transmission.
    pub(super) fn next_order(&self) -> u64 {
        self.order
    }

    pub(super) fn widen(&self, tsn: u32) -> u64 {
        widen(tsn.into(), 32, self.base)
    }

    pub(super) fn get(&self, tsn: u64) -> Option<&Sent> {
        self.chunks.get(usize::try_from(tsn.checked_sub(self.base)?).ok()?)
    }

    pub(super) fn get_mut(&mut self, tsn: u64) -> Option<&mut Sent> {
        self.chunks.get_mut(usize::try_from(tsn.checked_sub(self.base)?).ok()?)
    }

    /// Gives a fragment its TSN and counts it as in flight.
    pub(super) fn add(&mut self, fragment: Fragment) -> u64 {
        let tsn = self.next_tsn();
        self.flight += chunk_len(fragment.payload.len());
        self.chunks.push_back(Sent {
            payload: fragment.payload,
            state: State::InFlight,
            begin: fragment.begin,
            end: fragment.end,
            unordered: fragment.unordered,
            missing: 0,
            stream: fragment.stream,
            ssn: fragment.ssn,
            retransmits: 0,
            max_retransmits: fragment.max_retransmits,
            ppid: fragment.ppid,
            expires: fragment.expires,
            order: self.order,
        });
        self.order += 1;
        tsn
    }

    /// Counts a lost chunk as in flight again.
    pub(super) fn resend(&mut self, tsn: u64) {
        self.lost.remove(&tsn);
        let order = self.order;
        let Some(chunk) = self.get_mut(tsn) else { return };
        chunk.state = State::InFlight;
        chunk.missing = 0;
        chunk.retransmits = chunk.retransmits.saturating_add(1);
        chunk.order = order;
        let len = chunk.len();
        self.order += 1;
        self.flight += len;
    }

    /// Takes a chunk out of flight, to be sent again; gives its length.
    pub(super) fn lose(&mut self, tsn: u64) -> usize {
        let Some(chunk) = self.get_mut(tsn).filter(|chunk| chunk.state == State::InFlight) else { return 0 };
        chunk.state = State::Lost;
        let len = chunk.len();
        self.flight -= len;
        self.lost.insert(tsn);
        len
    }

    /// The chunk as it goes on the wire.
    pub(super) fn chunk(&self, tsn: u64) -> Option<Data<'_>> {
        self.get(tsn).map(|sent| sent.as_data(tsn))
    }

    /// Takes in a cumulative TSN and gap blocks; `None` if they speak of TSNs that were never sent or come too late.
    pub(super) fn on_sack(&mut self, sack: &Sack<'_>) -> Option<NewlyAcked> {
        let cumulative = self.widen(sack.cumulative_tsn);
        // RFC 9260 §6.2.1 D i: an older SACK was overtaken.
        if cumulative < self.cumulative() || cumulative >= self.next_tsn() {
            return None;
        }
        let mut newly = self.advance(cumulative);
        let cumulative_bytes = newly.bytes;
        for gap in sack.gaps() {
            let first = cumulative + u64::from(gap.start);
            let last = (cumulative + u64::from(gap.end)).min(self.next_tsn() - 1);
            // Offset 1 would be part of the cumulative TSN; a block that says so contradicts itself.
            if gap.start > 1 {
                self.ack_range(first, last, &mut newly);
            }
        }
        newly.gap_bytes = newly.bytes - cumulative_bytes;
        Some(newly)
    }

    /// Drops everything up to `cumulative`.
    pub(super) fn advance(&mut self, cumulative: u64) -> NewlyAcked {
        let mut newly = NewlyAcked { cumulative_advanced: cumulative >= self.base, ..NewlyAcked::default() };
        while self.base <= cumulative {
            let Some(chunk) = self.chunks.pop_front() else { break };
            self.count(chunk.state, chunk.order, chunk.len(), &mut newly);
            if chunk.state == State::Lost {
                self.lost.remove(&self.base);
            }
            self.base += 1;
        }
        while let Some(range) = self.acked.first_entry().filter(|range| *range.key() <= cumulative) {
            let last = range.remove();
            if last > cumulative {
                self.acked.insert(cumulative + 1, last);
            }
        }
        newly
    }

    /// Marks what is not marked yet from `first` to `last`.
    fn ack_range(&mut self, first: u64, last: u64, newly: &mut NewlyAcked) {
        let mut at = first;
        while at <= last {
            let known = self.acked.range(..=at).next_back().map(|(_, end)| *end);
            if let Some(end) = known.filter(|end| *end >= at) {
                at = end + 1;
                continue;
            }
            let stop = self.acked.range(at..).next().map_or(last, |(next, _)| last.min(next - 1));
            for tsn in at..=stop {
                self.ack_one(tsn, newly);
            }
            self.remember(at, stop);
            at = stop + 1;
        }
    }

    fn ack_one(&mut self, tsn: u64, newly: &mut NewlyAcked) {
        let Some(chunk) = self.get_mut(tsn) else { return };
        let (before, order, len) = (chunk.state, chunk.order, chunk.len());
        chunk.state = State::Acked;
        if before == State::Lost {
            self.lost.remove(&tsn);
        }
        self.count(before, order, len, newly);
    }

    fn count(&mut self, before: State, order: u64, len: usize, newly: &mut NewlyAcked) {
        match before {
            State::InFlight => self.flight -= len,
            State::Lost => {}
            State::Acked | State::Abandoned => return,
        }
        newly.bytes += len;
        newly.chunks += 1;
        newly.latest_order = newly.latest_order.max(Some(order));
    }

    /// Enters a range that overlaps none.
    fn remember(&mut self, first: u64, last: u64) {
        let last = self.acked.remove(&(last + 1)).unwrap_or(last);
        match self.acked.range_mut(..first).next_back() {
            Some((_, end)) if *end + 1 == first => *end = last,
            _ => {
                self.acked.insert(first, last);
            }
        }
    }

    /// TSNs that are not acknowledged and lie below an acknowledged one.
    #[cfg(test)]
    fn holes(&self) -> impl Iterator<Item = u64> + '_ {
        self.holes_from(0)
    }

    /// TSNs from `from` on that are not acknowledged and lie below an acknowledged one.
    pub(super) fn holes_from(&self, from: u64) -> impl Iterator<Item = u64> + '_ {
        let known = self.acked.range(..from).next_back().map_or(0, |(_, last)| last + 1);
        let mut start = from.max(self.base).max(known);
        self.acked.range(start..).flat_map(move |(&first, &last)| {
            let hole = start..first;
            start = last + 1;
            hole
        })
    }

    // RFC 9260 §6.2.1 D iii: a miss for each chunk that the peer took back: not done, because receivers of data channels keep
    // what they acknowledged; should one not, T3-rtx sends it again.
    /// Whether the peer took back what it had acknowledged in a gap block (RFC 9260 §6.2.1 D iv): the first chunk cannot
    /// have arrived without being acknowledged cumulatively.
    pub(super) fn peer_reneged(&self) -> bool {
        self.chunks.front().is_some_and(|chunk| chunk.state == State::Acked)
    }

    /// Takes everything out of flight; with `forget`, what was acknowledged in gap blocks as well.
    pub(super) fn lose_all(&mut self, forget: bool) {
        if forget {
            self.acked.clear();
        }
        for (tsn, chunk) in (self.base..).zip(&mut self.chunks) {
            if chunk.state == State::InFlight || forget && chunk.state == State::Acked {
                chunk.state = State::Lost;
                self.lost.insert(tsn);
            }
        }
        self.flight = 0;
    }

    /// Gives a chunk up, be it acknowledged in a gap block or not (RFC 3758 §3.5 A3).
    pub(super) fn abandon(&mut self, tsn: u64) {
        let Some(chunk) = self.get_mut(tsn) else { return };
        let (before, len) = (chunk.state, chunk.len());
        chunk.state = State::Abandoned;
        chunk.payload = Bytes::new();
        match before {
            State::InFlight => self.flight -= len,
            State::Lost => {
                self.lost.remove(&tsn);
            }
            State::Acked | State::Abandoned => {}
        }
    }
}

/// Bytes of a DATA chunk with that much user data.
pub(super) const fn chunk_len(payload: usize) -> usize {
    Data::HEADER_LEN + payload.next_multiple_of(4)
}

impl Sent {
    fn len(&self) -> usize {
        chunk_len(self.payload.len())
    }

    fn as_data(&self, tsn: u64) -> Data<'_> {
        Data {
            flags: DataFlags {
                begin: self.begin,
                end: self.end,
                unordered: self.unordered,
                ..DataFlags::default()
            },
            tsn: tsn as u32,
            stream: self.stream,
            ssn: self.ssn,
            ppid: self.ppid,
            payload: &self.payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn fragment(len: usize) -> Fragment {
        Fragment {
            payload: Bytes::from(alloc::vec![0; len]),
            begin: true,
            end: true,
            unordered: false,
            stream: 1,
            ssn: 0,
            ppid: 51,
            max_retransmits: None,
            expires: None,
        }
    }

    fn sack(out: &mut Outstanding, cumulative: u32, gaps: &[(u16, u16)]) -> Option<NewlyAcked> {
        let mut bytes = Vec::new();
        let gaps = gaps.iter().map(|&(start, end)| crate::wire::GapBlock { start, end });
        Sack::write_from(&mut bytes, cumulative, 1000, gaps, [].into_iter()).unwrap();
        let raw = crate::wire::Chunks::new(&bytes).next().unwrap().unwrap();
        out.on_sack(&Sack::parse(raw).unwrap())
    }

    fn ten() -> Outstanding {
        let mut out = Outstanding::new(u32::MAX - 3);
        for _ in 0..10 {
            out.add(fragment(100));
        }
        out
    }

    #[test]
    fn what_is_acknowledged_counts_once() {
        let mut out = ten();
        let base = u32::MAX - 4;
        assert_eq!(sack(&mut out, base, &[(3, 4), (6, 6)]).unwrap().bytes, 348);
        assert_eq!(sack(&mut out, base, &[(3, 7)]).unwrap().bytes, 232);
        assert_eq!(out.holes().map(|tsn| (tsn as u32).wrapping_sub(base)).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(out.flight(), 580);
        let newly = sack(&mut out, base.wrapping_add(7), &[]).unwrap();
        assert_eq!((newly.bytes, newly.cumulative_advanced, out.flight()), (232, true, 348));
        assert!(out.acked.is_empty());
        assert_eq!(sack(&mut out, base.wrapping_add(6), &[]), None, "overtaken");
        assert_eq!(sack(&mut out, base.wrapping_add(11), &[]), None, "never sent");
        assert!(sack(&mut out, base.wrapping_add(10), &[]).is_some());
        assert!(out.is_empty() && out.flight() == 0);
    }

    #[test]
    fn a_lost_chunk_leaves_and_joins_the_flight() {
        let mut out = ten();
        let tsn = out.base + 2;
        assert_eq!(out.lose(tsn), 116);
        assert_eq!((out.lose(tsn), out.flight()), (0, 1044));
        out.resend(tsn);
        assert_eq!(
            (out.flight(), out.get(tsn).unwrap().retransmits, out.get(tsn).unwrap().order),
            (1160, 1, 10)
        );
        out.lose(tsn);
        sack(&mut out, u32::MAX - 4, &[(3, 3)]).unwrap();
        assert!(out.lost.is_empty());
        assert_eq!(out.flight(), 1044);
    }

    #[test]
    fn rfc9260_6_2_1_a_peer_that_reneges_gets_it_all_again() {
        let mut out = ten();
        sack(&mut out, u32::MAX - 4, &[(2, 10)]).unwrap();
        sack(&mut out, u32::MAX - 3, &[]).unwrap();
        assert!(out.peer_reneged());
        out.lose_all(true);
        assert_eq!((out.lost.len(), out.flight()), (9, 0));
    }
}
