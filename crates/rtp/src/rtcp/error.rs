//! Why bytes are not RTCP.

use core::fmt;
use siskin_base::wire::Truncated;

/// Why a datagram or a packet in it cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// It ends before its header says, or has no header.
    Truncated,
    /// Not version 2.
    Version,
    /// Padding elsewhere than at the end, or of an impossible length (RFC 3550 §6.4.1).
    Padding,
    /// The content is not what its type says.
    Malformed,
}

impl From<Truncated> for ParseError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the RTCP packet ends too early",
            Self::Version => "not RTCP version 2",
            Self::Padding => "RTCP padding where or as it must not be",
            Self::Malformed => "the content of the RTCP packet is not what its type says",
        })
    }
}

impl core::error::Error for ParseError {}
