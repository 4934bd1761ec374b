//! The sender's side: what was sent under which number, so that feedback can be understood.

use super::arrivals::TICK_NANOS;
use crate::rtcp::{CongestionFeedback, MetricBlock, TransportFeedback};
use alloc::collections::{BTreeMap, VecDeque};
use siskin_base::{Ecn, Instant, PacketFeedback, serial};

/// The receiver's clock in transport-wide feedback wraps after 2^24 times 64 ms, which are 2^32 ticks.
const CLOCK_BITS: u32 = 32;

/// Counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SentStats {
    /// Packets that were sent.
    pub sent: u64,
    /// Packets reported as arrived.
    pub arrived: u64,
    /// Reports about packets that are not known: too old, or never sent.
    pub unknown: u64,
    /// Feedback packets that were taken.
    pub reports: u64,
}

#[derive(Clone, Copy, Debug)]
struct Sent {
    at: Instant,
    size: usize,
    stream: (u32, u16),
    /// Reported as arrived: a second report is none.
    arrived: bool,
}

/// The last packets of a transport, in the order in which they left.
#[derive(Clone, Debug)]
pub struct SentPackets {
    max: usize,
    packets: VecDeque<Sent>,
    /// By stream and its own number, for RFC 8888.
    by_stream: BTreeMap<(u32, u16), u64>,
    /// The number of the first one kept.
    first: u64,
    /// The receiver's clock at the last report, in ticks.
    clock: Option<u64>,
    stats: SentStats,
}

impl SentPackets {
    /// Keeps at most `max` packets; 8,192 are 4 s at 20 Mbit/s.
    pub const fn new(max: usize) -> Self {
        Self {
            max,
            packets: VecDeque::new(),
            by_stream: BTreeMap::new(),
            first: 0,
            clock: None,
            stats: SentStats { sent: 0, arrived: 0, unknown: 0, reports: 0 },
        }
    }

    /// Counters.
    pub const fn stats(&self) -> SentStats {
        self.stats
    }

    /// The number that the next packet gets; its low 16 bits go into the header extension.
    pub fn next_sequence(&self) -> u64 {
        self.first + self.packets.len() as u64
    }

    /// Takes note of a packet that leaves now, and gives its number. `stream` and `number` are its own SSRC and sequence
    /// number, which RFC 8888 reports.
    pub fn sent(&mut self, now: Instant, stream: u32, number: u16, size: usize) -> u64 {
        while self.packets.len() >= self.max.max(1) {
            if let Some(old) = self.packets.pop_front() {
                // The stream's number may have been used again since.
                if self.by_stream.get(&old.stream) == Some(&self.first) {
                    self.by_stream.remove(&old.stream);
                }
                self.first += 1;
            }
        }
        let sequence = self.next_sequence();
        self.packets.push_back(Sent { at: now, size, stream: (stream, number), arrived: false });
        self.by_stream.insert((stream, number), sequence);
        self.stats.sent += 1;
        sequence
    }

    /// Hands over what transport-wide feedback says of each packet that is known, in the order of sending.
    pub fn transport_feedback(
        &mut self,
        feedback: &TransportFeedback<'_>,
        mut each: impl FnMut(PacketFeedback),
    ) {
        self.stats.reports += 1;
        let around = self.next_sequence();
        let base = serial::widen(feedback.base.into(), 16, around);
        // Its clock wraps; between two reports lies less than half of the circle.
        let start = u64::from(feedback.reference) * 256;
        let start =
            self.clock.map_or(start + (1 << CLOCK_BITS), |clock| serial::widen(start, CLOCK_BITS, clock));
        self.clock = Some(start);
        let origin = i64::from(feedback.reference) * 256;
        for (offset, (_, ticks)) in (0u64..).zip(feedback.packets()) {
            let arrived = ticks.map(|ticks| start.saturating_add_signed(ticks - origin));
            let arrived = arrived.map(|ticks| Instant::from_nanos(ticks.saturating_mul(TICK_NANOS)));
            self.report(base + offset, arrived, Ecn::NotEct, &mut each);
        }
    }

    /// Hands over what RFC 8888's feedback says of each packet that is known, stream by stream. Arrival times count
    /// backwards from the report's own time.
    pub fn congestion_feedback(
        &mut self,
        feedback: &CongestionFeedback<'_>,
        mut each: impl FnMut(PacketFeedback),
    ) {
        self.stats.reports += 1;
        // 1/65,536 s, unwrapped into nanoseconds.
        let around = self.clock.unwrap_or(1 << CLOCK_BITS);
        let now = serial::widen(feedback.report_timestamp.into(), CLOCK_BITS, around);
        self.clock = Some(now);
        let now = Instant::from_nanos(((u128::from(now) * 1_000_000_000) >> 16) as u64);
        for report in feedback.reports() {
            for (offset, block) in (0u16..).zip(report.blocks) {
                let number = report.begin.wrapping_add(offset);
                let Some(sequence) = self.by_stream.get(&(report.ssrc, number)).copied() else {
                    self.stats.unknown += u64::from(block.arrival.is_some());
                    continue;
                };
                let arrived = match block.arrival {
                    // RFC 8888 §3.1: it arrived, but nobody can say when.
                    Some((_, MetricBlock::TOO_EARLY | MetricBlock::UNKNOWN)) => continue,
                    Some((ecn, offset)) => {
                        let before =
                            core::time::Duration::from_nanos(u64::from(offset) * 1_000_000_000 / 1_024);
                        Some((now.saturating_sub(before), ecn))
                    }
                    None => None,
                };
                let ecn = arrived.map_or(Ecn::NotEct, |(_, ecn)| ecn);
                self.report(sequence, arrived.map(|(at, _)| at), ecn, &mut each);
            }
        }
    }

    fn report(
        &mut self,
        sequence: u64,
        arrived: Option<Instant>,
        ecn: Ecn,
        each: &mut impl FnMut(PacketFeedback),
    ) {
        let index = sequence.checked_sub(self.first).and_then(|index| usize::try_from(index).ok());
        let Some(sent) = index.and_then(|index| self.packets.get_mut(index)) else {
            self.stats.unknown += 1;
            return;
        };
        if sent.arrived {
            return;
        }
        sent.arrived = arrived.is_some();
        self.stats.arrived += u64::from(arrived.is_some());
        each(PacketFeedback { sequence, sent: sent.at, arrived, size: sent.size, ecn });
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Arrivals, ArrivalsConfig};
    use super::*;
    use crate::rtcp::{Compound, List, MetricReport, Packet, write_congestion_feedback};
    use alloc::vec::Vec;
    use core::time::Duration;

    /// A receiver whose clock is an hour ahead.
    const AHEAD: Duration = Duration::from_secs(3_600);

    fn feed(sent: &mut SentPackets, bytes: &[u8]) -> Vec<PacketFeedback> {
        let mut all = Vec::new();
        for raw in Compound::parse(bytes).unwrap().packets() {
            match Packet::parse(raw).unwrap() {
                Packet::TransportFeedback(feedback) => {
                    sent.transport_feedback(&feedback, |one| all.push(one))
                }
                Packet::CongestionFeedback(feedback) => {
                    sent.congestion_feedback(&feedback, |one| all.push(one))
                }
                other => panic!("{other:?}"),
            }
        }
        all
    }

    #[test]
    fn delays_survive_the_way_there_and_back() {
        let mut sent = SentPackets::new(100_000);
        let mut arrivals = Arrivals::new(ArrivalsConfig::default());
        let mut all = Vec::new();
        // 70,000 packets, one each millisecond: the number wraps, and so does nothing else. Every tenth is lost.
        for millis in 0..70_000u64 {
            let now = Instant::from_millis(millis);
            let sequence = sent.sent(now, 1, millis as u16, 1_200);
            if millis % 10 != 9 {
                arrivals.received(now + AHEAD + Duration::from_millis(20 + millis % 3), sequence as u16);
            }
            let mut out = Vec::new();
            while arrivals.poll(now + AHEAD, 1, 1, 1_200, &mut out) {
                all.extend(feed(&mut sent, &out));
                out.clear();
            }
        }
        let (arrived, lost): (Vec<PacketFeedback>, Vec<PacketFeedback>) =
            all.iter().copied().partition(|one| one.arrived.is_some());
        assert!(arrived.len() > 62_000 && lost.len() > 6_900);
        assert!(lost.iter().all(|one| one.sequence % 10 == 9));
        let first = arrived[0];
        for one in arrived {
            let difference = |a: Instant, b: Instant| a.as_nanos() as i64 - b.as_nanos() as i64;
            let there = difference(one.arrived.unwrap(), first.arrived.unwrap());
            let jitter = there - difference(one.sent, first.sent);
            assert_eq!(jitter, (one.sequence % 3) as i64 * 1_000_000);
        }
        assert_eq!(sent.stats().unknown, 0);
    }

    #[test]
    fn the_receivers_clock_may_wrap() {
        let mut sent = SentPackets::new(100);
        let mut all = Vec::new();
        let end = (1u64 << 32) - 2_000;
        for index in 0..10u64 {
            sent.sent(Instant::from_millis(index * 250), 1, 0, 100);
            let mut writer = crate::rtcp::TransportFeedbackWriter::default();
            let ticks = (end + index * 1_000) as i64;
            writer.begin(index as u16, ticks);
            assert!(writer.arrived(0, ticks, 500));
            let mut out = Vec::new();
            writer.write(&mut out, 1, 1, index as u8).unwrap();
            all.extend(feed(&mut sent, &out));
        }
        let times: Vec<_> = all.iter().map(|one| one.arrived.unwrap().as_millis()).collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 250), "{times:?}");
    }

    #[test]
    fn rfc8888_3_1_times_marks_and_what_is_unknown() {
        let mut sent = SentPackets::new(100);
        for number in 0..4 {
            sent.sent(Instant::from_millis(number), 7, number as u16, 1_000);
        }
        let blocks = [
            MetricBlock::arrived(Ecn::Ce, 1_024),
            MetricBlock { arrival: None },
            MetricBlock::arrived(Ecn::Ect1, MetricBlock::UNKNOWN),
            MetricBlock::arrived(Ecn::Ect1, 0),
            MetricBlock::arrived(Ecn::Ect1, 0),
        ];
        let mut out = Vec::new();
        let report = MetricReport { ssrc: 7, begin: 0, blocks: List::new(&blocks) };
        write_congestion_feedback(&mut out, 1, 5 << 16, [report]).unwrap();
        let all = feed(&mut sent, &out);
        let marks: Vec<_> = all.iter().map(|one| (one.sequence, one.arrived.is_some(), one.ecn)).collect();
        assert_eq!(marks, [(0, true, Ecn::Ce), (1, false, Ecn::NotEct), (3, true, Ecn::Ect1)]);
        assert_eq!(all[2].arrived.unwrap().since(all[0].arrived.unwrap()), Duration::from_secs(1));
        assert_eq!(sent.stats().unknown, 1);
        // Told again, it is no news.
        assert_eq!(feed(&mut sent, &out).len(), 1);
    }

    #[test]
    fn memory_is_bounded() {
        let mut sent = SentPackets::new(16);
        for number in 0..100_000u32 {
            sent.sent(Instant::ZERO, number % 3, number as u16, 1);
            assert!(sent.packets.len() <= 16 && sent.by_stream.len() <= 16);
        }
    }
}
