//! Bits per second over the last half second.

use crate::Rate;
use alloc::collections::VecDeque;

/// draft-ietf-rmcat-gcc §5.5: between 0.5 and 1 s.
const WINDOW: i64 = 500_000_000;
/// Less than this tells nothing yet.
const LEAST: i64 = 150_000_000;

#[derive(Clone, Debug)]
pub(super) struct Meter {
    /// Times in ns, and bytes.
    packets: VecDeque<(i64, u64)>,
    bytes: u64,
    max: usize,
}

impl Meter {
    pub(super) const fn new(max: usize) -> Self {
        Self { packets: VecDeque::new(), bytes: 0, max }
    }

    pub(super) fn push(&mut self, at: i64, bytes: usize) {
        let newest = self.packets.back().map_or(at, |(at, _)| *at);
        if at < newest.saturating_sub(WINDOW) || at > newest.saturating_add(WINDOW * 20) {
            // Another clock.
            self.packets.clear();
            self.bytes = 0;
        }
        let at = self.packets.back().map_or(at, |(newest, _)| at.max(*newest));
        let bytes = bytes as u64;
        self.packets.push_back((at, bytes));
        self.bytes = self.bytes.saturating_add(bytes);
        self.forget(at);
    }

    /// Forgets what is older than the window at `now`.
    pub(super) fn forget(&mut self, now: i64) {
        while let Some((at, bytes)) = self.packets.front().copied() {
            if now.saturating_sub(at) <= WINDOW && self.packets.len() <= self.max.max(2) {
                break;
            }
            self.packets.pop_front();
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }

    /// `None` before there is enough to tell.
    pub(super) fn rate(&self) -> Option<Rate> {
        let (first, last) = (self.packets.front()?, self.packets.back()?);
        let span = last.0.saturating_sub(first.0);
        if span < LEAST {
            return None;
        }
        // The first packet's bytes came before the span began.
        let bits = self.bytes.saturating_sub(first.1) as f64 * 8.0;
        Some(Rate::from_f64(bits * 1e9 / span as f64))
    }

    /// Bytes in the window, as a rate, however few.
    pub(super) fn average(&self) -> Rate {
        Rate::from_f64(self.bytes as f64 * 8.0 * 1e9 / WINDOW as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gcc::Config;

    /// The network may bring any number of packets in half a second.
    #[test]
    fn no_more_than_max_packets_are_remembered() {
        for Config { max_packets, .. } in [Config::default(), Config::small()] {
            let mut meter = Meter::new(max_packets);
            for packet in 0..100_000 {
                meter.push(packet * 4_000, 1_000);
                assert!(meter.packets.len() <= max_packets);
            }
            assert_eq!((meter.packets.len(), meter.bytes), (max_packets, max_packets as u64 * 1_000));
            assert!(meter.packets.capacity() <= 2 * max_packets);
        }
    }
}
