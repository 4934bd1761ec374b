//! A stream that we send: its numbers, and what the other side reports of it.

use crate::rtcp::{List, NtpTime, ReportBlock, SenderReport};
use crate::wire::Header;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Instant, Rng};

/// A stream that we send.
#[derive(Clone, Debug)]
pub struct Sender {
    pub(super) ssrc: u32,
    pub(super) clock_rate: u32,
    sequence_number: u16,
    timestamp_offset: u32,
    /// The last timestamp that was sent, and when.
    last: Option<(u32, Instant)>,
    packets: u64,
    octets: u64,
    /// Packets at the last two sender reports, the newest last.
    reported_packets: [u64; 2],
    /// Whether anything was ever sent under its SSRC.
    pub(super) spoken: bool,
    pub(super) stats: SenderStats,
    pub(super) fir: Option<(u32, u8)>,
}

/// What is known of a stream that we send. What the other side reports is as of its last report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SenderStats {
    /// `packetsSent`.
    pub packets_sent: u64,
    /// `bytesSent`: payload, without headers and padding.
    pub bytes_sent: u64,
    /// `nackCount`: NACK packets that came.
    pub nacks: u64,
    /// `pliCount`.
    pub plis: u64,
    /// `firCount`: those that were new.
    pub firs: u64,
    /// Reports that came (`roundTripTimeMeasurements` counts those with a round trip).
    pub reports: u64,
    /// `packetsLost` there.
    pub remote_lost: i32,
    /// `fractionLost` there, in 1/256.
    pub remote_fraction_lost: u8,
    /// `jitter` there, in ticks.
    pub remote_jitter: u32,
    /// The highest sequence number there, with its turns.
    pub remote_highest: u32,
    /// `roundTripTime`.
    pub round_trip: Option<Duration>,
    /// `totalRoundTripTime`.
    pub total_round_trip: Duration,
    /// `roundTripTimeMeasurements`.
    pub round_trips: u64,
}

impl Sender {
    pub(super) fn new(ssrc: u32, clock_rate: u32, rng: &mut Rng) -> Self {
        // RFC 3550 §5.1: both begin anywhere; below 2^15, so that SRTP's rollover counter is not guessed wrongly at once.
        let sequence_number = (rng.u32() & 0x7fff) as u16;
        Self {
            ssrc,
            clock_rate,
            sequence_number,
            timestamp_offset: rng.u32(),
            last: None,
            packets: 0,
            octets: 0,
            reported_packets: [0; 2],
            spoken: false,
            stats: SenderStats::default(),
            fir: None,
        }
    }

    /// Its SSRC.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// What is known of it.
    pub const fn stats(&self) -> SenderStats {
        self.stats
    }

    /// Another payload format with another clock is sent from now on.
    pub const fn set_clock_rate(&mut self, clock_rate: u32) {
        self.clock_rate = clock_rate;
    }

    /// The number that the next packet gets.
    pub const fn next_sequence_number(&self) -> u16 {
        self.sequence_number
    }

    // RFC 3550 §6.4.1: packets transmitted until now: not done, because who paces packets gives them numbers before they wait,
    // and what waits is counted, too; it leaves within a fraction of a second.
    /// The header of the next packet, which is counted as sent. `media_time` is in ticks from a start of the caller's; the
    /// stream's random offset is added.
    pub fn packet(
        &mut self,
        now: Instant,
        media_time: u32,
        payload_type: u8,
        marker: bool,
        payload: usize,
    ) -> Header<'static> {
        let timestamp = media_time.wrapping_add(self.timestamp_offset);
        self.last = Some((timestamp, now));
        self.numbered(timestamp, payload_type, marker, payload)
    }

    /// The header of the next packet with a timestamp as it stands: for a retransmission, whose timestamp is that of the
    /// original (RFC 4588 §4); `made` is when that was made.
    pub fn retransmission(
        &mut self,
        made: Instant,
        timestamp: u32,
        payload_type: u8,
        marker: bool,
        payload: usize,
    ) -> Header<'static> {
        // RFC 3550 §6.4.1: reports on this stream map timestamps to time as those on the original's do.
        self.last = Some((timestamp, made));
        self.numbered(timestamp, payload_type, marker, payload)
    }

    fn numbered(
        &mut self,
        timestamp: u32,
        payload_type: u8,
        marker: bool,
        payload: usize,
    ) -> Header<'static> {
        let sequence_number = self.sequence_number;
        self.sequence_number = sequence_number.wrapping_add(1);
        self.packets += 1;
        self.spoken = true;
        self.octets += payload as u64;
        self.stats.packets_sent = self.packets;
        self.stats.bytes_sent = self.octets;
        Header { marker, payload_type, sequence_number, timestamp, ssrc: self.ssrc, csrcs: &[] }
    }

    /// Whether it sent anything since its last report or the one before (RFC 3550 §6.4).
    pub(super) const fn is_active(&self) -> bool {
        let [before, _] = self.reported_packets;
        self.packets > before
    }

    /// Takes another SSRC, and new numbers with it (RFC 3550 §8.2); counters begin anew.
    pub(super) fn renew(&mut self, ssrc: u32, rng: &mut Rng) {
        *self = Self::new(ssrc, self.clock_rate, rng);
    }

    /// Appends its sender report (RFC 3550 §6.4.1).
    pub(super) fn report(
        &mut self,
        now: Instant,
        ntp: NtpTime,
        blocks: &[ReportBlock],
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let [_, last] = self.reported_packets;
        self.reported_packets = [last, self.packets];
        let (last, at) = self.last.unwrap_or((self.timestamp_offset, now));
        // The timestamp of this very moment, going on from the last packet's.
        let since = now.since(at).as_nanos() * u128::from(self.clock_rate) / 1_000_000_000;
        let report = SenderReport {
            ssrc: self.ssrc,
            ntp,
            rtp_timestamp: last.wrapping_add(since as u32),
            packet_count: self.packets as u32,
            octet_count: self.octets as u32,
            blocks: List::new(blocks),
            extension: &[],
        };
        report.write(out)
    }

    /// Takes what the other side says of it; `middle` is our civil time in the middle 32 bits of NTP's.
    pub(super) fn reported(&mut self, block: &ReportBlock, middle: u32) {
        self.stats.reports += 1;
        self.stats.remote_lost = block.cumulative_lost;
        self.stats.remote_fraction_lost = block.fraction_lost;
        self.stats.remote_jitter = block.jitter;
        self.stats.remote_highest = block.highest_sequence;
        if let Some(round_trip) = round_trip(middle, block.last_sr, block.delay_since_last_sr) {
            self.stats.round_trip = Some(round_trip);
            self.stats.total_round_trip = self.stats.total_round_trip.saturating_add(round_trip);
            self.stats.round_trips += 1;
        }
    }
}

/// The round trip that an answer tells (RFC 3550 §6.4.1, figure 2): `None` if there was nothing to answer, or if it is
/// negative or longer than any: more than 30 s.
pub(super) fn round_trip(now: u32, last: u32, delay: u32) -> Option<Duration> {
    if last == 0 {
        return None;
    }
    let ticks = now.wrapping_sub(last).wrapping_sub(delay);
    (ticks < 30 << 16).then(|| Duration::from_nanos((u64::from(ticks) * 1_000_000_000) >> 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3550_6_4_1_figure_2() {
        // 6.125 s, as in the figure: 0xb710_8000 less 0xb705_2000 less 0x0005_4000.
        assert_eq!(round_trip(0xb710_8000, 0xb705_2000, 0x0005_4000), Some(Duration::from_millis(6_125)));
        assert_eq!(round_trip(5, 0, 0), None);
        assert_eq!(round_trip(5 << 16, 5 << 16, 1), None, "negative");
    }
}
