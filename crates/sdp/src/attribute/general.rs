//! Values that are one word, one number or one text.

use crate::error::Expected;
use crate::grammar::{self, Fault, Grammar, Unsigned, all};
use crate::print;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::marker::PhantomData;

/// Which way media flows (RFC 8866 §6.7), from the describer's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both ways; what holds if nothing is said.
    SendRecv,
    /// Out only.
    SendOnly,
    /// In only.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// The name in the text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The direction of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|d| d.as_str() == name)
    }

    /// Whether the describer sends.
    pub const fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the describer receives.
    pub const fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same flow from the other side.
    pub const fn reversed(self) -> Self {
        match self {
            Self::SendOnly => Self::RecvOnly,
            Self::RecvOnly => Self::SendOnly,
            both => both,
        }
    }
}

names! {
    /// `a=connection` (RFC 4145 §5).
    pub enum ConnectionReuse {
        /// Open a new connection.
        New = "new",
        /// Keep the one there is.
        Existing = "existing",
    }
}

names! {
    /// `a=orient` (RFC 8866 §6.8).
    pub enum Orientation {
        /// Upright.
        Portrait = "portrait",
        /// On its side.
        Landscape = "landscape",
        /// On its other side.
        Seascape = "seascape",
    }
}

macro_rules! named {
    ($($name:ident)*) => {$(
        impl Grammar for $name {
            type Value = Self;

            fn parse(value: &str) -> Result<Self, Fault> {
                all(grammar::token, value).map(Self::from)
            }

            fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
                out.write_str(value.as_str())
            }
        }
    )*};
}
named!(ConnectionReuse Orientation);

/// A decimal number as it is written: `20`, `29.97`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Real(String);

impl Real {
    /// `text` if it is digits, perhaps with a point and more digits.
    pub fn new(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        (digits(whole) && digits(fraction)).then(|| Self(text.into()))
    }

    /// The nearest number that a computer has.
    pub fn value(&self) -> f64 {
        self.0.parse().unwrap_or(0.0)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Grammar for Real {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        Self::new(value).ok_or(Fault { left: value.len(), expected: Expected::Real })
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        out.write_str(&value.0)
    }
}

/// A decimal number.
pub(crate) struct Number<T>(PhantomData<T>);

impl<T: Unsigned> Grammar for Number<T> {
    type Value = T;

    fn parse(value: &str) -> Result<T, Fault> {
        all(grammar::number, value)
    }

    fn write<W: Write>(value: &T, out: &mut W) -> fmt::Result {
        print::number(out, *value)
    }
}

/// A decimal number; one that is too large is read as the largest there is.
pub(crate) struct SaturatingNumber;

impl Grammar for SaturatingNumber {
    type Value = u64;

    fn parse(value: &str) -> Result<u64, Fault> {
        match all(grammar::number, value) {
            Err(_) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => Ok(u64::MAX),
            result => result,
        }
    }

    fn write<W: Write>(value: &u64, out: &mut W) -> fmt::Result {
        print::number(out, *value)
    }
}

/// A token.
pub(crate) struct Token;

impl Grammar for Token {
    type Value = String;

    fn parse(value: &str) -> Result<String, Fault> {
        all(grammar::token, value).map(Into::into)
    }

    fn write<W: Write>(value: &String, out: &mut W) -> fmt::Result {
        out.write_str(value)
    }
}

/// Any text.
pub(crate) struct Text;

impl Grammar for Text {
    type Value = String;

    fn parse(value: &str) -> Result<String, Fault> {
        all(grammar::text, value).map(Into::into)
    }

    fn write<W: Write>(value: &String, out: &mut W) -> fmt::Result {
        out.write_str(value)
    }
}

/// Words with spaces between.
pub(crate) struct Words;

impl Grammar for Words {
    type Value = Vec<String>;

    fn parse(value: &str) -> Result<Vec<String>, Fault> {
        Ok(value.split(' ').filter(|word| !word.is_empty()).map(Into::into).collect())
    }

    fn write<W: Write>(value: &Vec<String>, out: &mut W) -> fmt::Result {
        print::list(out, " ", value, |out, word| out.write_str(word))
    }
}
