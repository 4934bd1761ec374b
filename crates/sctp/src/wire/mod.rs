//! What the bytes of an SCTP packet mean (RFC 9260 §3); nothing here has a state or a clock.
//!
//! [`Packet`] checks the common header and walks over chunks; each chunk has a file of its own with `parse` and `write`
//! side by side. Values borrow from the datagram.
#![deny(clippy::indexing_slicing)]

mod abort;
mod causes;
mod chunk;
mod cookie;
mod data;
mod forward_tsn;
mod heartbeat;
mod init;
mod packet;
mod padded;
mod params;
mod reconfig;
mod sack;
mod shutdown;

pub use abort::{Abort, ErrorChunk};
pub use causes::{Cause, CauseCode, Causes};
pub use chunk::{Chunk, ChunkType, Chunks, RawChunk, UnknownAction};
pub use cookie::{CookieAck, CookieEcho};
pub use data::{Data, DataFlags};
pub use forward_tsn::{ForwardTsn, SkippedStream};
pub use heartbeat::{Heartbeat, HeartbeatAck};
pub use init::{Init, InitAck};
pub use packet::{COMMON_HEADER_LEN, Packet, seal, write_header};
pub use params::{Param, ParamType, Params};
pub use reconfig::{IncomingReset, OutgoingReset, ReConfig, ReConfigParam, ReConfigResponse, ReConfigResult};
pub use sack::{GapBlock, Sack};
pub use shutdown::{Shutdown, ShutdownAck, ShutdownComplete};

pub(crate) use chunk::{begin_chunk, end_chunk};
pub(crate) use params::put_param;

use core::fmt;
use siskin_base::wire::Truncated;

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// The bytes end before the value does.
    Truncated,
    /// A length field contradicts the bytes or the format.
    BadLength,
    /// The checksum does not fit the bytes (RFC 9260 §6.8).
    BadChecksum,
    /// A DATA chunk without user data (RFC 9260 §6.2).
    NoUserData,
    /// Not a chunk or parameter of this type.
    WrongType,
}

impl From<Truncated> for ParseError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the input ends too early",
            Self::BadLength => "a length field contradicts the bytes",
            Self::BadChecksum => "the checksum is wrong",
            Self::NoUserData => "a DATA chunk without user data",
            Self::WrongType => "another type than expected",
        })
    }
}

impl core::error::Error for ParseError {}
