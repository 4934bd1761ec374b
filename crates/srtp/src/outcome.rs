//! What can become of a packet, and what is counted.

use alloc::vec::Vec;
use core::fmt;
use siskin_base::RtpHeaderError;

/// Why a context could not be made or changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// An SRTP protection profile that this crate does not have.
    UnknownProfile,
    /// A key or salt of the wrong length for the suite.
    WrongKeyLength,
    /// A master key identifier longer than 16 bytes, or of another length than those beside it (RFC 3711 §3.1).
    WrongMkiLength,
    /// No key at all, or more than [`Receiver::MAX_KEYS`](crate::Receiver::MAX_KEYS).
    WrongNumberOfKeys,
    /// A key with that identifier is there already.
    DuplicateMki,
    /// The cryptography that was given lacks what the suite needs.
    Unsupported,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownProfile => "an unknown SRTP protection profile",
            Self::WrongKeyLength => "a key or salt of the wrong length",
            Self::WrongMkiLength => "a master key identifier of the wrong length",
            Self::WrongNumberOfKeys => "no master key, or too many",
            Self::DuplicateMki => "a master key identifier that is in use",
            Self::Unsupported => "the cryptography lacks what the suite needs",
        })
    }
}

impl core::error::Error for Misuse {}

/// Why a packet was not protected. It must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Not an RTP packet.
    Malformed(RtpHeaderError),
    /// Not an RTCP packet: shorter than eight bytes, or not version 2.
    NotRtcp,
    /// No room behind the packet for what protection adds.
    NoRoom,
    /// Longer than the 65,535 bytes that a datagram can have.
    TooLong,
    /// A sequence number that was protected before, or that is too old to tell: a second packet under it would reveal
    /// both (RFC 3711 §9.1). Send again the bytes of the first.
    Repeated,
    /// As many streams as the configuration allows are known, and this is another.
    TooManyStreams,
    /// The key has protected all the packets that it may (RFC 3711 §9.2).
    KeyUsedUp,
    /// The cryptography failed.
    Failed,
}

impl From<RtpHeaderError> for Refused {
    fn from(error: RtpHeaderError) -> Self {
        Self::Malformed(error)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::NotRtcp => f.write_str("not an RTCP packet"),
            Self::NoRoom => f.write_str("no room for the tag"),
            Self::TooLong => f.write_str("the packet is longer than a datagram"),
            Self::Repeated => f.write_str("the sequence number was used before"),
            Self::TooManyStreams => f.write_str("too many streams"),
            Self::KeyUsedUp => f.write_str("the key is used up"),
            Self::Failed => f.write_str("the cryptography failed"),
        }
    }
}

impl core::error::Error for Refused {}

/// Why a packet was not unprotected. Its bytes are of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dropped {
    /// Not an SRTP packet, or too short to be one.
    Malformed,
    /// Its master key identifier is of none of our keys.
    UnknownKey,
    /// It came before.
    Replayed,
    /// It is so far behind that whether it came before cannot be told.
    TooOld,
    /// It is not from whom we share the key with, or was changed on its way.
    NotAuthentic,
    /// Cryptex is required, and it has header extensions or contributing sources in clear (RFC 9335 §5.2).
    NotCryptex,
    /// As many streams as the configuration allows are known, and this is another.
    TooManyStreams,
    /// The key has protected all the packets that it may (RFC 3711 §9.2).
    KeyUsedUp,
}

impl From<RtpHeaderError> for Dropped {
    fn from(_: RtpHeaderError) -> Self {
        Self::Malformed
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not an SRTP packet",
            Self::UnknownKey => "an unknown master key identifier",
            Self::Replayed => "the packet came before",
            Self::TooOld => "the packet is too old",
            Self::NotAuthentic => "the packet is not authentic",
            Self::NotCryptex => "header extensions in clear where cryptex is required",
            Self::TooManyStreams => "too many streams",
            Self::KeyUsedUp => "the key is used up",
        })
    }
}

impl core::error::Error for Dropped {}

/// What a context has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The key with this identifier will soon have protected all that it may: time for another (RFC 3711 §9.2).
    KeyNearlyUsedUp(Vec<u8>),
    /// It has.
    KeyUsedUp(Vec<u8>),
}

/// What a [`Sender`](crate::Sender) has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SenderStats {
    /// RTP packets protected.
    pub rtp: u64,
    /// RTCP packets protected.
    pub rtcp: u64,
    /// [`Refused::Malformed`], [`Refused::NotRtcp`], [`Refused::NoRoom`] and [`Refused::TooLong`].
    pub malformed: u64,
    /// [`Refused::Repeated`].
    pub repeated: u64,
    /// [`Refused::TooManyStreams`].
    pub too_many_streams: u64,
    /// [`Refused::KeyUsedUp`].
    pub key_used_up: u64,
    /// [`Refused::Failed`].
    pub failed: u64,
}

impl SenderStats {
    #[cold]
    pub(crate) fn refused(&mut self, refused: Refused) {
        let counter = match refused {
            Refused::Malformed(_) | Refused::NotRtcp | Refused::NoRoom | Refused::TooLong => {
                &mut self.malformed
            }
            Refused::Repeated => &mut self.repeated,
            Refused::TooManyStreams => &mut self.too_many_streams,
            Refused::KeyUsedUp => &mut self.key_used_up,
            Refused::Failed => &mut self.failed,
        };
        *counter += 1;
    }
}

/// What a [`Receiver`](crate::Receiver) has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceiverStats {
    /// RTP packets unprotected.
    pub rtp: u64,
    /// RTCP packets unprotected.
    pub rtcp: u64,
    /// [`Dropped::Malformed`].
    pub malformed: u64,
    /// [`Dropped::UnknownKey`].
    pub unknown_key: u64,
    /// [`Dropped::Replayed`].
    pub replayed: u64,
    /// [`Dropped::TooOld`].
    pub too_old: u64,
    /// [`Dropped::NotAuthentic`].
    pub not_authentic: u64,
    /// [`Dropped::NotCryptex`].
    pub not_cryptex: u64,
    /// [`Dropped::TooManyStreams`].
    pub too_many_streams: u64,
    /// [`Dropped::KeyUsedUp`].
    pub key_used_up: u64,
}

impl ReceiverStats {
    #[cold]
    pub(crate) fn dropped(&mut self, dropped: Dropped) {
        let counter = match dropped {
            Dropped::Malformed => &mut self.malformed,
            Dropped::UnknownKey => &mut self.unknown_key,
            Dropped::Replayed => &mut self.replayed,
            Dropped::TooOld => &mut self.too_old,
            Dropped::NotAuthentic => &mut self.not_authentic,
            Dropped::NotCryptex => &mut self.not_cryptex,
            Dropped::TooManyStreams => &mut self.too_many_streams,
            Dropped::KeyUsedUp => &mut self.key_used_up,
        };
        *counter += 1;
    }
}
