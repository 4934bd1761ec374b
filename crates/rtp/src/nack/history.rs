//! The sender's side: packets that were sent, kept for a while, and sent again within bounds.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::Instant;

/// How a [`PacketHistory`] behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryConfig {
    /// Packets that are kept: 1,024.
    pub max_packets: usize,
    /// Bytes of payload that are kept: 2 MiB.
    pub max_bytes: usize,
    /// How often one packet is sent again: 10 times.
    pub max_resends: u8,
    /// Bytes that may be sent again within a second, whatever is asked for: 1 MiB. A storm of requests gets no more.
    pub max_resend_rate: usize,
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self { max_packets: 1_024, max_bytes: 2 << 20, max_resends: 10, max_resend_rate: 1 << 20 }
    }
}

impl HistoryConfig {
    /// For devices: 64 packets, 64 KiB, and as much again in a second.
    pub fn small() -> Self {
        Self { max_packets: 64, max_bytes: 64 << 10, max_resend_rate: 64 << 10, ..Self::default() }
    }
}

/// A packet as it was sent, without its header extensions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredPacket {
    /// Its sequence number.
    pub sequence_number: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// Its payload type.
    pub payload_type: u8,
    /// Its marker.
    pub marker: bool,
    /// Its payload.
    pub payload: Vec<u8>,
    /// When it was made.
    pub made: Instant,
    resends: u8,
    /// When it was sent last; never sent yet if it is still to leave.
    sent: Option<Instant>,
}

/// Why a packet is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not kept, or never was sent.
    Unknown,
    /// It was sent less than a round-trip time ago.
    TooSoon,
    /// It was sent often enough.
    TooOften,
    /// More was sent again within the last second than may be.
    Storm,
}

/// Counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct HistoryStats {
    /// Packets asked for.
    pub requested: u64,
    /// Packets sent again.
    pub resent: u64,
    /// Their bytes of payload.
    pub resent_bytes: u64,
    /// Requests that were refused.
    pub refused: u64,
}

/// The last packets of one stream. Its memory is used again: in steady state nothing is allocated.
#[derive(Clone, Debug)]
pub struct PacketHistory {
    config: HistoryConfig,
    packets: VecDeque<StoredPacket>,
    bytes: usize,
    spare: Vec<Vec<u8>>,
    rtt: Duration,
    /// Bytes that may be sent again at `filled`.
    allowance: usize,
    filled: Instant,
    stats: HistoryStats,
}

impl PacketHistory {
    /// Nothing was sent yet.
    pub const fn new(config: HistoryConfig) -> Self {
        Self {
            config,
            packets: VecDeque::new(),
            bytes: 0,
            spare: Vec::new(),
            rtt: Duration::ZERO,
            allowance: config.max_resend_rate,
            filled: Instant::ZERO,
            stats: HistoryStats { requested: 0, resent: 0, resent_bytes: 0, refused: 0 },
        }
    }

    /// Sets the round-trip time: nothing is sent twice within it.
    pub const fn set_rtt(&mut self, rtt: Duration) {
        self.rtt = rtt;
    }

    /// Counters.
    pub const fn stats(&self) -> HistoryStats {
        self.stats
    }

    /// Packets kept.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Whether none are kept.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Bytes of payload kept.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps a packet whose payload `write` appends; its number must follow the last one's.
    pub fn push(
        &mut self,
        now: Instant,
        sequence_number: u16,
        timestamp: u32,
        payload_type: u8,
        marker: bool,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> &StoredPacket {
        // Numbers do not follow after a change of the stream: what was before is of no use.
        if self.packets.back().is_some_and(|last| last.sequence_number.wrapping_add(1) != sequence_number) {
            while self.drop_oldest() {}
        }
        let mut payload = self.spare.pop().unwrap_or_default();
        payload.clear();
        write(&mut payload);
        self.bytes += payload.len();
        while self.packets.len() >= self.config.max_packets.max(1)
            || self.bytes > self.config.max_bytes && !self.packets.is_empty()
        {
            self.drop_oldest();
        }
        let sent = Some(now);
        let packet = StoredPacket {
            sequence_number,
            timestamp,
            payload_type,
            marker,
            payload,
            made: now,
            resends: 0,
            sent,
        };
        self.packets.push_back_mut(packet)
    }

    fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.packets.pop_front() else { return false };
        self.bytes -= oldest.payload.len();
        if self.spare.len() < 16 {
            self.spare.push(oldest.payload);
        }
        true
    }

    /// A packet that the receiver asks for, if it may be sent again now.
    pub fn request(&mut self, now: Instant, sequence_number: u16) -> Result<&StoredPacket, Refusal> {
        self.stats.requested += 1;
        let answer = self.allow(now, sequence_number);
        match answer {
            Ok(index) => self.packets.get(index).ok_or(Refusal::Unknown),
            Err(refusal) => {
                self.stats.refused += 1;
                Err(refusal)
            }
        }
    }

    fn allow(&mut self, now: Instant, sequence_number: u16) -> Result<usize, Refusal> {
        // Allowance fills up over a second.
        let rate = self.config.max_resend_rate;
        let filled =
            now.since(self.filled).as_micros().min(1_000_000) as usize * (rate / 1_000).max(1) / 1_000;
        if filled > 0 {
            self.allowance = (self.allowance + filled).min(rate);
            self.filled = now;
        }
        let first = self.packets.front().ok_or(Refusal::Unknown)?.sequence_number;
        let index = usize::from(sequence_number.wrapping_sub(first));
        let packet = self.packets.get_mut(index).ok_or(Refusal::Unknown)?;
        if packet.sent.is_some_and(|sent| packet.resends > 0 && now.since(sent) < self.rtt) {
            return Err(Refusal::TooSoon);
        }
        if packet.resends >= self.config.max_resends {
            return Err(Refusal::TooOften);
        }
        let len = packet.payload.len();
        self.allowance = self.allowance.checked_sub(len).ok_or(Refusal::Storm)?;
        packet.resends += 1;
        packet.sent = Some(now);
        self.stats.resent += 1;
        self.stats.resent_bytes += len as u64;
        Ok(index)
    }

    /// The packet kept under that number, without counting it as sent: for padding with what was sent already.
    pub fn get(&self, sequence_number: u16) -> Option<&StoredPacket> {
        let first = self.packets.front()?.sequence_number;
        self.packets.get(sequence_number.wrapping_sub(first).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(config: HistoryConfig, count: u16) -> PacketHistory {
        let mut history = PacketHistory::new(config);
        for index in 0..count {
            history.push(Instant::ZERO, 65_500u16.wrapping_add(index), 7, 96, false, |out| {
                out.resize(1_000, index as u8);
            });
        }
        history
    }

    #[test]
    fn what_is_kept_is_sent_again() {
        let mut history = filled(HistoryConfig::default(), 100);
        let packet = history.request(Instant::from_millis(5), 30).unwrap();
        assert_eq!((packet.sequence_number, packet.payload[0], packet.timestamp), (30, 66, 7));
        assert_eq!(history.request(Instant::from_millis(5), 64), Err(Refusal::Unknown));
        assert_eq!(history.request(Instant::from_millis(5), 65_499), Err(Refusal::Unknown));
        assert_eq!(history.stats().refused, 2);
    }

    #[test]
    fn not_twice_within_a_round_trip_and_not_without_end() {
        let config = HistoryConfig::default();
        let mut history = filled(config, 10);
        history.set_rtt(Duration::from_millis(50));
        for round in 0..u64::from(config.max_resends) {
            assert!(history.request(Instant::from_millis(round * 50), 65_505).is_ok());
            assert_eq!(history.request(Instant::from_millis(round * 50 + 49), 65_505), Err(Refusal::TooSoon));
        }
        assert_eq!(history.request(Instant::from_millis(900), 65_505), Err(Refusal::TooOften));
    }

    #[test]
    fn a_storm_gets_no_more_than_its_rate() {
        let config = HistoryConfig::small();
        let mut history = filled(config, 64);
        let seconds = 5;
        for millis in 0..seconds * 1_000 {
            for number in 0..64u16 {
                let _refused = history.request(Instant::from_millis(millis), 65_500u16.wrapping_add(number));
            }
        }
        // What the first second may take is there at once.
        let most = config.max_resend_rate as u64 * (seconds + 1);
        let stats = history.stats();
        assert!((most * 9 / 10..=most).contains(&stats.resent_bytes), "{stats:?}");
        assert!(stats.refused > 100_000);
    }

    #[test]
    fn memory_is_bounded_and_used_again() {
        let mut history = filled(HistoryConfig { max_bytes: 10_500, ..HistoryConfig::small() }, 200);
        assert_eq!((history.len(), history.bytes()), (10, 10_000));
        history.push(Instant::ZERO, 9, 7, 96, true, |out| out.push(1));
        assert_eq!(history.len(), 1, "the numbers jumped");
        assert_eq!(filled(HistoryConfig::small(), 200).len(), 64);
    }
}
