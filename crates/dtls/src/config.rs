//! What a connection is made from.

use crate::{CipherSuite, ProtocolVersion};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;
use siskin_base::{Path, SrtpProfile, WallClock};
use siskin_crypto::{Certificate, NamedGroup, Provider};

/// Who speaks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `a=setup:active`.
    Client,
    /// `a=setup:passive`.
    Server,
}

/// What a connection is made from. [`Config::new`] gives the defaults named at each field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The primitives.
    pub provider: Provider,
    /// Who we are.
    pub certificate: Arc<Certificate>,
    /// Client or server.
    pub role: Role,
    /// Goes into every [`Transmit`](siskin_base::Transmit).
    pub path: Path,
    /// What we speak, the preferred one first; as a server, our order decides. A version without a suite or group is
    /// left out. Default: DTLS 1.3, then 1.2.
    pub versions: Vec<ProtocolVersion>,
    /// Suites, the preferred one first; as a server, our order decides. Suites with an RSA key serve to talk
    /// to servers that have one, and are left out where the provider cannot verify RSA.
    pub cipher_suites: Vec<CipherSuite>,
    /// Groups for the key exchange, the preferred one first; those that the provider lacks are left out. The first
    /// hello brings a key share of the first one, and if that is a hybrid, of a classical one as well. In DTLS 1.2 a
    /// client must name the curve of the server's certificate, which is P-256 or P-384, too (RFC 8422 §5.1).
    pub groups: Vec<NamedGroup>,
    /// SRTP profiles, the preferred one first; as a server, our order decides. Default: none, no SRTP.
    pub srtp_profiles: Vec<SrtpProfile>,
    /// Whether a peer without extended master secret (RFC 7627) is refused. Default: yes.
    pub require_extended_master_secret: bool,
    /// As a server, whether the client must first show that it gets what we send (RFC 6347 §4.2.1, RFC 9147 §5.1).
    /// Default: no, since ICE has shown it already; who serves without ICE should turn it on.
    // RFC 9147 §5.1: by default, and no more than three times what the client has sent before it has shown it: not done, because
    // of that.
    pub cookie_exchange: bool,
    /// The wall clock by which a peer's certificate must be within its validity. Default: none, it is not looked at.
    // RFC 5280 §6.1.3: dates by default: not done, because a self-signed certificate that is known by its fingerprint gains
    // nothing by its dates (RFC 8122 §6.2); Chromium and Firefox compare the fingerprint only, too.
    pub certificate_clock: Option<WallClock>,
    /// The connection ID that the peer shall put into its records (RFC 9146, RFC 9147 §9), at most 255 bytes; with an empty
    /// one we put the peer's into ours, and want none ourselves. Default: none is negotiated.
    // RFC 9147 §5.1: offered, empty, by default: not done, because in WebRTC ICE says whose a datagram is, and no browser
    // takes part.
    pub connection_id: Option<Vec<u8>>,
    /// Largest datagram to send in the handshake, bytes of UDP payload. Default: 1200.
    pub max_datagram: usize,
    /// How long a flight waits for its answer before it is first sent again; doubled each time. Default: 250 ms.
    // RFC 6347 §4.2.4.1, RFC 9147 §5.8.2: not done, because with a first timer of 1 s a lost first flight costs a second of silence, where
    // paths checked by ICE answer within 200 ms; browsers start at 50 ms and send twice on most mobile paths.
    pub retransmit_initial: Duration,
    /// Ceiling of the doubling. Default: 60 s (RFC 6347 §4.2.4.1).
    pub retransmit_max: Duration,
    /// How long the handshake may take, from the first datagram sent or received. Default: 30 s.
    pub handshake_timeout: Duration,
    /// Bounds on memory and on the use of keys.
    pub limits: Limits,
    /// Whether [`poll_observation`](crate::Connection::poll_observation) yields handshake messages, states and drops.
    /// Default: no.
    pub observe: bool,
    /// Whether it yields secrets for a key log. Default: no.
    pub key_log: bool,
}

impl Config {
    /// The defaults, for servers and browsers.
    pub fn new(provider: Provider, certificate: Arc<Certificate>, role: Role, path: Path) -> Self {
        Self {
            provider,
            certificate,
            role,
            path,
            versions: vec![ProtocolVersion::DTLS1_3, ProtocolVersion::DTLS1_2],
            cipher_suites: CipherSuite::ALL.to_vec(),
            groups: vec![
                NamedGroup::X25519MLKEM768,
                NamedGroup::X25519,
                NamedGroup::SECP256R1,
                NamedGroup::SECP384R1,
            ],
            srtp_profiles: Vec::new(),
            require_extended_master_secret: true,
            cookie_exchange: false,
            certificate_clock: None,
            connection_id: None,
            max_datagram: 1200,
            retransmit_initial: Duration::from_millis(250),
            retransmit_max: Duration::from_secs(60),
            handshake_timeout: Duration::from_secs(30),
            limits: Limits::default(),
            observe: false,
            key_log: false,
        }
    }

    /// The same with [`Limits::small`].
    pub fn small(self) -> Self {
        Self { limits: Limits::small(), ..self }
    }
}

/// Bounds on what a peer can make us hold, and on how long a key lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Largest handshake message accepted, in bytes. Default 32 KiB, small 4 KiB.
    pub handshake_message: usize,
    /// Handshake messages being put together, in bytes, all in all. Default 64 KiB, small 8 KiB.
    pub reassembly: usize,
    /// Records of the next epoch, and data before the connection is established, that are kept: how many of each.
    /// Default 32, small 4.
    pub early_records: usize,
    /// The same in bytes. Default 32 KiB, small 4 KiB.
    pub early_bytes: usize,
    /// Observations that wait to be polled; the oldest go first. Default 1024, small 16.
    pub observations: usize,
    /// Records sealed with one key before the connection ends. Default 2^48 − 1, which is all that the sequence number
    /// can count. In DTLS 1.3 the limit of the AEAD holds as well (RFC 8446 §5.5), and keys are changed well before.
    pub sealed: u64,
    /// Records that could not be opened with one key before the connection ends. Default 2^36 (RFC 9147 §4.5.3).
    pub forged: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake_message: 32 << 10,
            reassembly: 64 << 10,
            early_records: 32,
            early_bytes: 32 << 10,
            observations: 1024,
            sealed: (1 << 48) - 1,
            forged: 1 << 36,
        }
    }
}

impl Limits {
    /// For devices with little memory.
    pub fn small() -> Self {
        Self {
            handshake_message: 4 << 10,
            reassembly: 8 << 10,
            early_records: 4,
            early_bytes: 4 << 10,
            observations: 16,
            ..Self::default()
        }
    }
}
