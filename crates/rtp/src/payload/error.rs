//! Why a payload cannot be read, or a frame not be cut.

use core::fmt;
use siskin_base::wire::Truncated;

/// Why a payload cannot be read, or a frame not be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadError {
    /// The payload ends too early.
    Truncated,
    /// It is not what its format says.
    Malformed,
    /// It is in a mode that was not negotiated: interleaving, for one.
    Unsupported,
    /// A part of the frame cannot be cut into packets of the size that was asked for.
    TooLarge,
    /// What is to be cut is not a frame of this format.
    NotAFrame,
}

impl From<Truncated> for PayloadError {
    fn from(_: Truncated) -> Self {
        Self::Truncated
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Truncated => "the payload ends too early",
            Self::Malformed => "the payload is not what its format says",
            Self::Unsupported => "the payload is in a mode that was not negotiated",
            Self::TooLarge => "the frame cannot be cut into packets of that size",
            Self::NotAFrame => "not a frame of this format",
        })
    }
}

impl core::error::Error for PayloadError {}
