//! What a parser can say: where it stopped, and what it would have taken.

use core::fmt;

/// Why a text is not a session description, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, counted from 1.
    pub line: u32,
    /// The character of that line, counted from 1; one past the end if something is missing there.
    pub column: u32,
    /// What was wrong there.
    pub reason: Reason,
}

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Something else belongs there.
    Expected(Expected),
    /// The text is larger than [`Limits`](crate::Limits) allow.
    TooLarge(Limit),
}

/// A limit that was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::bytes`](crate::Limits::bytes), with its value.
    Bytes(usize),
    /// [`Limits::lines`](crate::Limits::lines), with its value.
    Lines(usize),
    /// [`Limits::media`](crate::Limits::media), with its value.
    Media(usize),
    /// [`Limits::attributes`](crate::Limits::attributes), with its value.
    Attributes(usize),
    /// [`Limits::items`](crate::Limits::items), with its value.
    Items(usize),
}

/// What belongs where the parser stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A lower-case letter and an equals sign (RFC 8866 §5).
    LineType,
    /// A line of this type.
    Line(char),
    /// A line that may stand here: the order is fixed (RFC 8866 §5).
    LineInOrder,
    /// A printable character: no NUL, no carriage return inside a line.
    Text,
    /// At least one character.
    NonEmpty,
    /// `0`, the only version there is.
    Version,
    /// A token (RFC 8866 §9).
    Token,
    /// A word without spaces.
    Word,
    /// A decimal number.
    Number,
    /// A decimal number no larger than this.
    NumberUpTo(u64),
    /// A decimal number with or without a fraction.
    Real,
    /// This character.
    Char(char),
    /// One space.
    Space,
    /// Nothing more.
    EndOfLine,
    /// An IPv4 or IPv6 address, or a host name.
    Address,
    /// A time with an optional unit: `d`, `h`, `m` or `s`.
    Time,
    /// This word.
    Keyword(&'static str),
    /// A candidate's foundation.
    Foundation,
    /// 4 to 256 characters of the ICE alphabet (RFC 8839 §5.4).
    IceUfrag,
    /// 22 to 256 characters of the ICE alphabet (RFC 8839 §5.4).
    IcePwd,
    /// A hash function's name.
    HashFunction,
    /// As many bytes as the hash function yields, in hexadecimal, separated by colons.
    FingerprintBytes,
    /// `active`, `passive`, `actpass` or `holdconn`.
    SetupRole,
    /// `sendrecv`, `sendonly`, `recvonly` or `inactive`.
    Direction,
    /// A string in double quotes, with `%` escapes.
    QuotedString,
    /// Text in base 64.
    Base64,
    /// A value after the attribute's name.
    Value,
    /// No value: the attribute is a flag.
    NoValue,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.reason)
    }
}

impl core::error::Error for ParseError {}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expected(expected) => write!(f, "expected {expected}"),
            Self::TooLarge(limit) => write!(f, "more than {limit}"),
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(n) => write!(f, "{n} bytes"),
            Self::Lines(n) => write!(f, "{n} lines"),
            Self::Media(n) => write!(f, "{n} media sections"),
            Self::Attributes(n) => write!(f, "{n} attributes"),
            Self::Items(n) => write!(f, "{n} items of lists"),
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::LineType => "a letter and '='",
            Self::Line(kind) => return write!(f, "a line '{kind}='"),
            Self::LineInOrder => "a line that may stand here (v o s i u e p c b t r z k a, then m i c b k a)",
            Self::Text => "text without control characters",
            Self::NonEmpty => "at least one character",
            Self::Version => "version 0",
            Self::Token => "a token",
            Self::Word => "a word",
            Self::Number => "a decimal number",
            Self::NumberUpTo(max) => return write!(f, "a number up to {max}"),
            Self::Real => "a decimal number, perhaps with a fraction",
            Self::Char(c) => return write!(f, "'{c}'"),
            Self::Space => "one space",
            Self::EndOfLine => "the end of the line",
            Self::Address => "an IP address or a host name",
            Self::Time => "a time, perhaps with a unit (d, h, m, s)",
            Self::Keyword(word) => return write!(f, "'{word}'"),
            Self::Foundation => "a candidate's foundation",
            Self::IceUfrag => "4 to 256 letters, digits, '+' or '/'",
            Self::IcePwd => "22 to 256 letters, digits, '+' or '/'",
            Self::HashFunction => "the name of a hash function",
            Self::FingerprintBytes => {
                "as many hexadecimal bytes as the hash function yields, with colons between"
            }
            Self::SetupRole => "active, passive, actpass or holdconn",
            Self::Direction => "sendrecv, sendonly, recvonly or inactive",
            Self::QuotedString => "a string in double quotes",
            Self::Base64 => "text in base 64",
            Self::Value => "':' and a value",
            Self::NoValue => "no value",
        };
        f.write_str(words)
    }
}
