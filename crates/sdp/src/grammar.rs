//! The small rules of RFC 8866 §9 as nom parsers, and the error they share.

use crate::error::Expected;
use nom::error::ErrorKind;
use nom::{Err, IResult, Parser};

/// Where a parser stopped, counted from the end of the line: input slices always run to the line's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Bytes left on the line.
    pub(crate) left: usize,
    pub(crate) expected: Expected,
}

impl nom::error::ParseError<&str> for Fault {
    fn from_error_kind(input: &str, _: ErrorKind) -> Self {
        Self { left: input.len(), expected: Expected::Text }
    }

    fn append(_: &str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// What a parser of a part of a line returns.
pub(crate) type Parsed<'a, T> = IResult<&'a str, T, Fault>;

/// How one attribute's value is read and written; implemented by the value itself, or by a marker where the value
/// is a plain string or number.
pub(crate) trait Grammar {
    type Value;

    /// The whole of `value`; slices of it that reach errors run to its end.
    fn parse(value: &str) -> Result<Self::Value, Fault>;

    fn write<W: core::fmt::Write>(value: &Self::Value, out: &mut W) -> core::fmt::Result;
}

#[inline]
pub(crate) fn fault<T>(at: &str, expected: Expected) -> Result<T, Err<Fault>> {
    Err(Err::Error(Fault { left: at.len(), expected }))
}

/// Runs `parser` over all of `input`.
#[inline]
pub(crate) fn all<'a, T>(
    mut parser: impl Parser<&'a str, Output = T, Error = Fault>,
    input: &'a str,
) -> Result<T, Fault> {
    match parser.parse(input) {
        Ok(("", value)) => Ok(value),
        Ok((rest, _)) => Err(Fault { left: rest.len(), expected: Expected::EndOfLine }),
        Err(Err::Error(fault) | Err::Failure(fault)) => Err(fault),
        // Only streaming parsers ask for more, and none is used.
        Err(Err::Incomplete(_)) => Err(Fault { left: 0, expected: Expected::Text }),
    }
}

/// One or more bytes that `accept`s; only ASCII may be accepted, or everything that is not ASCII.
#[inline]
pub(crate) fn run<'a>(
    input: &'a str,
    expected: Expected,
    accept: impl Fn(u8) -> bool,
) -> Parsed<'a, &'a str> {
    let end = input.bytes().position(|byte| !accept(byte)).unwrap_or(input.len());
    match input.split_at_checked(end) {
        Some((taken, rest)) if end > 0 => Ok((rest, taken)),
        _ => fault(input, expected),
    }
}

/// `token` (RFC 8866 §9).
#[inline]
pub(crate) fn token(input: &str) -> Parsed<'_, &str> {
    run(input, Expected::Token, is_token_char)
}

/// `non-ws-string`, and a little more: whatever is no space.
#[inline]
pub(crate) fn word(input: &str) -> Parsed<'_, &str> {
    run(input, Expected::Word, |byte| byte > b' ' && byte != 0x7f)
}

/// Everything up to the end of the line, at least one byte.
#[inline]
pub(crate) fn text(input: &str) -> Parsed<'_, &str> {
    if input.is_empty() { fault(input, Expected::NonEmpty) } else { Ok(("", input)) }
}

#[inline]
pub(crate) fn space(input: &str) -> Parsed<'_, ()> {
    match input.strip_prefix(' ') {
        Some(rest) => Ok((rest, ())),
        None => fault(input, Expected::Space),
    }
}

/// Any number of spaces, even none: where senders are known to be careless.
pub(crate) fn spaces(input: &str) -> Parsed<'_, ()> {
    Ok((input.trim_start_matches(' '), ()))
}

/// The character `c`.
#[inline]
pub(crate) fn sign<'a>(c: char) -> impl Fn(&'a str) -> Parsed<'a, ()> {
    move |input| match input.strip_prefix(c) {
        Some(rest) => Ok((rest, ())),
        None => fault(input, Expected::Char(c)),
    }
}

/// The word `keyword`, in any case (RFC 5234 §2.3).
pub(crate) fn keyword<'a>(keyword: &'static str) -> impl Fn(&'a str) -> Parsed<'a, ()> {
    move |input| match input.split_at_checked(keyword.len()) {
        Some((taken, rest)) if taken.eq_ignore_ascii_case(keyword) => Ok((rest, ())),
        _ => fault(input, Expected::Keyword(keyword)),
    }
}

/// `1*DIGIT`, no larger than `T` holds.
#[inline]
pub(crate) fn number<T: Unsigned>(input: &str) -> Parsed<'_, T> {
    let mut value = 0_u64;
    let mut digits = 0;
    for byte in input.bytes() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        digits += 1;
        match value.checked_mul(10).and_then(|tens| tens.checked_add(digit.into())) {
            Some(next) => value = next,
            None => return fault(input, Expected::NumberUpTo(T::MAX)),
        }
    }
    match (input.split_at_checked(digits), T::from_u64(value)) {
        (Some((_, rest)), Some(value)) if digits > 0 => Ok((rest, value)),
        (_, None) => fault(input, Expected::NumberUpTo(T::MAX)),
        _ => fault(input, Expected::Number),
    }
}

/// The unsigned integers.
pub(crate) trait Unsigned: Copy {
    const MAX: u64;
    fn from_u64(value: u64) -> Option<Self>;
    fn to_u64(self) -> u64;
}

macro_rules! unsigned {
    ($($int:ty)*) => {$(
        impl Unsigned for $int {
            const MAX: u64 = <$int>::MAX as u64;
            fn from_u64(value: u64) -> Option<Self> { value.try_into().ok() }
            fn to_u64(self) -> u64 { self.into() }
        }
    )*};
}
unsigned!(u8 u16 u32 u64);

/// What a parser yields behind one space, if there is a space.
pub(crate) fn after_space<'a, T>(
    parser: impl Parser<&'a str, Output = T, Error = Fault>,
) -> impl Parser<&'a str, Output = T, Error = Fault> {
    nom::sequence::preceded(space, parser)
}

/// RFC 8866 §9, `token-char`.
#[inline]
pub(crate) fn is_token_char(byte: u8) -> bool {
    TOKEN_CHARS.get(usize::from(byte)).copied().unwrap_or(false)
}

static TOKEN_CHARS: [bool; 256] = {
    let mut table = [false; 256];
    let mut rest: &mut [bool] = &mut table;
    let mut byte = 0_u8;
    while let [slot, after @ ..] = rest {
        *slot = matches!(byte,
            0x21 | 0x23..=0x27 | 0x2a..=0x2b | 0x2d..=0x2e | 0x30..=0x39 | 0x41..=0x5a | 0x5e..=0x7e);
        byte = byte.wrapping_add(1);
        rest = after;
    }
    table
};
