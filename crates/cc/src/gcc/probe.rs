//! Probes: a short train, faster than what is sent, shows whether the path carries it. Not in the draft.

use super::config::Config;
use crate::{Probe, Rate};
use alloc::collections::VecDeque;
use core::time::Duration;
use siskin_base::{Instant, PacketFeedback};

/// Hundredths of the start rate at which the first two probes leave.
const FIRST: [u32; 2] = [300, 600];
/// Hundredths of what the last probe showed at which the next one leaves.
const NEXT: u32 = 200;
/// What a probe must show, in hundredths of its own rate, for another to follow.
const GOOD: u32 = 70;
/// How long a probe lasts, and how many packets it has at least.
const LENGTH: Duration = Duration::from_millis(20);
const PACKETS: u32 = 5;
/// A probe of which nothing comes back within this is over.
const PATIENCE: Duration = Duration::from_secs(2);
/// Probes that are under way at once.
const MOST: usize = 8;
/// Packets of probes that are remembered.
const MOST_PACKETS: usize = 512;

/// A probe that is under way.
#[derive(Clone, Debug)]
struct Cluster {
    probe: Probe,
    began: Instant,
    packets: u32,
    bytes: u64,
    /// Earliest and latest, in ns: when packets left and arrived, with the size of the packet at the end that does not count.
    sent: Option<(i64, i64, u64)>,
    arrived: Option<(i64, i64, u64)>,
}

#[derive(Clone, Debug)]
pub(super) struct Prober {
    queued: VecDeque<Probe>,
    clusters: VecDeque<Cluster>,
    /// Sequence numbers of packets of probes, in order, with the probe's.
    packets: VecDeque<(u64, u32)>,
    next_id: u32,
    /// Whether each good probe is followed by a faster one.
    exploring: bool,
    last: Option<Instant>,
    pub(super) sent: u64,
    pub(super) results: u64,
}

impl Prober {
    pub(super) fn new(config: &Config) -> Self {
        let mut prober = Self {
            queued: VecDeque::new(),
            clusters: VecDeque::new(),
            packets: VecDeque::new(),
            next_id: 0,
            exploring: true,
            last: None,
            sent: 0,
            results: 0,
        };
        if config.probing {
            FIRST.iter().for_each(|percent| prober.queue(config.start.percent(*percent), config.max));
        }
        prober
    }

    fn queue(&mut self, rate: Rate, most: Rate) {
        if self.queued.len() < MOST {
            let rate = rate.min(most);
            let bytes = rate.bytes_in(LENGTH).max(1_000);
            self.queued.push_back(Probe { id: self.next_id, rate, bytes, packets: PACKETS });
            self.next_id = self.next_id.wrapping_add(1);
        }
    }

    /// Asks for one more, up to twice that rate.
    pub(super) fn again(&mut self, target: Rate, most: Rate) {
        if self.queued.is_empty() && self.clusters.is_empty() {
            self.exploring = true;
            self.queue(target.percent(NEXT), most);
        }
    }

    /// Gives up what was planned: the path is full.
    pub(super) fn stop(&mut self) {
        self.queued.clear();
        self.exploring = false;
    }

    /// When the last one left.
    pub(super) const fn last(&self) -> Option<Instant> {
        self.last
    }

    pub(super) fn poll(&mut self, now: Instant) -> Option<Probe> {
        // One after the other, so that each finds an empty queue.
        if self.clusters.back().is_some_and(|cluster| now.since(cluster.began) < 3 * LENGTH) {
            return None;
        }
        let probe = self.queued.pop_front()?;
        if self.clusters.len() >= MOST {
            self.clusters.pop_front();
        }
        self.clusters.push_back(Cluster {
            probe,
            began: now,
            packets: 0,
            bytes: 0,
            sent: None,
            arrived: None,
        });
        self.last = Some(now);
        self.sent += 1;
        Some(probe)
    }

    /// When the next one may leave, or one is over.
    pub(super) fn timeout(&self) -> Option<Instant> {
        let last = self.clusters.back().map(|cluster| cluster.began + 3 * LENGTH);
        let over = self.clusters.front().map(|cluster| cluster.began + PATIENCE);
        if self.queued.is_empty() { over } else { last }
    }

    pub(super) fn expire(&mut self, now: Instant) {
        while self.clusters.front().is_some_and(|cluster| now.since(cluster.began) >= PATIENCE) {
            self.clusters.pop_front();
        }
    }

    pub(super) fn sent(&mut self, sequence: u64, probe: u32) {
        if self.packets.back().is_some_and(|(last, _)| *last >= sequence) {
            return;
        }
        if self.packets.len() >= MOST_PACKETS {
            self.packets.pop_front();
        }
        self.packets.push_back((sequence, probe));
    }

    /// Takes a packet that arrived; what its probe shows, as soon as enough of it arrived.
    pub(super) fn arrived(
        &mut self,
        one: &PacketFeedback,
        sent: i64,
        arrived: i64,
        most: Rate,
    ) -> Option<Rate> {
        let at = self.packets.binary_search_by_key(&one.sequence, |(sequence, _)| *sequence).ok()?;
        let (_, id) = self.packets.get(at).copied()?;
        let index = self.clusters.iter().position(|cluster| cluster.probe.id == id)?;
        let cluster = self.clusters.get_mut(index)?;
        let size = one.size as u64;
        cluster.packets = cluster.packets.saturating_add(1).min(PACKETS * 100);
        cluster.bytes = cluster.bytes.saturating_add(size);
        cluster.sent = Some(match cluster.sent {
            None => (sent, sent, size),
            Some((first, last, of_last)) if sent < last => (first.min(sent), last, of_last),
            Some((first, _, _)) => (first, sent, size),
        });
        cluster.arrived = Some(match cluster.arrived {
            None => (arrived, arrived, size),
            Some((first, last, _)) if arrived < first => (arrived, last, size),
            Some((first, last, of_first)) => (first, last.max(arrived), of_first),
        });
        let probe = cluster.probe;
        let enough = cluster.packets * 5 >= probe.packets * 4 && cluster.bytes >= probe.bytes / 5 * 4;
        let shown = enough.then(|| cluster.shown()).flatten()?;
        self.clusters.remove(index);
        self.results += 1;
        if self.exploring && shown >= probe.rate.percent(GOOD) && probe.rate < most {
            self.queue(shown.percent(NEXT), most);
        }
        Some(shown)
    }
}

impl Cluster {
    /// The rate that arrived, if it can be: the slower of both ends.
    fn shown(&self) -> Option<Rate> {
        let (first_sent, last_sent, of_last) = self.sent?;
        let (first_arrived, last_arrived, of_first) = self.arrived?;
        let rate = |bytes: u64, from: i64, to: i64| {
            let nanos = to.checked_sub(from).filter(|nanos| (500_000..1_000_000_000).contains(nanos))?;
            Some(bytes as f64 * 8.0 * 1e9 / nanos as f64)
        };
        let sent = rate(self.bytes.saturating_sub(of_last), first_sent, last_sent)?;
        let arrived = rate(self.bytes.saturating_sub(of_first), first_arrived, last_arrived)?;
        // They cannot arrive twice as fast as they left.
        if arrived > 2.0 * sent {
            return None;
        }
        // Where they were held up, this is all that the path carries: a little less leaves no queue.
        Some(Rate::from_f64(if arrived < 0.9 * sent { 0.95 * arrived } else { sent.min(arrived) }))
    }
}
