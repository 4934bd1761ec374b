//! `a=group` (RFC 5888 §5).

use crate::grammar::{Fault, Grammar, Parsed, all, spaces, token};
use crate::print;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::multi::many0;
use nom::sequence::{preceded, terminated};

names! {
    /// What a group is for.
    pub enum GroupSemantics {
        /// One transport for all (RFC 9143).
        Bundle = "BUNDLE",
        /// To be played in step (RFC 5888 §7).
        LipSynchronization = "LS",
        /// One media stream in several sections (RFC 5888 §8).
        FlowIdentification = "FID",
        /// Media and its repair (RFC 5956).
        ForwardErrorCorrection = "FEC-FR",
    }
}

/// Sections that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What the group is for.
    pub semantics: GroupSemantics,
    /// The sections' names; in a bundle the first is the one whose transport counts.
    pub mids: Vec<String>,
}

impl Grammar for Group {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        all(group, value)
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        out.write_str(value.semantics.as_str())?;
        print::words(out, &value.mids)
    }
}

fn group(input: &str) -> Parsed<'_, Group> {
    let mid = preceded(spaces, token).map(Into::into);
    let (rest, (semantics, mids)) = terminated((token, many0(mid)), spaces).parse(input)?;
    Ok((rest, Group { semantics: semantics.into(), mids }))
}
