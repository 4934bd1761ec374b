//! Limits and timers, each with its default.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;
use siskin_base::{BaseId, Path};
use siskin_crypto::Provider;

/// How an association behaves. The names are those of RFC 9260 §16 where it has one.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the cookie's HMAC comes from.
    pub provider: Provider,
    /// What [`Transmit`](siskin_base::Transmit) names; SCTP itself has one path and does not look at it.
    pub path: Path,
    /// Both ports. Over DTLS they come from `a=sctp-port`; 5000.
    pub local_port: u16,
    /// See `local_port`.
    pub remote_port: u16,
    /// Largest SCTP packet in bytes, without DTLS, UDP and IP headers: 1191, as in browsers. At least 508.
    // RFC 9260 §7.3, RFC 8261 §4, RFC 8831 §5: discovery of the path MTU: not done, because a probe needs the don't-fragment
    // bit all the way down; RFC 8261 §5 has 1200 bytes as the safe value without it.
    pub max_datagram: usize,
    /// Streams that we send on and accept: 65535. They cost nothing until used, and then about 60 bytes.
    pub max_streams: u16,
    /// Receive window: 5 MiB. What the user has not taken yet counts, with 64 bytes for each message.
    pub receive_window: u32,
    /// Longest message that is accepted, in bytes: 1 MiB. Must not exceed the receive window.
    pub max_receive_message: usize,
    /// Longest message that may be sent, in bytes: 256 KiB until the peer's limit is known.
    pub max_send_message: usize,
    /// User bytes that may wait to be sent, with 64 for each message: 16 MiB. One message always fits.
    pub send_buffer: usize,
    /// Ranges of TSNs above a gap that are kept: 1024.
    pub max_gap_ranges: usize,
    /// Congestion window at the start, in bytes; `None` is RFC 9260 §7.2.1's.
    pub initial_cwnd: Option<usize>,
    /// The congestion window never grows beyond this: 16 MiB.
    pub max_cwnd: usize,
    /// Packets that a SACK may release beyond what it acknowledged (Max.Burst): 4.
    pub max_burst: usize,
    // RFC 9260 §16: 1 s, 1 s and 60 s for RTO.Initial, RTO.Min and RTO.Max, 8 for Max.Init.Retransmits: not done, because ICE has
    // measured that the path is alive and short, and its consent ends the association sooner than a minute's timer.
    /// RTO.Initial: 500 ms.
    pub rto_initial: Duration,
    /// RTO.Min: 400 ms, which leaves the peer time for a delayed SACK.
    pub rto_min: Duration,
    /// RTO.Max: 10 s. Beyond that the path below is dead for ICE.
    pub rto_max: Duration,
    /// SACK.Delay: 200 ms.
    pub sack_delay: Duration,
    /// HB.Interval on an idle association, added to the RTO: 30 s; `None` sends none.
    pub heartbeat_interval: Option<Duration>,
    /// Association.Max.Retrans, for DATA and the chunks that shut down: 10.
    pub max_retransmits: u32,
    /// Max.Init.Retransmits, for INIT, and again for COOKIE ECHO: 8.
    pub max_init_retransmits: u32,
    /// Valid.Cookie.Life: 60 s.
    pub cookie_life: Duration,
    /// Offer to accept packets with a checksum of zero, and send such to a peer that offers the same (RFC 9653): false.
    /// Only for an association over DTLS, which protects them better.
    pub zero_checksum: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            provider: siskin_crypto::rustcrypto(),
            path: Path::udp(BaseId(0), SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0)),
            local_port: 5000,
            remote_port: 5000,
            max_datagram: 1191,
            max_streams: 65535,
            receive_window: 5 << 20,
            max_receive_message: 1 << 20,
            max_send_message: 256 << 10,
            send_buffer: 16 << 20,
            max_gap_ranges: 1024,
            initial_cwnd: None,
            max_cwnd: 16 << 20,
            max_burst: 4,
            rto_initial: Duration::from_millis(500),
            rto_min: Duration::from_millis(400),
            rto_max: Duration::from_secs(10),
            sack_delay: Duration::from_millis(200),
            heartbeat_interval: Some(Duration::from_secs(30)),
            max_retransmits: 10,
            max_init_retransmits: 8,
            cookie_life: Duration::from_secs(60),
            zero_checksum: false,
        }
    }
}

impl Config {
    /// For devices: windows and buffers of 64 KiB, messages up to 16 KiB, 256 streams.
    pub fn small() -> Self {
        Self {
            max_streams: 256,
            receive_window: 64 << 10,
            max_receive_message: 16 << 10,
            max_send_message: 16 << 10,
            send_buffer: 64 << 10,
            max_gap_ranges: 32,
            max_cwnd: 64 << 10,
            ..Self::default()
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        if self.max_datagram < MIN_DATAGRAM || self.max_datagram > usize::from(u16::MAX) {
            return Err(ConfigError::MaxDatagram);
        }
        if self.receive_window < MIN_WINDOW || self.max_receive_message > self.receive_window as usize {
            return Err(ConfigError::ReceiveWindow);
        }
        if self.max_streams == 0 {
            return Err(ConfigError::Streams);
        }
        if self.rto_min > self.rto_max || self.rto_min.is_zero() || self.rto_initial.is_zero() {
            return Err(ConfigError::Rto);
        }
        if self.sack_delay > MAX_SACK_DELAY {
            return Err(ConfigError::SackDelay);
        }
        Ok(())
    }
}

/// What every IPv4 host takes in (RFC 1122 §3.3.2: 576 bytes), less the longest IP header and UDP's.
pub(crate) const MIN_DATAGRAM: usize = 508;

/// RFC 9260 §3.3.2: no receive window is smaller.
pub(crate) const MIN_WINDOW: u32 = 1500;

/// RFC 9260 §6.2: must not be larger.
const MAX_SACK_DELAY: Duration = Duration::from_millis(500);

/// A configuration that cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// `max_datagram` is below 508 or above 65535 bytes.
    MaxDatagram,
    /// `receive_window` is below 1500 bytes or below `max_receive_message`.
    ReceiveWindow,
    /// `max_streams` is 0.
    Streams,
    /// A retransmission timeout is zero, or RTO.Min is above RTO.Max.
    Rto,
    /// `sack_delay` is above 500 ms.
    SackDelay,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaxDatagram => "max_datagram must be 508 to 65535 bytes",
            Self::ReceiveWindow => "receive_window must be at least 1500 bytes and max_receive_message",
            Self::Streams => "max_streams must not be 0",
            Self::Rto => "retransmission timeouts must not be zero, nor rto_min above rto_max",
            Self::SackDelay => "sack_delay must not be above 500 ms",
        })
    }
}

impl core::error::Error for ConfigError {}
