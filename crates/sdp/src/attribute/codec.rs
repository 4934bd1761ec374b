//! What a payload type is, its parameters, and the feedback it takes.

use crate::error::Expected;
use crate::grammar::{Fault, Grammar, Parsed, after_space, all, fault, number, sign, space, text, token};
use crate::media::{Format, payload_type};
use crate::print;
use alloc::string::String;
use core::fmt::{self, Write};
use nom::Parser;
use nom::combinator::opt;
use nom::sequence::{preceded, terminated};

/// `a=rtpmap` (RFC 8866 §6.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtpMap {
    /// 0 to 127.
    pub payload_type: u8,
    /// The codec; compare without regard to case (RFC 4855 §3).
    pub encoding: String,
    /// Timestamp units in a second.
    pub clock_rate: u32,
    /// Audio channels; one if nothing is said.
    pub channels: Option<u16>,
}

impl Grammar for RtpMap {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        all(rtpmap, value)
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        print::number(out, value.payload_type)?;
        out.write_str(" ")?;
        out.write_str(&value.encoding)?;
        out.write_str("/")?;
        print::number(out, value.clock_rate)?;
        if let Some(channels) = value.channels {
            out.write_str("/")?;
            print::number(out, channels)?;
        }
        Ok(())
    }
}

fn rtpmap(input: &str) -> Parsed<'_, RtpMap> {
    let (rest, (payload_type, encoding)) = (payload_type, after_space(token)).parse(input)?;
    let (rest, clock_rate) = preceded(sign('/'), number).parse(rest)?;
    let (rest, channels) = opt(preceded(sign('/'), number)).parse(rest)?;
    Ok((rest, RtpMap { payload_type, encoding: encoding.into(), clock_rate, channels }))
}

/// `a=fmtp` (RFC 8866 §6.15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fmtp {
    /// Whose parameters.
    pub format: Format,
    /// The parameters, verbatim; mostly `name=value;name=value`.
    pub parameters: String,
}

impl Fmtp {
    /// The parameters by name; a parameter that is no pair (`0-15`, `111/111`) has the name `""`.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let parts =
            self.parameters.split(';').map(|part| part.trim_matches(' ')).filter(|part| !part.is_empty());
        parts.map(|part| part.split_once('=').unwrap_or(("", part)))
    }

    /// The value of the parameter `name`, in any case.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Grammar for Fmtp {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        let (format, parameters) = all((Format::parse, after_space(text)), value)?;
        Ok(Self { format, parameters: parameters.into() })
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        value.format.write(out)?;
        out.write_str(" ")?;
        out.write_str(&value.parameters)
    }
}

/// `a=rtcp-fb` (RFC 4585 §4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtcpFeedback {
    /// Whose feedback.
    pub target: FeedbackTarget,
    /// The feedback.
    pub feedback: Feedback,
}

/// The payload types that feedback is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedbackTarget {
    /// `*`: all of the section.
    All,
    /// This one.
    PayloadType(u8),
}

names! {
    /// What RTCP may say.
    pub enum Feedback {
        /// Packets were lost (RFC 4585 §6.2.1).
        Nack = "nack",
        /// A picture was lost (RFC 4585 §6.3.1).
        NackPli = "nack pli",
        /// A complete picture is wanted (RFC 5104 §4.3.1).
        CcmFir = "ccm fir",
        /// A lower bit rate is wanted (RFC 5104 §4.2.1).
        CcmTmmbr = "ccm tmmbr",
        /// The receiver's estimate of the bit rate (draft-alvestrand-rmcat-remb).
        GoogRemb = "goog-remb",
        /// Arrival times (draft-holmer-rmcat-transport-wide-cc-extensions).
        TransportCc = "transport-cc",
        /// Arrival times and ECN marks (RFC 8888).
        AckCcfb = "ack ccfb",
        /// Loss notification (libwebrtc).
        GoogLntf = "goog-lntf",
    }
}

impl Grammar for RtcpFeedback {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        let (target, feedback) = all((terminated(target, space), text), value)?;
        Ok(Self { target, feedback: feedback.into() })
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        match value.target {
            FeedbackTarget::All => out.write_str("*")?,
            FeedbackTarget::PayloadType(payload_type) => print::number(out, payload_type)?,
        }
        out.write_str(" ")?;
        out.write_str(value.feedback.as_str())
    }
}

fn target(input: &str) -> Parsed<'_, FeedbackTarget> {
    match input.strip_prefix('*') {
        Some(rest) => Ok((rest, FeedbackTarget::All)),
        None if input.is_empty() => fault(input, Expected::Number),
        None => payload_type.map(FeedbackTarget::PayloadType).parse(input),
    }
}
