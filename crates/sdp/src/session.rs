//! The session description: the lines above the first `m=`, and the media sections.

use crate::address::{Bandwidth, Connection, Origin};
use crate::attributes::Attributes;
use crate::error::{Expected, ParseError};
use crate::grammar::{Fault, Parsed, all, text};
use crate::limits::Limits;
use crate::lines::{Line, Lines};
use crate::media::Media;
use crate::print;
use crate::timing::{Repeat, Timing, ZoneAdjustment};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use nom::Parser;

/// A session description (RFC 8866 §5). `Display` prints it, each line ended by CRLF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// `o=`: who made it, and its version.
    pub origin: Origin,
    /// `s=`: its name, `-` if it has none.
    pub name: String,
    /// `i=`: about it.
    pub information: Option<String>,
    /// `u=`: more about it.
    pub uri: Option<String>,
    /// `e=`: who is responsible.
    pub emails: Vec<String>,
    /// `p=`: who is responsible.
    pub phones: Vec<String>,
    /// `c=`: where to send, for sections that do not say.
    pub connection: Option<Connection>,
    /// `b=`.
    pub bandwidth: Vec<Bandwidth>,
    /// `t=`, `r=`, `z=`; at least one. In WebRTC one, all zeros.
    pub timing: Vec<Timing>,
    /// `k=`: obsolete (RFC 8866 §5.12), kept but never used.
    pub key: Option<String>,
    /// `a=`.
    pub attributes: Attributes,
    /// `m=`: the media sections, in order.
    pub media: Vec<Media>,
}

impl Session {
    /// An unnamed permanent session without media.
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            name: "-".into(),
            information: None,
            uri: None,
            emails: Vec::new(),
            phones: Vec::new(),
            connection: None,
            bandwidth: Vec::new(),
            timing: alloc::vec![Timing::default()],
            key: None,
            attributes: Attributes::new(),
            media: Vec::new(),
        }
    }

    /// Reads a description. Lines may end with CRLF or LF.
    // RFC 9429 §5.8: not done, because one odd attribute of a peer's would end a call: a malformed line is an error only
    // where the connection cannot do without; others become `Attribute::Other`.
    ///
    /// # Errors
    /// The first line that breaks the grammar of RFC 8866 §9 or of an attribute that the connection cannot do
    /// without (the README lists them), or passes a limit.
    pub fn parse(text: &str, limits: &Limits) -> Result<Self, ParseError> {
        let mut lines = Lines::new(text, limits)?;
        let mut session = Self::parse_head(&mut lines)?;
        session.attributes.parse_lines(&mut lines)?;
        while let Some(m) = lines.next_media(session.media.len())? {
            session.media.push(Media::parse(m, &mut lines)?);
        }
        match lines.peek() {
            None => Ok(session),
            Some(line) => Err(line.misplaced(Expected::LineInOrder)),
        }
    }

    /// The lines before the session's attributes.
    fn parse_head(lines: &mut Lines<'_>) -> Result<Self, ParseError> {
        value(lines.expect(b'v')?, version)?;
        let mut session = Self::new(value(lines.expect(b'o')?, Origin::parse)?);
        // RFC 8866 §5.3: not done, because it is common all the same: an empty name is not refused.
        session.name = lines.expect(b's')?.value.into();
        session.information = optional(lines, b'i', text)?.map(Into::into);
        session.uri = optional(lines, b'u', text)?.map(Into::into);
        while let Some(email) = optional(lines, b'e', text)? {
            session.emails.push(email.into());
        }
        while let Some(phone) = optional(lines, b'p', text)? {
            session.phones.push(phone.into());
        }
        session.connection = optional(lines, b'c', Connection::parse)?;
        while let Some(bandwidth) = optional(lines, b'b', Bandwidth::parse)? {
            session.bandwidth.push(bandwidth);
        }
        session.timing = alloc::vec![parse_timing(lines.expect(b't')?, lines)?];
        while let Some(t) = lines.next_if(b't')? {
            session.timing.push(parse_timing(t, lines)?);
        }
        session.key = optional(lines, b'k', text)?.map(Into::into);
        Ok(session)
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        out.push_str("v=0\r\n");
        print::line(out, "o=", |out| self.origin.write(out))?;
        print::text_lines(out, "s=", [&self.name])?;
        print::text_lines(out, "i=", &self.information)?;
        print::text_lines(out, "u=", &self.uri)?;
        print::text_lines(out, "e=", &self.emails)?;
        print::text_lines(out, "p=", &self.phones)?;
        if let Some(connection) = &self.connection {
            print::line(out, "c=", |out| connection.write(out))?;
        }
        for bandwidth in &self.bandwidth {
            print::line(out, "b=", |out| bandwidth.write(out))?;
        }
        for timing in &self.timing {
            print::line(out, "t=", |out| timing.write(out))?;
            for repeat in &timing.repeats {
                print::line(out, "r=", |out| repeat.write(out))?;
            }
            if !timing.zones.is_empty() {
                print::line(out, "z=", |out| {
                    print::list(out, " ", &timing.zones, |out, zone| zone.write(out))
                })?;
            }
        }
        print::text_lines(out, "k=", &self.key)?;
        self.attributes.write(out)?;
        self.media.iter().try_for_each(|media| media.write(out))
    }
}

impl fmt::Display for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Into a string first: values are written through `fmt::Write` without a virtual call for each piece.
        let mut out = String::with_capacity(512 + 64 * self.attributes_in_all());
        self.write(&mut out)?;
        f.write_str(&out)
    }
}

impl Session {
    fn attributes_in_all(&self) -> usize {
        self.media.iter().map(|media| media.attributes.len() + 2).sum::<usize>() + self.attributes.len()
    }
}

fn version(input: &str) -> Parsed<'_, ()> {
    match input.strip_prefix('0') {
        Some(rest) => Ok((rest, ())),
        None => crate::grammar::fault(input, Expected::Version),
    }
}

fn parse_timing(t: Line<'_>, lines: &mut Lines<'_>) -> Result<Timing, ParseError> {
    let mut timing = value(t, Timing::parse)?;
    while let Some(repeat) = optional(lines, b'r', Repeat::parse)? {
        timing.repeats.push(repeat);
    }
    // RFC 8866 §5.11: `z=` belongs to the `r=` lines before it.
    if !timing.repeats.is_empty() {
        timing.zones = optional(lines, b'z', ZoneAdjustment::parse_list)?.unwrap_or_default();
    }
    Ok(timing)
}

/// The whole value of `line`.
fn value<'a, T>(
    line: Line<'a>,
    parser: impl Parser<&'a str, Output = T, Error = Fault>,
) -> Result<T, ParseError> {
    all(parser, line.value).map_err(|fault| line.error(fault))
}

/// The whole value of the next line, if it is of this kind.
fn optional<'a, T>(
    lines: &mut Lines<'a>,
    kind: u8,
    parser: impl Parser<&'a str, Output = T, Error = Fault>,
) -> Result<Option<T>, ParseError> {
    lines.next_if(kind)?.map(|line| value(line, parser)).transpose()
}
