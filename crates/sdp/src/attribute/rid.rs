//! `a=rid` (RFC 8851 §4, §10).

use crate::error::Expected;
use crate::grammar::{Fault, Grammar, Parsed, after_space, all, keyword, run, sign, space, token};
use crate::media::Format;
use crate::print;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::branch::alt;
use nom::combinator::{opt, value};
use nom::multi::separated_list1;
use nom::sequence::{preceded, terminated};

/// A restricted RTP stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rid {
    /// Its name.
    pub id: String,
    /// Which way it goes, from the describer's side.
    pub direction: RidDirection,
    /// The formats it may use; empty: all of the section.
    pub formats: Vec<Format>,
    /// Restrictions such as `max-width=1280`, name and value.
    pub restrictions: Vec<(String, Option<String>)>,
}

/// Which way a stream goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RidDirection {
    /// Out.
    Send,
    /// In.
    Recv,
}

impl RidDirection {
    /// `send` or `recv`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Recv => "recv",
        }
    }

    pub(crate) fn parse(input: &str) -> Parsed<'_, Self> {
        alt((value(Self::Send, keyword("send")), value(Self::Recv, keyword("recv")))).parse(input)
    }
}

/// `rid-id`.
pub(crate) fn rid_id(input: &str) -> Parsed<'_, &str> {
    run(input, Expected::Token, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl Grammar for Rid {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        all(rid, value)
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        out.write_str(&value.id)?;
        out.write_str(" ")?;
        out.write_str(value.direction.as_str())?;
        if !value.formats.is_empty() {
            out.write_str(" pt=")?;
            print::list(out, ",", &value.formats, |out, format| format.write(out))?;
        }
        let mut first = value.formats.is_empty();
        value.restrictions.iter().try_for_each(|(name, value)| {
            out.write_str(if core::mem::take(&mut first) { " " } else { ";" })?;
            out.write_str(name)?;
            value.iter().try_for_each(|value| {
                out.write_str("=")?;
                out.write_str(value)
            })
        })
    }
}

fn rid(input: &str) -> Parsed<'_, Rid> {
    let (rest, (id, direction)) = (terminated(rid_id, space), RidDirection::parse).parse(input)?;
    let formats = preceded(keyword("pt="), separated_list1(sign(','), Format::parse));
    let (rest, formats) = opt(after_space(formats)).parse(rest)?;
    let between = if formats.is_some() { ';' } else { ' ' };
    let (rest, restrictions) =
        opt(preceded(sign(between), separated_list1(sign(';'), restriction))).parse(rest)?;
    let (formats, restrictions) = (formats.unwrap_or_default(), restrictions.unwrap_or_default());
    Ok((rest, Rid { id: id.into(), direction, formats, restrictions }))
}

fn restriction(input: &str) -> Parsed<'_, (String, Option<String>)> {
    let value = |input| run(input, Expected::Word, |byte| byte >= b' ' && byte != b';');
    let (rest, (name, value)) = (token, opt(preceded(sign('='), value))).parse(input)?;
    Ok((rest, (name.into(), value.map(Into::into))))
}
