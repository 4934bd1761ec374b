//! How a connection ends, and misuse by the caller.

use crate::{Alert, AlertDescription};
use core::fmt;

/// Why the connection ended: whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The peer broke a rule.
    PeerMisbehaved(PeerMisbehaved),
    /// The peer keeps the rules, but there is nothing that both sides speak.
    PeerIncompatible(PeerIncompatible),
    /// The peer gave up and told why; the fault may be on either side.
    PeerAborted(AlertDescription),
    /// The peer did not answer in time.
    TimedOut,
    /// A limit on the use of one key was reached (RFC 6347 §4.1, RFC 9147 §4.5.3).
    KeyExhausted,
    /// The cryptographic provider failed.
    ProviderFailed,
}

/// A rule that the peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerMisbehaved {
    /// A handshake message that cannot be read.
    MalformedMessage,
    /// A handshake message that is larger than the limit. In clear anyone can claim that: there it ends the handshake only if
    /// that was not complete in time.
    OversizedMessage,
    /// A handshake message that does not belong here.
    UnexpectedMessage,
    /// A handshake message in the wrong epoch: Finished in clear, or others encrypted.
    WrongEpoch,
    /// Its certificate does not have the fingerprint that was signalled (RFC 8122 §6.2).
    FingerprintMismatch,
    /// No certificate, though one was requested (RFC 5763 §5).
    NoCertificate,
    /// A certificate that cannot be read.
    MalformedCertificate,
    /// A certificate that is not valid yet or any more, by the clock in the configuration (RFC 5280 §4.1.2.5).
    ExpiredCertificate,
    /// A signature that does not belong to its key and message.
    BadSignature,
    /// A Finished message that does not belong to this handshake.
    BadFinished,
    /// A key share that is no point of the group.
    BadKeyShare,
    /// It chose something that was not offered.
    SelectedUnoffered,
    /// RFC 5764 §4.1.1: it chose an SRTP profile that was not offered, or more than one.
    SelectedUnofferedSrtpProfile,
    /// RFC 5746 §3.4, §3.6: renegotiation information in a first handshake that is not empty.
    BadRenegotiationInfo,
    /// RFC 9147 §5.1: a cookie that we did not give out.
    BadCookie,
    /// RFC 8422 §5.1.2, §5.2: point formats without the uncompressed one, which everyone must read.
    NoUncompressedPoints,
    /// RFC 8446 §9.2: an extension that must be there is not.
    MissingExtension,
    /// RFC 8446 §4.2: an answer to an extension that we did not send.
    UnsolicitedExtension,
    /// RFC 8446 §4.2: an extension in a message that is not its own.
    MisplacedExtension,
    /// RFC 8446 §4.6.3: a KeyUpdate that says neither whether our keys shall change nor that they need not.
    BadKeyUpdate,
    /// RFC 9147 §5.3, §5.4: a field that DTLS 1.3 has for the sake of older versions only has another value than it must.
    BadLegacyField,
    /// RFC 8446 §4.1.3: it chose DTLS 1.2, though it knows 1.3 as we do: somebody has tampered with the hellos.
    Downgraded,
    /// RFC 8446 §4.1.4: a HelloRetryRequest that asks for nothing new, or a second one.
    UselessRetry,
    /// RFC 9147 §7.2: an ACK of a record whose keys come later than the ACK's.
    AcknowledgedFuture,
}

/// What both sides would have to agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PeerIncompatible {
    /// No common protocol version.
    Version,
    /// No common cipher suite.
    CipherSuite,
    /// No common group.
    Group,
    /// No common signature scheme.
    SignatureScheme,
    /// A certificate whose key we cannot use.
    Certificate,
    /// RFC 7627: no extended master secret, though the configuration requires it.
    ExtendedMasterSecret,
}

impl Error {
    /// What the peer is told; `None` if it told us, or does not listen.
    pub(crate) const fn alert(self, is_v13: bool) -> Option<Alert> {
        use AlertDescription as D;
        Some(Alert::fatal(match self {
            // RFC 8446 §4.4.2.4
            Self::PeerMisbehaved(PeerMisbehaved::NoCertificate) if is_v13 => D::CERTIFICATE_REQUIRED,
            Self::PeerMisbehaved(what) => what.alert(),
            Self::PeerIncompatible(what) => match what {
                PeerIncompatible::Version => D::PROTOCOL_VERSION,
                PeerIncompatible::Certificate => D::UNSUPPORTED_CERTIFICATE,
                _ => D::HANDSHAKE_FAILURE,
            },
            Self::ProviderFailed | Self::KeyExhausted => D::INTERNAL_ERROR,
            Self::PeerAborted(_) | Self::TimedOut => return None,
        }))
    }
}

impl PeerMisbehaved {
    const fn alert(self) -> AlertDescription {
        use AlertDescription as D;
        match self {
            Self::MalformedMessage => D::DECODE_ERROR,
            Self::UnexpectedMessage | Self::WrongEpoch => D::UNEXPECTED_MESSAGE,
            Self::MissingExtension => D::MISSING_EXTENSION,
            Self::UnsolicitedExtension => D::UNSUPPORTED_EXTENSION,
            // RFC 8122 §6.2
            Self::FingerprintMismatch | Self::MalformedCertificate => D::BAD_CERTIFICATE,
            Self::ExpiredCertificate => D::CERTIFICATE_EXPIRED,
            Self::BadSignature | Self::BadFinished => D::DECRYPT_ERROR,
            Self::NoCertificate | Self::BadRenegotiationInfo => D::HANDSHAKE_FAILURE,
            _ => D::ILLEGAL_PARAMETER,
        }
    }
}

impl From<PeerMisbehaved> for Error {
    fn from(what: PeerMisbehaved) -> Self {
        Self::PeerMisbehaved(what)
    }
}

impl From<PeerIncompatible> for Error {
    fn from(what: PeerIncompatible) -> Self {
        Self::PeerIncompatible(what)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerMisbehaved(what) => write!(f, "the peer misbehaved: {what:?}"),
            Self::PeerIncompatible(what) => write!(f, "nothing in common with the peer: {what:?}"),
            Self::PeerAborted(alert) => write!(f, "the peer sent a fatal alert: {alert:?}"),
            Self::TimedOut => f.write_str("the peer did not answer in time"),
            Self::KeyExhausted => f.write_str("a key was used as often as it may be"),
            Self::ProviderFailed => f.write_str("the cryptographic provider failed"),
        }
    }
}

impl core::error::Error for Error {}

/// What the caller did wrong. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// Not before [`Event::Connected`](crate::Event::Connected).
    NotConnected,
    /// The connection is closed.
    Closed,
    /// More than 2^14 bytes in one record (RFC 6347 §4.1).
    TooLong,
    /// The packet has less room than [`Connection::head_room`](crate::Connection::head_room).
    NoHeadRoom,
    /// The configuration names no cipher suite, group or SRTP profile that could be used.
    NothingToOffer,
    /// None of the fingerprints is SHA-256, SHA-384 or SHA-512.
    NoUsableFingerprint,
    /// RFC 5705 §4: the label belongs to TLS itself; or no key may be that long.
    BadExport,
    /// RFC 7627 §5.4: keys are not exported from a handshake without extended master secret.
    NoExtendedMasterSecret,
    /// DTLS 1.2 cannot do that.
    NotInThisVersion,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotConnected => "the connection is not established",
            Self::Closed => "the connection is closed",
            Self::TooLong => "the record is too long",
            Self::NoHeadRoom => "the packet has too little head room",
            Self::NothingToOffer => "the configuration leaves nothing to offer",
            Self::NoUsableFingerprint => "no fingerprint with a usable hash function",
            Self::NoExtendedMasterSecret => "the handshake had no extended master secret",
            Self::NotInThisVersion => "the version of the connection has no such thing",
            Self::BadExport => "the exporter's label or length is not allowed",
        })
    }
}

impl core::error::Error for Misuse {}
