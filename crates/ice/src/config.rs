//! What a caller may choose, and what it may do wrong.

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;
use siskin_crypto::Provider;
use siskin_stun::Timing;
use siskin_stun::wire::AttributeType;

/// The agent's settings and limits.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where hashes come from.
    pub provider: Provider,
    /// Be a lite agent: answer checks, send none (RFC 8445 §2.5). Default: no.
    pub lite: bool,
    /// Ta, the time between two new checks once the burst is used up (RFC 8445 §14.2). Default: 50 ms. Whoever sets another
    /// value tells the peer of it (`a=ice-pacing`).
    pub ta: Duration,
    /// How many new checks may go out at once before Ta holds them back; triggered checks have as many again.
    /// Default: 5.
    pub burst: u32,
    /// Retransmission of checks and of requests to STUN servers (RFC 8489 §6.2.1). Default: 500 ms, 7, 16.
    pub timing: Timing,
    /// How long the agent does not give up, whatever fails (RFC 8863 §4). Default: 39.5 s.
    pub patience: Duration,
    /// How long a controlling agent waits for a better pair after the first valid one. Default: 100 ms.
    pub nomination_wait: Duration,
    /// Between two requests for consent, ± 20 % (RFC 7675 §5.1). Less than 5 s counts as 5 s. Default: 5 s.
    pub consent_interval: Duration,
    /// How long consent lasts after a response (RFC 7675 §5.1). More than 30 s counts as 30 s. Default: 30 s.
    pub consent_expiry: Duration,
    /// How long no response may come before the state is `Disconnected`. Default: 10 s.
    pub disconnected_after: Duration,
    /// How long a STUN server may take before gathering goes on without it. Default: 5 s.
    pub gathering_timeout: Duration,
    /// Local candidates kept, peer-reflexive ones included. Default: 32.
    pub max_local_candidates: usize,
    /// Remote candidates kept, peer-reflexive ones included, of each session: a restart keeps the session before it until
    /// the new one has a pair. Default: 100.
    pub max_remote_candidates: usize,
    /// Candidate pairs kept (RFC 8445 §6.1.2.5), of each session. Default: 100.
    pub max_pairs: usize,
    /// STUN servers asked. Default: 8.
    pub max_servers: usize,
    /// Responses waiting to be sent. Default: 64.
    pub max_responses: usize,
    /// Error responses per second to requests that nobody authenticated. Default: 10.
    pub max_unauthenticated_errors: u32,
    /// Attributes of the peer that become [`Event::PeerAttributes`](crate::Event::PeerAttributes). Default: none.
    pub watched_attributes: Vec<AttributeType>,
    /// Whether observations are made. Default: no.
    pub observe: bool,
}

impl Config {
    /// For browsers and servers.
    pub fn new(provider: Provider) -> Self {
        Self {
            provider,
            lite: false,
            ta: Duration::from_millis(50),
            burst: 5,
            timing: Timing::default(),
            patience: Timing::default().total(),
            nomination_wait: Duration::from_millis(100),
            consent_interval: Duration::from_secs(5),
            consent_expiry: Duration::from_secs(30),
            disconnected_after: Duration::from_secs(10),
            gathering_timeout: Duration::from_secs(5),
            max_local_candidates: 32,
            max_remote_candidates: 100,
            max_pairs: 100,
            max_servers: 8,
            max_responses: 64,
            max_unauthenticated_errors: 10,
            watched_attributes: Vec::new(),
            observe: false,
        }
    }

    /// For devices with little memory: 4 local and 12 remote candidates, 16 pairs, 2 servers, 8 waiting responses.
    pub fn small(provider: Provider) -> Self {
        Self {
            burst: 2,
            max_local_candidates: 4,
            max_remote_candidates: 12,
            max_pairs: 16,
            max_servers: 2,
            max_responses: 8,
            max_unauthenticated_errors: 2,
            ..Self::new(provider)
        }
    }
}

/// What the caller did wrong; the agent is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The agent is closed.
    Closed,
    /// A username fragment has 4 to 256 ice-chars, a password 22 to 256 (RFC 8839 §5.4).
    BadCredentials,
    /// The peer's credentials may change only after a restart.
    RestartRequired,
    /// The base is known already.
    DuplicateBase,
    /// There is no such base.
    UnknownBase,
    /// Not an address that a peer could send to.
    BadAddress,
    /// A limit of the configuration is reached.
    LimitReached,
    /// The attributes to carry do not fit into one datagram: 1,100 bytes are allowed.
    TooLarge,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the agent is closed",
            Self::BadCredentials => "a username fragment has 4 to 256 ice-chars, a password 22 to 256",
            Self::RestartRequired => "the peer's credentials may change only after a restart",
            Self::DuplicateBase => "the base is known already",
            Self::UnknownBase => "there is no such base",
            Self::BadAddress => "not an address that a peer could send to",
            Self::LimitReached => "a limit of the configuration is reached",
            Self::TooLarge => "the attributes to carry exceed 1100 bytes",
        })
    }
}

impl core::error::Error for Misuse {}
