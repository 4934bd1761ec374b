//! What can go wrong in cryptography.

use core::fmt;

/// Why a primitive refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A key of the wrong length or form.
    InvalidKey,
    /// The peer's share of a key exchange is not a point of the group, or yields a secret that anyone knows.
    InvalidShare,
    /// The signature does not belong to the message and key.
    InvalidSignature,
    /// The tag does not belong to the ciphertext, key, nonce and associated data.
    NotAuthentic,
    /// Not a certificate or private key that can be read.
    InvalidEncoding,
    /// The provider has no such primitive.
    Unsupported,
    /// The provider could not do it: no randomness, or input beyond a limit.
    Failed,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidKey => "the key has a wrong length or form",
            Self::InvalidShare => "the peer's key share is invalid",
            Self::InvalidSignature => "the signature is invalid",
            Self::NotAuthentic => "the ciphertext is not authentic",
            Self::InvalidEncoding => "not a certificate or key that can be read",
            Self::Unsupported => "the provider has no such primitive",
            Self::Failed => "the provider failed",
        })
    }
}

impl core::error::Error for Error {}
