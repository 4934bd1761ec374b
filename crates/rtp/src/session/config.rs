//! Limits and timers, each with its default; what is misuse; what is counted.

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use siskin_base::WallClock;

/// How a [`Session`](super::Session) behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// What names this end across all its streams (RFC 3550 §6.5.1, RFC 7022): at most 255 bytes. Empty makes a random
    /// one of 24 letters.
    pub cname: Vec<u8>,
    /// Civil time, for sender reports. Without it they count from 1970 at the start of [`Instant`](siskin_base::Instant),
    /// and remote ends cannot synchronise streams with other machines'.
    pub wall_clock: Option<WallClock>,
    /// RTCP's share of the session: 50,000 bit/s, which is 5 % of 1 Mbit/s (RFC 3550 §6.2).
    pub rtcp_bandwidth: u64,
    /// The least time between two reports (`trr-int` of RFC 4585 §3.5): 1 s, drawn anew between half and one and a half of it
    /// each time.
    pub report_interval: Duration,
    /// Feedback goes without reports (RFC 5506), if `a=rtcp-rsize` was negotiated: true.
    pub reduced_size: bool,
    /// Bytes of one RTCP datagram, without SRTCP's: 1,150. At least 600.
    pub max_datagram: usize,
    /// Streams that we send: 64.
    pub max_senders: usize,
    /// Streams that we receive: 256. One more takes the place of one that is silent, or is refused.
    pub max_receivers: usize,
    /// Packets that a new source must show in order: 1, because SRTP vouches for each. Without SRTP: 2 (RFC 3550 A.1).
    pub in_order: u8,
    /// A source is silent after this many report intervals, each of at least a second, without anything from it: 5
    /// (RFC 3550 §6.3.5).
    pub timeout_intervals: u32,
    /// Feedback that waits to be sent: 512 packets that are missing, and 64 requests of other kinds.
    pub max_nacks: usize,
    /// Events that wait: 1,024. What is over is dropped and counted.
    pub max_events: usize,
    /// Reports carry our clock while we receive and send nothing, so that we learn the round trip all the same (RFC 3611
    /// §4.4), if the other side said `a=rtcp-xr:rcvr-rtt`: false. Its clock is answered at any rate.
    pub receiver_reference_time: bool,
    /// Packets kept for feedback on every packet: 8,192.
    pub max_sent: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            cname: Vec::new(),
            wall_clock: None,
            rtcp_bandwidth: 50_000,
            report_interval: Duration::from_secs(1),
            reduced_size: true,
            max_datagram: 1_150,
            max_senders: 64,
            max_receivers: 256,
            in_order: 1,
            timeout_intervals: 5,
            max_nacks: 512,
            max_events: 1_024,
            receiver_reference_time: false,
            max_sent: 8_192,
        }
    }
}

impl Config {
    /// For devices: 4 streams each way, 64 events, 512 packets kept.
    pub fn small() -> Self {
        Self {
            max_senders: 4,
            max_receivers: 4,
            max_nacks: 64,
            max_events: 64,
            max_sent: 512,
            ..Self::default()
        }
    }
}

/// A stream that we are to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderConfig {
    /// Its SSRC, if it was signalled; else a random one.
    pub ssrc: Option<u32>,
    /// Ticks of its timestamps in a second.
    pub clock_rate: u32,
}

/// What the caller did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// As many streams as the configuration allows.
    TooMany,
    /// The SSRC is in use.
    SsrcInUse,
    /// No such stream.
    UnknownStream,
    /// The session was closed.
    Closed,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooMany => "as many streams as the configuration allows",
            Self::SsrcInUse => "the SSRC is in use",
            Self::UnknownStream => "no such stream",
            Self::Closed => "the session is closed",
        })
    }
}

impl core::error::Error for Misuse {}

/// Counters of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SessionStats {
    /// RTCP datagrams that came.
    pub rtcp_received: u64,
    /// RTCP datagrams that could not be read at all.
    pub rtcp_malformed: u64,
    /// RTCP packets, in datagrams that could be read, that could not be.
    pub rtcp_packets_malformed: u64,
    /// RTCP packets of unknown types.
    pub rtcp_packets_unknown: u64,
    /// RTCP datagrams written.
    pub rtcp_sent: u64,
    /// Streams that were refused because there are too many.
    pub receivers_refused: u64,
    /// Streams that made place for others.
    pub receivers_evicted: u64,
    /// Events that were dropped because too many waited.
    pub events_dropped: u64,
    /// Feedback that was dropped because too much waited.
    pub feedback_dropped: u64,
}
