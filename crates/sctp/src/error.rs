//! Errors, sorted by whose fault they are.

use crate::wire::CauseCode;
use core::fmt;

/// Why an association ended otherwise than by a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke a rule; it was sent an ABORT.
    PeerMisbehaved(PeerMisbehaved),
    /// The peer cannot do what we need; it was sent an ABORT.
    PeerIncompatible(PeerIncompatible),
    /// The peer sent an ABORT, with its first cause if it gave one.
    // RFC 9260 §9.1: the upper layer's abort reason made available: not done, because errors are `Copy` and hold no text.
    PeerAborted(Option<CauseCode>),
    /// The peer stopped answering.
    TimedOut,
}

/// Rules that a peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerMisbehaved {
    /// RFC 9260 §3.3.1: a DATA chunk must hold user data.
    EmptyData,
    /// A message is longer than we said that we accept (RFC 8841 §6, `a=max-message-size`).
    MessageTooLong,
    /// RFC 9260 §5.1: INIT ACK must hold a state cookie.
    NoCookie,
    /// RFC 9260 §3.3.2, §3.3.3: the initiate tag must not be 0.
    ZeroTag,
    /// RFC 9260 §3.3.2, §3.3.3: there must be a stream each way.
    NoStreams,
    /// RFC 9260 §3.3.2, §3.3.3: the receive window must be 1500 bytes or more.
    SmallWindow,
    /// RFC 9260 §3.3.2.1.4: a host name address must not be sent.
    HostName,
}

/// What a peer cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerIncompatible {
    /// A remote INIT that came by signalling could not be read.
    BadInit,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerMisbehaved(rule) => write!(f, "the SCTP peer misbehaved: {rule:?}"),
            Self::PeerIncompatible(what) => write!(f, "the SCTP peer is incompatible: {what:?}"),
            Self::PeerAborted(Some(cause)) => write!(f, "the SCTP peer aborted: {cause:?}"),
            Self::PeerAborted(None) => f.write_str("the SCTP peer aborted"),
            Self::TimedOut => f.write_str("the SCTP peer stopped answering"),
        }
    }
}

impl core::error::Error for Error {}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// SCTP has no empty messages; RFC 8831 §6.6 sends one byte with another protocol identifier instead.
    Empty,
    /// Longer than [`Config::max_send_message`](crate::Config).
    TooLong,
    /// Beyond the streams that both sides agreed on.
    NoSuchStream,
    /// The stream is being reset.
    StreamResetting,
    /// No room; [`Event::Sendable`](crate::Event) says when there is.
    BufferFull,
    /// The association is shutting down or over.
    Closed,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an SCTP message cannot be empty",
            Self::TooLong => "the message is longer than the peer accepts",
            Self::NoSuchStream => "the stream is beyond those agreed on",
            Self::StreamResetting => "the stream is being reset",
            Self::BufferFull => "the send buffer is full",
            Self::Closed => "the association is closed",
        })
    }
}

impl core::error::Error for SendError {}

/// A command that does not fit the association's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// It was opened before.
    AlreadyStarted,
    /// It is over.
    Closed,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyStarted => "the association was opened before",
            Self::Closed => "the association is closed",
        })
    }
}

impl core::error::Error for Misuse {}
