//! ICE candidates as both SDP and the ICE agent see them.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, SocketAddr};

/// A transport address that a peer may be reached at (RFC 8839 §5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Equal for candidates of the same kind, base address and server; 1 to 32 ice-chars.
    pub foundation: String,
    /// 1 for RTP and for everything multiplexed with it, 2 for RTCP.
    pub component: u16,
    /// Datagrams or a stream; others are kept by name.
    pub transport: CandidateTransport,
    /// Higher is better (RFC 8445 §5.1.2).
    pub priority: u32,
    /// Where to send.
    pub address: CandidateAddress,
    /// The port; 9 for an active TCP candidate.
    pub port: u16,
    /// How it was learned.
    pub kind: CandidateKind,
    /// The base of a reflexive or relayed candidate, for diagnosis only.
    pub related: Option<(CandidateAddress, u16)>,
    /// Set for TCP candidates (RFC 6544 §4.5).
    pub tcp_type: Option<TcpType>,
    /// Everything behind, name and value in order: `ufrag`, `generation`, `network-id` and whatever comes.
    pub extensions: Vec<(String, String)>,
}

impl Candidate {
    /// The socket address, unless it is a name still to be resolved.
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self.address {
            CandidateAddress::Ip(ip) => Some(SocketAddr::new(ip, self.port)),
            CandidateAddress::Name(_) => None,
        }
    }

    /// The value of the extension `name`.
    pub fn extension(&self, name: &str) -> Option<&str> {
        self.extensions.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A candidate's address: a number, or a name to be resolved (mDNS `.local` names from browsers).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CandidateAddress {
    /// An IPv4 or IPv6 address.
    Ip(IpAddr),
    /// A fully qualified name.
    Name(String),
}

impl fmt::Display for CandidateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A candidate's transport protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CandidateTransport {
    /// Datagrams.
    Udp,
    /// A stream (RFC 6544).
    Tcp,
    /// Something we do not speak.
    Other(String),
}

/// How a candidate was learned (RFC 8445 §5.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CandidateKind {
    /// An address of the machine's own.
    Host,
    /// What a STUN server saw.
    ServerReflexive,
    /// What the other peer saw.
    PeerReflexive,
    /// An address on a TURN server.
    Relayed,
    /// Something we do not know.
    Other(String),
}

/// Who opens the connection (RFC 6544 §4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpType {
    /// Opens connections.
    Active,
    /// Waits for connections.
    Passive,
    /// Both at once.
    SimultaneousOpen,
}
