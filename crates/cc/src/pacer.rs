//! The pacer: packets leave one by one, no faster than they should, the urgent ones first.

use crate::{Probe, Rate, Rates};
use alloc::collections::VecDeque;
use core::time::Duration;
use siskin_base::{Instant, earliest};

/// What a packet is, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Sound: leaves at once, and counts.
    Audio,
    /// A packet that was lost, once more.
    Retransmission,
    /// Pictures.
    Video,
}

/// Limits, each with its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacerConfig {
    /// Packets that wait: 4,096.
    pub max_packets: usize,
    /// Bytes that wait: 8 MiB.
    pub max_bytes: usize,
    /// Packets leave faster than the rate, if else the last one waited longer than this: 2 s.
    pub max_delay: Duration,
    /// What leaves at one instant is no more than the rate makes in this: 5 ms, but a packet at least.
    pub burst: Duration,
    /// Whether padding can be sent, to fill up probes: true.
    pub padding: bool,
    /// Bytes of a packet of padding: 1,000.
    pub padding_size: usize,
}

impl Default for PacerConfig {
    fn default() -> Self {
        Self {
            max_packets: 4_096,
            max_bytes: 8 << 20,
            max_delay: Duration::from_secs(2),
            burst: Duration::from_millis(5),
            padding: true,
            padding_size: 1_000,
        }
    }
}

impl PacerConfig {
    /// For devices: 128 packets, 128 KiB.
    pub fn small() -> Self {
        Self { max_packets: 128, max_bytes: 128 << 10, ..Self::default() }
    }
}

/// What is to leave now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready<T> {
    /// A packet, and the probe that it is part of.
    Packet {
        /// As it was put in.
        packet: T,
        /// As it was put in.
        kind: Kind,
        /// As it was put in.
        size: usize,
        /// For [`Sent::probe`](crate::Sent::probe).
        probe: Option<u32>,
    },
    /// A packet of padding, or an old packet again, of about so many bytes: for a probe. It is counted as sent.
    Padding {
        /// Bytes.
        size: usize,
        /// For [`Sent::probe`](crate::Sent::probe).
        probe: u32,
    },
}

impl<T> Ready<T> {
    /// Its bytes.
    pub const fn size(&self) -> usize {
        match self {
            Self::Packet { size, .. } | Self::Padding { size, .. } => *size,
        }
    }

    /// The probe that it is part of: for [`Sent::probe`](crate::Sent::probe).
    pub const fn probe(&self) -> Option<u32> {
        match self {
            Self::Packet { probe, .. } => *probe,
            Self::Padding { probe, .. } => Some(*probe),
        }
    }
}

/// Counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct PacerStats {
    /// Packets that left.
    pub sent: u64,
    /// Bytes of packets that left.
    pub bytes: u64,
    /// Bytes of padding.
    pub padding: u64,
    /// Packets that found no place.
    pub refused: u64,
    /// The time that packets waited, all together.
    pub waited: Duration,
}

/// Holds packets back until it is their turn. `T` is the packet, or a handle of it.
#[derive(Clone, Debug)]
pub struct Pacer<T> {
    config: PacerConfig,
    rates: Rates,
    /// By kind, each in order.
    queues: [VecDeque<Waiting<T>>; 3],
    packets: usize,
    bytes: usize,
    /// Bytes that left ahead of the rate, as of `updated`.
    debt: u64,
    updated: Instant,
    probe: Option<Progress>,
    stats: PacerStats,
}

#[derive(Clone, Debug)]
struct Waiting<T> {
    packet: T,
    size: usize,
    since: Instant,
}

/// A probe that is being sent.
#[derive(Clone, Copy, Debug)]
struct Progress {
    probe: Probe,
    began: Option<Instant>,
    packets: u32,
    bytes: u64,
}

/// A probe that packets do not fill within this is given up.
const PROBE_PATIENCE: Duration = Duration::from_secs(1);

impl<T> Pacer<T> {
    /// Nothing waits.
    pub fn new(config: PacerConfig, rates: Rates, now: Instant) -> Self {
        Self {
            config,
            rates,
            queues: core::array::from_fn(|_| VecDeque::new()),
            packets: 0,
            bytes: 0,
            debt: 0,
            updated: now,
            probe: None,
            stats: PacerStats::default(),
        }
    }

    /// Counters.
    pub const fn stats(&self) -> PacerStats {
        self.stats
    }

    /// Packets that wait.
    pub const fn len(&self) -> usize {
        self.packets
    }

    /// Whether nothing waits.
    pub const fn is_empty(&self) -> bool {
        self.packets == 0
    }

    /// Bytes that wait.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How long the last packet that waits still has to.
    pub fn delay(&self) -> Duration {
        self.rate().time_for(self.bytes as u64).unwrap_or(self.config.max_delay)
    }

    /// Says whether padding can be sent, to fill up probes.
    pub const fn set_padding(&mut self, padding: bool) {
        self.config.padding = padding;
    }

    /// What the estimator says now ([`Estimator::rates`](crate::Estimator::rates)).
    pub fn set_rates(&mut self, now: Instant, rates: Rates) {
        self.settle(now);
        self.rates = rates;
    }

    /// Sends a probe; one that was being sent is given up.
    pub fn start_probe(&mut self, now: Instant, probe: Probe) {
        self.settle(now);
        self.probe = Some(Progress { probe, began: None, packets: 0, bytes: 0 });
    }

    /// Takes a packet of so many bytes.
    ///
    /// # Errors
    /// Gives it back if as many wait as may. What is left of its picture is then of no use: better drop it, too.
    pub fn push(&mut self, now: Instant, kind: Kind, size: usize, packet: T) -> Result<(), T> {
        if self.packets >= self.config.max_packets || self.bytes.saturating_add(size) > self.config.max_bytes
        {
            self.stats.refused += 1;
            return Err(packet);
        }
        let [audio, retransmissions, video] = &mut self.queues;
        let queue = match kind {
            Kind::Audio => audio,
            Kind::Retransmission => retransmissions,
            Kind::Video => video,
        };
        queue.push_back(Waiting { packet, size, since: now });
        self.packets += 1;
        self.bytes += size;
        Ok(())
    }

    /// Drops the packets that `keep` does not want any more: those of a stream that ended, or of pictures that are too late.
    pub fn retain(&mut self, mut keep: impl FnMut(Kind, &T) -> bool) {
        for (kind, queue) in
            [Kind::Audio, Kind::Retransmission, Kind::Video].into_iter().zip(&mut self.queues)
        {
            queue.retain(|waiting| keep(kind, &waiting.packet));
        }
        self.packets = self.queues.iter().map(VecDeque::len).sum();
        self.bytes = self.queues.iter().flatten().map(|waiting| waiting.size).sum();
    }

    /// What may leave now; again until there is nothing.
    pub fn poll_transmit(&mut self, now: Instant) -> Option<Ready<T>> {
        self.settle(now);
        self.give_up_probe(now);
        let audio = self.queues.first().is_some_and(|queue| !queue.is_empty());
        if let Some(progress) = self.probe {
            if audio || self.probe_due(&progress).is_none_or(|due| due <= now) {
                return self.next(now).or_else(|| self.padding(now));
            }
            return None;
        }
        if audio || self.is_due() { self.next(now) } else { None }
    }

    /// Lets time pass; what is due then comes from [`poll_transmit`](Self::poll_transmit).
    pub fn handle_timeout(&mut self, now: Instant) {
        self.settle(now);
    }

    /// When something may leave; `None` is never.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let waits = !self.is_empty();
        if self.queues.first().is_some_and(|queue| !queue.is_empty()) {
            return Some(self.updated);
        }
        if let Some(progress) = &self.probe {
            if !waits && !self.can_pad() {
                return progress.began.map(|began| began + PROBE_PATIENCE);
            }
            // The first packet of it starts it.
            return Some(self.probe_due(progress).unwrap_or(self.updated));
        }
        let rate = self.rate();
        let over = (self.debt + 1).saturating_sub(self.burst());
        let drained = if over == 0 { Some(Duration::ZERO) } else { rate.time_for(over) };
        earliest(None, drained.filter(|_| waits).map(|time| self.updated + time))
    }

    /// The rate at which packets leave.
    fn rate(&self) -> Rate {
        let nanos = self.config.max_delay.as_nanos().max(1);
        let needed = (self.bytes as u128).saturating_mul(8_000_000_000) / nanos;
        self.rates.pacing.max(Rate::from_bps(u64::try_from(needed).unwrap_or(u64::MAX)))
    }

    fn burst(&self) -> u64 {
        self.rate().bytes_in(self.config.burst).max(1)
    }

    fn is_due(&self) -> bool {
        self.debt < self.burst()
    }

    /// Lets the time since the last call pay.
    fn settle(&mut self, now: Instant) {
        if now > self.updated {
            let paid = self.rate().bytes_in(now.since(self.updated));
            // So that calls in quick succession pay, too.
            if paid > 0 || self.debt == 0 {
                self.debt = self.debt.saturating_sub(paid);
                self.updated = now;
            }
        }
    }

    /// When the next packet of a probe leaves; `None` before the first.
    fn probe_due(&self, progress: &Progress) -> Option<Instant> {
        Some(progress.began? + progress.probe.rate.time_for(progress.bytes)?)
    }

    fn give_up_probe(&mut self, now: Instant) {
        let late =
            |progress: &Progress| progress.began.is_some_and(|began| now.since(began) >= PROBE_PATIENCE);
        if self.probe.as_ref().is_some_and(late) {
            self.probe = None;
        }
    }

    fn next(&mut self, now: Instant) -> Option<Ready<T>> {
        let kinds = [Kind::Audio, Kind::Retransmission, Kind::Video];
        let (kind, waiting) = kinds
            .into_iter()
            .zip(&mut self.queues)
            .find_map(|(kind, queue)| Some((kind, queue.pop_front()?)))?;
        self.packets = self.packets.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(waiting.size);
        let probe = self.left(now, waiting.size);
        self.stats.sent += 1;
        self.stats.bytes += waiting.size as u64;
        self.stats.waited = self.stats.waited.saturating_add(now.since(waiting.since));
        Some(Ready::Packet { packet: waiting.packet, kind, size: waiting.size, probe })
    }

    /// A path that nothing was sent on yet gets no padding.
    const fn can_pad(&self) -> bool {
        self.config.padding && self.stats.sent > 0
    }

    fn padding(&mut self, now: Instant) -> Option<Ready<T>> {
        if !self.can_pad() {
            return None;
        }
        let size = self.config.padding_size.max(1);
        let probe = self.left(now, size)?;
        self.stats.padding += size as u64;
        Some(Ready::Padding { size, probe })
    }

    /// Counts what leaves; the probe that it is part of.
    fn left(&mut self, now: Instant, size: usize) -> Option<u32> {
        self.debt = self.debt.saturating_add(size as u64);
        let progress = self.probe.as_mut()?;
        progress.began.get_or_insert(now);
        progress.packets += 1;
        progress.bytes = progress.bytes.saturating_add(size as u64);
        let probe = progress.probe;
        if progress.packets >= probe.packets && progress.bytes >= probe.bytes {
            self.probe = None;
            // What a probe sends is not paid back by media.
            self.debt = self.debt.min(self.burst());
        }
        Some(probe.id)
    }
}

#[cfg(test)]
mod tests;
