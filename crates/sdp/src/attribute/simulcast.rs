//! `a=simulcast` (RFC 8853 §5.1).

use super::rid::{RidDirection, rid_id};
use crate::error::Expected;
use crate::grammar::{Fault, Grammar, Parsed, after_space, all, fault, sign, space};
use crate::print;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::combinator::opt;
use nom::multi::separated_list1;
use nom::sequence::separated_pair;

/// Streams with different encodings of the same; of each the alternatives, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulcast {
    /// What the describer sends.
    pub send: Vec<Vec<SimulcastStream>>,
    /// What the describer receives.
    pub recv: Vec<Vec<SimulcastStream>>,
}

/// One encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimulcastStream {
    /// The name of its `a=rid`.
    pub rid: String,
    /// Not sent until asked for.
    pub paused: bool,
}

impl Grammar for Simulcast {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        all(simulcast, value)
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        let mut first = true;
        for (name, streams) in [("send ", &value.send), ("recv ", &value.recv)] {
            if streams.is_empty() {
                continue;
            }
            if !core::mem::take(&mut first) {
                out.write_str(" ")?;
            }
            out.write_str(name)?;
            print::list(out, ";", streams, |out, alternatives| {
                print::list(out, ",", alternatives, |out, stream| {
                    out.write_str(if stream.paused { "~" } else { "" })?;
                    out.write_str(&stream.rid)
                })
            })?;
        }
        Ok(())
    }
}

fn simulcast(input: &str) -> Parsed<'_, Simulcast> {
    let mut part = separated_pair(RidDirection::parse, space, streams);
    let (rest, (direction, streams)) = part.parse(input)?;
    let (end, other) = opt(after_space(part)).parse(rest)?;
    let (first, other) = match other {
        Some((other, _)) if other == direction => return fault(rest, Expected::EndOfLine),
        Some((_, other)) => (streams, other),
        None => (streams, Vec::new()),
    };
    Ok((
        end,
        match direction {
            RidDirection::Send => Simulcast { send: first, recv: other },
            RidDirection::Recv => Simulcast { send: other, recv: first },
        },
    ))
}

fn streams(input: &str) -> Parsed<'_, Vec<Vec<SimulcastStream>>> {
    separated_list1(sign(';'), separated_list1(sign(','), stream)).parse(input)
}

fn stream(input: &str) -> Parsed<'_, SimulcastStream> {
    let (rest, (tilde, rid)) = (opt(sign('~')), rid_id).parse(input)?;
    Ok((rest, SimulcastStream { rid: rid.into(), paused: tilde.is_some() }))
}
