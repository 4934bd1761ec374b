//! Counters and gauges.

use core::time::Duration;

/// What an association has done and how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// SCTP packets sent.
    pub packets_sent: u64,
    /// SCTP packets received that were well-formed and ours.
    pub packets_received: u64,
    /// Packets and chunks dropped: bad checksum, wrong tag or port, malformed, or out of place.
    pub dropped: u64,
    /// Bytes of SCTP packets sent.
    pub bytes_sent: u64,
    /// Bytes of SCTP packets received.
    pub bytes_received: u64,
    /// Messages taken from the user.
    pub messages_sent: u64,
    /// Messages handed to the user.
    pub messages_received: u64,
    /// DATA chunks sent again.
    pub chunks_retransmitted: u64,
    /// User bytes in them.
    pub bytes_retransmitted: u64,
    /// Smoothed round-trip time.
    pub srtt: Option<Duration>,
    /// Retransmission timeout.
    pub rto: Duration,
    /// Congestion window, in bytes.
    pub cwnd: usize,
    /// The peer's receive window less what is in flight, in bytes.
    pub peer_window: usize,
    /// Bytes of DATA chunks in flight.
    pub flight: usize,
    /// User bytes that were not sent yet.
    pub buffered: usize,
    /// Largest SCTP packet, in bytes.
    pub max_datagram: usize,
}
