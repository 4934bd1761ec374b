//! `a=extmap` (RFC 8285 §5).

use super::general::Direction;
use crate::error::Expected;
use crate::grammar::{Fault, Grammar, Parsed, after_space, all, fault, number, sign, text, token, word};
use crate::print;
use alloc::string::String;
use core::fmt::{self, Write};
use nom::Parser;
use nom::combinator::opt;
use nom::sequence::preceded;

/// A header extension and the number it goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtMap {
    /// 1 to 14, or to 255 with two-byte headers; 4096 to 4351 in offers of more than there are numbers.
    pub id: u16,
    /// Which way it is used; both if nothing is said.
    pub direction: Option<Direction>,
    /// What it is.
    pub uri: String,
    /// Attributes that the extension defines.
    pub attributes: Option<String>,
}

impl Grammar for ExtMap {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        all(extmap, value)
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        print::number(out, value.id)?;
        if let Some(direction) = value.direction {
            out.write_str("/")?;
            out.write_str(direction.as_str())?;
        }
        print::words(out, core::iter::once(&value.uri).chain(&value.attributes))
    }
}

fn extmap(input: &str) -> Parsed<'_, ExtMap> {
    let (rest, id) = number(input)?;
    let (rest, direction) = opt(preceded(sign('/'), direction)).parse(rest)?;
    let (rest, uri) = after_space(word).parse(rest)?;
    let (rest, attributes) = opt(after_space(text)).parse(rest)?;
    Ok((rest, ExtMap { id, direction, uri: uri.into(), attributes: attributes.map(Into::into) }))
}

fn direction(input: &str) -> Parsed<'_, Direction> {
    let (rest, name) = token(input)?;
    match Direction::from_name(name) {
        Some(direction) => Ok((rest, direction)),
        None => fault(input, Expected::Direction),
    }
}
