//! When: `t=`, `r=` and `z=` lines.

use crate::error::Expected;
use crate::grammar::{Parsed, fault, number, space};
use crate::print;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::character::complete::one_of;
use nom::combinator::opt;
use nom::multi::{many1, separated_list1};
use nom::sequence::{preceded, separated_pair};

/// `t=` with the `r=` and `z=` lines that belong to it (RFC 8866 §5.9–5.11). Times are seconds since 1900.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// When the session starts; 0: it is permanent.
    pub start: u64,
    /// When it ends; 0: never.
    pub stop: u64,
    /// When it is repeated.
    pub repeats: Vec<Repeat>,
    /// Changes of the clocks that shift the repeats; none without a repeat.
    pub zones: Vec<ZoneAdjustment>,
}

impl Timing {
    pub(crate) fn parse(input: &str) -> Parsed<'_, Self> {
        let (rest, (start, stop)) = separated_pair(number, space, number).parse(input)?;
        Ok((rest, Self { start, stop, ..Self::default() }))
    }

    pub(crate) fn write<W: Write>(&self, out: &mut W) -> fmt::Result {
        print::number(out, self.start)?;
        out.write_char(' ')?;
        print::number(out, self.stop)
    }
}

/// `r=` (RFC 8866 §5.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// From one session to the next.
    pub interval: TypedTime,
    /// How long each is active.
    pub duration: TypedTime,
    /// When each starts, counted from the timing's start; at least one.
    pub offsets: Vec<TypedTime>,
}

impl Repeat {
    pub(crate) fn parse(input: &str) -> Parsed<'_, Self> {
        let (rest, interval) = TypedTime::parse(input)?;
        if interval.value == 0 {
            return fault(input, Expected::Time);
        }
        let (rest, duration) = preceded(space, TypedTime::parse).parse(rest)?;
        let (rest, offsets) = many1(preceded(space, TypedTime::parse)).parse(rest)?;
        Ok((rest, Self { interval, duration, offsets }))
    }

    pub(crate) fn write<W: Write>(&self, out: &mut W) -> fmt::Result {
        let times = [&self.interval, &self.duration].into_iter().chain(&self.offsets);
        print::list(out, " ", times, |out, time| time.write(out))
    }
}

/// One change in `z=` (RFC 8866 §5.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneAdjustment {
    /// When the clocks change, in seconds since 1900.
    pub at: u64,
    /// Backwards.
    pub negative: bool,
    /// By how much they differ from the session's start.
    pub offset: TypedTime,
}

impl ZoneAdjustment {
    pub(crate) fn parse_list(input: &str) -> Parsed<'_, Vec<Self>> {
        separated_list1(space, Self::parse).parse(input)
    }

    fn parse(input: &str) -> Parsed<'_, Self> {
        let (rest, (at, (sign, offset))) =
            separated_pair(number, space, (opt(one_of("-")), TypedTime::parse)).parse(input)?;
        Ok((rest, Self { at, negative: sign.is_some(), offset }))
    }

    pub(crate) fn write<W: Write>(&self, out: &mut W) -> fmt::Result {
        print::number(out, self.at)?;
        out.write_str(if self.negative { " -" } else { " " })?;
        self.offset.write(out)
    }
}

/// A time as it is written: `7d`, `1h`, `3600`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedTime {
    /// How many of the unit.
    pub value: u64,
    /// The unit; seconds if it is not written.
    pub unit: Option<TimeUnit>,
}

/// `fixed-len-time-unit` (RFC 8866 §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// 86,400 s.
    Days,
    /// 3,600 s.
    Hours,
    /// 60 s.
    Minutes,
    /// 1 s.
    Seconds,
}

impl TypedTime {
    /// In seconds; the largest number if it is too long to say.
    pub const fn seconds(&self) -> u64 {
        let unit = match self.unit {
            Some(TimeUnit::Days) => 86_400,
            Some(TimeUnit::Hours) => 3_600,
            Some(TimeUnit::Minutes) => 60,
            Some(TimeUnit::Seconds) | None => 1,
        };
        self.value.saturating_mul(unit)
    }

    fn parse(input: &str) -> Parsed<'_, Self> {
        let (rest, value) = number(input)?;
        let unit = match rest.bytes().next() {
            Some(b'd') => TimeUnit::Days,
            Some(b'h') => TimeUnit::Hours,
            Some(b'm') => TimeUnit::Minutes,
            Some(b's') => TimeUnit::Seconds,
            Some(b' ') | None => return Ok((rest, Self { value, unit: None })),
            Some(_) => return fault(rest, Expected::Time),
        };
        Ok((rest.get(1..).unwrap_or_default(), Self { value, unit: Some(unit) }))
    }

    fn write<W: Write>(&self, out: &mut W) -> fmt::Result {
        print::number(out, self.value)?;
        match self.unit {
            Some(TimeUnit::Days) => out.write_char('d'),
            Some(TimeUnit::Hours) => out.write_char('h'),
            Some(TimeUnit::Minutes) => out.write_char('m'),
            Some(TimeUnit::Seconds) => out.write_char('s'),
            None => Ok(()),
        }
    }
}
