//! The receiver's side of transport-wide feedback.

use crate::rtcp::TransportFeedbackWriter;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Instant, serial};

/// How [`Arrivals`] behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrivalsConfig {
    /// Time between two feedback packets: 50 ms.
    pub interval: Duration,
    /// Packets whose arrival is kept until it is reported: 4,096. Beyond that the oldest are forgotten.
    pub max_pending: usize,
    /// Bytes of one feedback packet: 1,000.
    pub max_packet: usize,
}

impl Default for ArrivalsConfig {
    fn default() -> Self {
        Self { interval: Duration::from_millis(50), max_pending: 4_096, max_packet: 1_000 }
    }
}

impl ArrivalsConfig {
    /// For devices: every 100 ms, and 256 packets.
    pub fn small() -> Self {
        Self { interval: Duration::from_millis(100), max_pending: 256, max_packet: 500 }
    }
}

/// Counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ArrivalStats {
    /// Packets that came.
    pub received: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that were forgotten before they could be reported.
    pub forgotten: u64,
    /// Feedback packets written.
    pub reports: u64,
}

/// Remembers what arrived, by its number over all streams, until it is reported.
#[derive(Clone, Debug)]
pub struct Arrivals {
    config: ArrivalsConfig,
    pending: BTreeMap<u64, Instant>,
    /// The highest number.
    highest: Option<u64>,
    /// The first number that the next feedback covers.
    next: u64,
    count: u8,
    due: Option<Instant>,
    writer: TransportFeedbackWriter,
    stats: ArrivalStats,
}

/// Units of arrival time: 250 µs.
pub(super) const TICK_NANOS: u64 = 250_000;

impl Arrivals {
    /// Nothing has come yet.
    pub fn new(config: ArrivalsConfig) -> Self {
        Self {
            config,
            pending: BTreeMap::new(),
            highest: None,
            next: 0,
            count: 0,
            due: None,
            writer: TransportFeedbackWriter::default(),
            stats: ArrivalStats::default(),
        }
    }

    /// Counters.
    pub const fn stats(&self) -> ArrivalStats {
        self.stats
    }

    /// Changes the time between two feedback packets, from the next one on: as much as the path can bear.
    pub const fn set_interval(&mut self, interval: Duration) {
        self.config.interval = interval;
    }

    /// Takes note of a packet that arrived.
    pub fn received(&mut self, arrived: Instant, number: u16) {
        // Begins high enough that a reordered first packet has a number.
        let around = self.highest.unwrap_or_else(|| 1 << 16 | u64::from(number));
        let number = serial::widen(number.into(), 16, around);
        if self.highest.is_none() {
            self.next = number;
        }
        self.highest = Some(around.max(number));
        self.stats.received += 1;
        if self.pending.insert(number, arrived).is_some() {
            self.stats.duplicates += 1;
        }
        // What was reported as missing is reported again, now as arrived.
        self.next = self.next.min(number);
        if self.pending.len() > self.config.max_pending {
            self.pending.pop_first();
            self.stats.forgotten += 1;
            if let Some((first, _)) = self.pending.first_key_value() {
                self.next = self.next.max(*first);
            }
        }
        self.due.get_or_insert(arrived + self.config.interval);
    }

    /// When the next feedback is due.
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.due
    }

    /// Appends feedback about what arrived since the last, if it is due: one RTCP packet of `sender` about the stream
    /// `media`, of at most `room` bytes, which are at least 60. Call it until it gives `false`.
    pub fn poll(&mut self, now: Instant, sender: u32, media: u32, room: usize, out: &mut Vec<u8>) -> bool {
        if self.due.is_none_or(|due| due > now) {
            return false;
        }
        let Some((&first, &arrived)) = self.pending.first_key_value() else {
            self.due = None;
            return false;
        };
        // Beyond 2^15 numbers back nobody could tell what is meant.
        let base = if first - self.next.min(first) < 1 << 14 { self.next.min(first) } else { first };
        let ticks = |at: Instant| (at.as_nanos() / TICK_NANOS) as i64;
        self.writer.begin(base as u16, ticks(arrived));
        while let Some(entry) = self.pending.first_entry() {
            let Ok(offset) = u16::try_from(*entry.key() - base) else { break };
            if !self.writer.arrived(offset, ticks(*entry.get()), self.config.max_packet.min(room)) {
                break;
            }
            self.next = *entry.key() + 1;
            entry.remove();
        }
        if self.writer.is_empty() {
            // Not even one fits: the configured size is too small for anything.
            self.pending.clear();
            self.due = None;
            return false;
        }
        let written = self.writer.write(out, sender, media, self.count).is_some();
        self.count = self.count.wrapping_add(1);
        self.stats.reports += u64::from(written);
        self.due = if self.pending.is_empty() { None } else { Some(now) };
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{Compound, Packet};

    fn read(bytes: &[u8]) -> Vec<(u16, bool)> {
        let raw = Compound::parse(bytes).unwrap().packets().next().unwrap();
        let Ok(Packet::TransportFeedback(feedback)) = Packet::parse(raw) else { panic!() };
        feedback.packets().map(|(number, arrival)| (number, arrival.is_some())).collect()
    }

    fn poll(arrivals: &mut Arrivals, at: u64) -> Option<Vec<(u16, bool)>> {
        let mut out = Vec::new();
        arrivals.poll(Instant::from_millis(at), 1, 2, 1_200, &mut out).then(|| read(&out))
    }

    #[test]
    fn reports_gaps_between_and_what_fills_them() {
        let mut arrivals = Arrivals::new(ArrivalsConfig::default());
        let at = Instant::from_millis;
        arrivals.received(at(100), 65_534);
        arrivals.received(at(101), 65_535);
        arrivals.received(at(102), 1);
        assert_eq!((arrivals.poll_timeout(), poll(&mut arrivals, 149)), (Some(at(150)), None));
        assert_eq!(
            poll(&mut arrivals, 150).unwrap(),
            [(65_534, true), (65_535, true), (0, false), (1, true)]
        );
        assert_eq!((arrivals.poll_timeout(), poll(&mut arrivals, 500)), (None, None));
        // The next report begins where this one ended, and what comes late is told late.
        arrivals.received(at(600), 3);
        assert_eq!(poll(&mut arrivals, 650).unwrap(), [(2, false), (3, true)]);
        arrivals.received(at(700), 0);
        arrivals.received(at(700), 4);
        assert_eq!(
            poll(&mut arrivals, 750).unwrap(),
            [(0, true), (1, false), (2, false), (3, false), (4, true)]
        );
    }

    #[test]
    fn a_long_silence_needs_a_second_packet() {
        let mut arrivals = Arrivals::new(ArrivalsConfig::default());
        arrivals.received(Instant::from_millis(0), 1);
        arrivals.received(Instant::from_millis(9_000), 2);
        assert_eq!(poll(&mut arrivals, 9_000).unwrap(), [(1, true)]);
        assert_eq!(poll(&mut arrivals, 9_000).unwrap(), [(2, true)]);
        assert_eq!(poll(&mut arrivals, 9_000), None);
    }

    #[test]
    fn memory_and_packets_are_bounded() {
        let config = ArrivalsConfig::small();
        let mut arrivals = Arrivals::new(config);
        for number in 0..60_000u32 {
            arrivals.received(Instant::from_millis(1), (number * 7) as u16);
        }
        assert!(arrivals.stats().forgotten > 50_000);
        let mut reports = 0;
        let mut out = Vec::new();
        while arrivals.poll(Instant::from_millis(500), 1, 2, 1_200, &mut out) {
            assert!(out.len() <= config.max_packet);
            out.clear();
            reports += 1;
        }
        assert!((1..=256).contains(&reports), "{reports}");
    }
}
