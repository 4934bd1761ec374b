//! `a=imageattr` (RFC 6236 §3.1).

use super::codec::FeedbackTarget;
use super::rid::RidDirection;
use crate::error::Expected;
use crate::grammar::{Fault, Grammar, Parsed, after_space, all, fault, run, sign, space, spaces, token};
use crate::media::payload_type;
use crate::print;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::branch::alt;
use nom::combinator::{opt, value};
use nom::multi::separated_list1;
use nom::sequence::{delimited, separated_pair};

/// Sizes of images that are sent or wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageAttr {
    /// The payload types it is about.
    pub target: FeedbackTarget,
    /// What the describer can send.
    pub send: Option<ImageSets>,
    /// What the describer wants.
    pub recv: Option<ImageSets>,
}

/// Sizes to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSets {
    /// `*`: any.
    Any,
    /// Each set holds names and values, verbatim: `x`, `y`, `sar`, `par`, `q`; ranges as `[480:16:800]`.
    Sets(Vec<Vec<(String, String)>>),
}

impl Grammar for ImageAttr {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        all(image_attr, value)
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        match value.target {
            FeedbackTarget::All => out.write_str("*")?,
            FeedbackTarget::PayloadType(payload_type) => print::number(out, payload_type)?,
        }
        for (name, sets) in [(" send ", &value.send), (" recv ", &value.recv)] {
            let Some(sets) = sets else { continue };
            out.write_str(name)?;
            match sets {
                ImageSets::Any => out.write_str("*")?,
                ImageSets::Sets(sets) => print::list(out, " ", sets, write_set)?,
            }
        }
        Ok(())
    }
}

fn write_set<W: Write>(out: &mut W, set: &Vec<(String, String)>) -> fmt::Result {
    out.write_str("[")?;
    print::list(out, ",", set, |out, (name, value)| {
        out.write_str(name)?;
        out.write_str("=")?;
        out.write_str(value)
    })?;
    out.write_str("]")
}

fn image_attr(input: &str) -> Parsed<'_, ImageAttr> {
    let all = value(FeedbackTarget::All, sign('*'));
    let (rest, target) = alt((all, payload_type.map(FeedbackTarget::PayloadType))).parse(input)?;
    let part = || separated_pair(RidDirection::parse, space, sets);
    let (rest, (direction, sets)) = after_space(part()).parse(rest)?;
    let (end, other) = opt(after_space(part())).parse(rest)?;
    let other = match other {
        Some((other, _)) if other == direction => return fault(rest, Expected::EndOfLine),
        other => other.map(|(_, sets)| sets),
    };
    let (send, recv) = match direction {
        RidDirection::Send => (Some(sets), other),
        RidDirection::Recv => (other, Some(sets)),
    };
    Ok((end, ImageAttr { target, send, recv }))
}

fn sets(input: &str) -> Parsed<'_, ImageSets> {
    let (rest, ()) = spaces(input)?;
    alt((value(ImageSets::Any, sign('*')), separated_list1(space, set).map(ImageSets::Sets))).parse(rest)
}

fn set(input: &str) -> Parsed<'_, Vec<(String, String)>> {
    let range =
        delimited(sign('['), |input| run(input, Expected::Number, |byte| !b"[] ".contains(&byte)), sign(']'));
    let plain =
        |input| run(input, Expected::Number, |byte| !b",[] ".contains(&byte)).map(|(rest, _)| (rest, ()));
    let value = nom::combinator::recognize(alt((range.map(|_| ()), plain)));
    let pair = separated_pair(token, sign('='), value);
    let pair = pair.map(|(name, value): (&str, &str)| (name.into(), value.into()));
    delimited(sign('['), separated_list1(sign(','), pair), sign(']')).parse(input)
}
