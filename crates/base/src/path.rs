//! Where a datagram comes from and goes to.

use crate::Instant;
use core::fmt;
use core::net::SocketAddr;
use core::num::NonZeroU16;

/// What a packet leaves from: a socket, or an allocation on a TURN server. The driver numbers its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaseId(pub u32);

/// How bytes travel from a base to the remote address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// Datagrams.
    Udp,
    /// A stream, each packet behind a 16-bit length (RFC 4571).
    Tcp,
}

/// A base, a protocol and the remote address: what other stacks call a 5-tuple.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// The local end.
    pub base: BaseId,
    /// Datagrams or a stream.
    pub protocol: Protocol,
    /// The remote end.
    pub remote: SocketAddr,
}

impl Path {
    /// A datagram path from `base` to `remote`.
    pub const fn udp(base: BaseId, remote: SocketAddr) -> Self {
        Self { base, protocol: Protocol::Udp, remote }
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:?}>{}", self.base.0, self.protocol, self.remote)
    }
}

/// Explicit congestion notification, the two low bits of the IP traffic class (RFC 3168 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Ecn {
    /// The sender's transport does not understand ECN.
    #[default]
    NotEct,
    /// Understands ECN and asks for low-latency treatment (RFC 9331).
    Ect1,
    /// Understands ECN.
    Ect0,
    /// Congestion was met on the way.
    Ce,
}

/// A datagram as it came in. An engine opens it in place.
#[derive(Debug)]
pub struct Received<'a> {
    /// The way it came.
    pub path: Path,
    /// When it arrived, from the kernel where it tells.
    pub arrived: Instant,
    /// The network's congestion mark.
    pub ecn: Ecn,
    /// The bytes; an engine may decrypt them where they are.
    pub datagram: &'a mut [u8],
}

/// Where and how the bytes just written to a [`Packet`](crate::Packet) are to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// The way to send it.
    pub path: Path,
    /// The mark to set.
    pub ecn: Ecn,
    /// If set, the bytes are a train of datagrams of this size each, the last one possibly shorter.
    pub segment_size: Option<NonZeroU16>,
}

impl Transmit {
    /// One datagram on `path`, not ECN-capable.
    pub const fn single(path: Path) -> Self {
        Self { path, ecn: Ecn::NotEct, segment_size: None }
    }
}
