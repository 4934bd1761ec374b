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
