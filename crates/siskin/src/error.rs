//! Errors: what the caller can do something about, and what ended a connection.

use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;

/// Why an endpoint could not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BindError {
    /// The machine has no address that may be used: only loopback is up.
    NoAddress,
    /// No interface has that name.
    NoSuchInterface {
        /// The name asked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A socket could not be opened.
    Socket {
        /// Where.
        address: SocketAddr,
        /// What kind of failure: `AddrInUse`, `AddrNotAvailable`, …
        kind: ErrorKind,
        /// The system's words.
        reason: String,
    },
    /// The interfaces could not be listed, in the system's words.
    Interfaces(String),
    /// The operating system gave no randomness.
    Randomness,
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAddress => f.write_str("no network: no interface but loopback has a usable address"),
            Self::NoSuchInterface { name, known } => {
                write!(f, "no network interface is called {name}; there are: {}", known.join(", "))
            }
            Self::Socket { address, kind: ErrorKind::AddrInUse, .. } => {
                write!(f, "UDP port {} on {} is already in use", address.port(), address.ip())
            }
            Self::Socket { address, kind: ErrorKind::AddrNotAvailable, .. } => {
                write!(f, "{} is not an address of this machine", address.ip())
            }
            Self::Socket { address, reason, .. } => {
                write!(f, "cannot open a UDP socket on {address}: {reason}")
            }
            Self::Interfaces(reason) => write!(f, "cannot list the network interfaces: {reason}"),
            Self::Randomness => f.write_str("the operating system gave no random bytes"),
        }
    }
}

impl std::error::Error for BindError {}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// What webrtc-pc says about such a call; see [`siskin_peer::Error::name`].
    Peer(siskin_peer::Error),
    /// The task that drives the connections is gone, because its runtime is.
    Gone,
}

impl Error {
    /// The name that webrtc-pc gives it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Peer(error) => error.name(),
            Self::Gone => "InvalidStateError",
        }
    }

    pub(crate) fn closed() -> Self {
        siskin_peer::Error::InvalidState(siskin_peer::error::InvalidState::Closed).into()
    }

    pub(crate) fn channel_not_open() -> Self {
        siskin_peer::Error::InvalidState(siskin_peer::error::InvalidState::ChannelNotOpen).into()
    }

    pub(crate) fn message_too_large() -> Self {
        siskin_peer::Error::Type(siskin_peer::error::Type::MessageTooLarge).into()
    }
}

impl From<siskin_peer::Error> for Error {
    fn from(error: siskin_peer::Error) -> Self {
        Self::Peer(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(error) => error.fmt(f),
            Self::Gone => f.write_str("the runtime that drove the connection has ended"),
        }
    }
}

impl std::error::Error for Error {}
