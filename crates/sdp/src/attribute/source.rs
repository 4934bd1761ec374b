//! RTP sources and the streams they carry: `ssrc`, `ssrc-group`, `msid`, `msid-semantic`.

use crate::grammar::{Fault, Grammar, Parsed, after_space, all, number, sign, space, spaces, token, word};
use crate::print;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::combinator::opt;
use nom::multi::many0;
use nom::sequence::{preceded, terminated};

/// The media stream and the track that a section or a source carries (RFC 8830 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Msid {
    /// The stream's id; [`Msid::NO_STREAM`] for none.
    pub stream: String,
    /// The track's id.
    pub track: Option<String>,
}

impl Msid {
    /// The stream of a track that is in none (RFC 8830 §2).
    pub const NO_STREAM: &str = "-";

    fn read(input: &str) -> Parsed<'_, Self> {
        // RFC 8830 §2: not done, because other stacks write whatever they are given: tokens of at most 64 characters.
        let (rest, (stream, track)) = (word, opt(after_space(word))).parse(input)?;
        Ok((rest, Self { stream: stream.into(), track: track.map(Into::into) }))
    }
}

impl Grammar for Msid {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        all(Self::read, value)
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        out.write_str(&value.stream)?;
        print::words(out, &value.track)
    }
}

/// `a=msid-semantic`, of early drafts; browsers still write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MsidSemantic {
    /// `WMS`.
    pub semantic: String,
    /// The streams' ids, or `*`.
    pub streams: Vec<String>,
}

impl Grammar for MsidSemantic {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        let streams = many0(preceded(spaces, word).map(Into::into));
        let ((), semantic, streams, ()) = all((spaces, token, streams, spaces), value)?;
        Ok(Self { semantic: semantic.into(), streams })
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        // Chromium's way, with a space.
        out.write_str(" ")?;
        out.write_str(&value.semantic)?;
        print::words(out, &value.streams)
    }
}

/// `a=ssrc` (RFC 5576 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Which source.
    pub ssrc: u32,
    /// What is said of it.
    pub attribute: SourceAttribute,
}

/// What is said of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceAttribute {
    /// Its canonical name (RFC 5576 §6.1).
    Cname(String),
    /// Its media stream and track, in early drafts of RFC 8830.
    Msid(Msid),
    /// Anything else.
    Other {
        /// What stands before the colon.
        name: String,
        /// What stands behind it, if there is one.
        value: Option<String>,
    },
}

impl Grammar for Source {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        let (ssrc, name, value) =
            all((terminated(number, space), token, opt(preceded(sign(':'), nom::combinator::rest))), value)?;
        let attribute = match (name, value) {
            ("cname", Some(cname)) if !cname.is_empty() => SourceAttribute::Cname(cname.into()),
            ("msid", Some(msid)) => match Msid::parse(msid) {
                Ok(msid) => SourceAttribute::Msid(msid),
                Err(_) => other(name, value),
            },
            _ => other(name, value),
        };
        Ok(Self { ssrc, attribute })
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        print::number(out, value.ssrc)?;
        match &value.attribute {
            SourceAttribute::Cname(cname) => {
                out.write_str(" cname:")?;
                out.write_str(cname)
            }
            SourceAttribute::Msid(msid) => {
                out.write_str(" msid:")?;
                <Msid as Grammar>::write(msid, out)
            }
            SourceAttribute::Other { name, value } => {
                out.write_str(" ")?;
                out.write_str(name)?;
                value.iter().try_for_each(|value| {
                    out.write_str(":")?;
                    out.write_str(value)
                })
            }
        }
    }
}

fn other(name: &str, value: Option<&str>) -> SourceAttribute {
    SourceAttribute::Other { name: name.into(), value: value.map(Into::into) }
}

names! {
    /// What a group of sources is for (RFC 5576 §4.2).
    pub enum SourceGroupSemantics {
        /// A source and its retransmissions (RFC 4588).
        FlowIdentification = "FID",
        /// A source and its repair (RFC 5956).
        ForwardErrorCorrection = "FEC-FR",
        /// Encodings of the same, before RFC 8853.
        Simulcast = "SIM",
    }
}

/// `a=ssrc-group` (RFC 5576 §4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceGroup {
    /// What the group is for.
    pub semantics: SourceGroupSemantics,
    /// Its sources, in order.
    pub ssrcs: Vec<u32>,
}

impl Grammar for SourceGroup {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        let (semantics, ssrcs) = all((token, many0(after_space(number))), value)?;
        Ok(Self { semantics: semantics.into(), ssrcs })
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        out.write_str(value.semantics.as_str())?;
        value.ssrcs.iter().try_for_each(|ssrc| {
            out.write_str(" ")?;
            print::number(out, *ssrc)
        })
    }
}
