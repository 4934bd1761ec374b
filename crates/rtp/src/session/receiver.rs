//! A stream that we receive: what came of it, and what its sender says.

use super::jitter::Jitter;
use super::sequence::{SequenceTracker, Verdict};
use crate::rtcp::{NtpTime, ReportBlock, SenderReport};
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Instant, RtpHeader};

/// A stream that we receive.
#[derive(Clone, Debug)]
pub struct Receiver {
    pub(super) ssrc: u32,
    tracker: SequenceTracker,
    jitter: Jitter,
    /// The last sender report: the middle of its NTP time, and when it came.
    last_sr: Option<(u32, Instant)>,
    /// The clock of ours that was answered last.
    answered: Option<u32>,
    pub(super) heard: Instant,
    /// Something came since our last report.
    pub(super) fresh: bool,
    pub(super) cname: Vec<u8>,
    stats: ReceiverStats,
}

/// What is known of a stream that we receive.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
#[non_exhaustive]
pub struct ReceiverStats {
    /// `packetsReceived`.
    pub packets_received: u64,
    /// `bytesReceived`: payload, without headers and padding.
    pub bytes_received: u64,
    /// `headerBytesReceived`: headers and padding.
    pub header_bytes_received: u64,
    /// `packetsLost`.
    pub packets_lost: i64,
    /// `jitter`, in seconds.
    pub jitter: f64,
    /// Packets whose numbers were far from where the stream is.
    pub out_of_range: u64,
    /// How often the stream began anew.
    pub restarts: u64,
    /// Timestamps that jumped by more than five seconds.
    pub timestamp_jumps: u64,
    /// `lastPacketReceivedTimestamp`.
    pub last_packet: Option<Instant>,
    /// `reportsSent` of the remote sender: its sender reports that came.
    pub reports: u64,
    /// `packetsSent` there.
    pub remote_packets: u32,
    /// `bytesSent` there.
    pub remote_bytes: u32,
    /// `remoteTimestamp` of its last sender report.
    pub remote_ntp: Option<NtpTime>,
    /// The timestamp in it.
    pub remote_rtp_timestamp: u32,
    /// `roundTripTime` of the remote sender, by RFC 3611.
    pub round_trip: Option<Duration>,
    /// `totalRoundTripTime` there.
    pub total_round_trip: Duration,
    /// `roundTripTimeMeasurements` there.
    pub round_trips: u64,
}

/// A packet that belongs to its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its extended sequence number, for loss repair and the jitter buffer.
    pub sequence: u64,
    /// The stream began anew: what was there before is of no use.
    pub restarted: bool,
}

/// Why a packet is not for anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejected {
    /// There are too many streams.
    TooManyStreams,
    /// Its source must first show a few packets in order.
    Probation,
    /// Its number is far from where the stream is.
    OutOfRange,
    /// It bears the SSRC of a stream of ours.
    Collision,
    /// Its padding is longer than the packet.
    Malformed,
}

impl Receiver {
    pub(super) fn new(now: Instant, ssrc: u32, clock_rate: u32, in_order: u8) -> Self {
        Self {
            ssrc,
            tracker: SequenceTracker::new(in_order),
            jitter: Jitter::new(if clock_rate == 0 { ANY_CLOCK } else { clock_rate }),
            last_sr: None,
            answered: None,
            heard: now,
            fresh: false,
            cname: Vec::new(),
            stats: ReceiverStats::default(),
        }
    }

    /// Its SSRC.
    pub const fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Its canonical name, once it was told.
    pub fn cname(&self) -> Option<&[u8]> {
        Some(self.cname.as_slice()).filter(|cname| !cname.is_empty())
    }

    /// What is known of it.
    pub fn stats(&self) -> ReceiverStats {
        ReceiverStats {
            packets_lost: self.tracker.lost(),
            jitter: self.jitter.seconds(),
            timestamp_jumps: self.jitter.jumps,
            ..self.stats
        }
    }

    pub(super) fn packet(
        &mut self,
        now: Instant,
        header: &RtpHeader<'_>,
        clock_rate: u32,
        len: usize,
        payload: usize,
    ) -> Result<Accepted, Rejected> {
        self.heard = now;
        let (sequence, restarted) = match self.tracker.update(header.sequence_number) {
            Verdict::Valid(sequence) => (sequence, false),
            Verdict::Restarted(sequence) => (sequence, true),
            Verdict::Probation => return Err(Rejected::Probation),
            Verdict::OutOfRange => {
                self.stats.out_of_range += 1;
                return Err(Rejected::OutOfRange);
            }
        };
        self.stats.restarts += u64::from(restarted);
        self.jitter.set_clock_rate(clock_rate);
        self.jitter.update(now, header.timestamp);
        self.count(now, len, payload);
        Ok(Accepted { sequence, restarted })
    }

    fn count(&mut self, now: Instant, len: usize, payload: usize) {
        self.fresh = true;
        self.stats.packets_received += 1;
        self.stats.bytes_received += payload as u64;
        self.stats.header_bytes_received += len.saturating_sub(payload) as u64;
        self.stats.last_packet = Some(now);
    }

    /// Whether a packet with this number is newer than all that came.
    pub fn is_ahead(&self, number: u16) -> bool {
        self.tracker.widen(number).is_some_and(|extended| extended > self.tracker.newest())
    }

    /// The extended number of a packet of this stream that came as a retransmission.
    pub fn extended(&self, number: u16) -> Option<u64> {
        self.tracker.widen(number)
    }

    pub(super) fn sender_report(&mut self, now: Instant, report: &SenderReport<'_>) {
        self.heard = now;
        self.last_sr = Some((report.ntp.middle(), now));
        self.stats.reports += 1;
        self.stats.remote_packets = report.packet_count;
        self.stats.remote_bytes = report.octet_count;
        self.stats.remote_ntp = Some(report.ntp);
        self.stats.remote_rtp_timestamp = report.rtp_timestamp;
    }

    /// Takes the answer to a clock of ours, once.
    pub(super) fn answered(&mut self, clock: u32, round_trip: Duration) {
        if self.answered.replace(clock) != Some(clock) {
            self.stats.round_trip = Some(round_trip);
            self.stats.total_round_trip = self.stats.total_round_trip.saturating_add(round_trip);
            self.stats.round_trips += 1;
        }
    }

    /// Our report on it (RFC 3550 §6.4.1).
    pub(super) fn block(&mut self, now: Instant) -> ReportBlock {
        self.fresh = false;
        let lost = self.tracker.lost().clamp(-0x80_0000, 0x7f_ffff) as i32;
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: self.tracker.fraction_lost(),
            cumulative_lost: lost,
            highest_sequence: self.tracker.highest(),
            jitter: self.jitter.value(),
            last_sr: self.last_sr.map_or(0, |(middle, _)| middle),
            delay_since_last_sr: self.last_sr.map_or(0, |(_, at)| middle_ticks(now.since(at))),
        }
    }
}

/// The clock of a stream that nobody knows: video's.
const ANY_CLOCK: u32 = 90_000;

/// In 1/65,536 s.
pub(super) fn middle_ticks(duration: Duration) -> u32 {
    u32::try_from((duration.as_nanos() << 16) / 1_000_000_000).unwrap_or(u32::MAX)
}
