//! What can be wrong with a file, or with what shall become one.

use core::fmt;
use std::io;

/// Why a file cannot be read on, or not be written.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The file system's own.
    Io(io::Error),
    /// The first bytes are of none of the formats.
    UnknownFormat,
    /// The file ends in the middle of something, as a recording does that was cut off: what came before is good.
    Truncated,
    /// The file breaks its format's rules; the words say where.
    Malformed(&'static str),
    /// The format allows it, and we do not read or write it; the words say what.
    Unsupported(&'static str),
    /// More than [`Limits`](crate::Limits) allow; the words say of what.
    TooLarge(&'static str),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::UnknownFormat => f.write_str("neither IVF, Ogg, WebM, Matroska nor MP4"),
            Self::Truncated => f.write_str("the file ends too early"),
            Self::Malformed(what) => write!(f, "malformed: {what}"),
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
            Self::TooLarge(what) => write!(f, "too large: {what}"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Truncated } else { Self::Io(error) }
    }
}
