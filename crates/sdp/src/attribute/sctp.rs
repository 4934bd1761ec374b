//! SCTP and data channels in SDP: `sctpmap`, `sctp-init`, `dcmap`, `dcsa`.

use crate::base64;
use crate::error::Expected;
use crate::grammar::{Fault, Grammar, Parsed, Unsigned, after_space, all, fault, number, sign, space, token};
use crate::print;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::combinator::{opt, rest};
use nom::multi::separated_list1;
use nom::sequence::{preceded, terminated};

/// `a=sctpmap`, of early drafts of RFC 8841.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SctpMap {
    /// The SCTP port.
    pub port: u16,
    /// `webrtc-datachannel`.
    pub application: String,
    /// How many streams.
    pub streams: Option<u32>,
}

impl Grammar for SctpMap {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        let (port, application, streams) =
            all((number, after_space(token), opt(after_space(number))), value)?;
        Ok(Self { port, application: application.into(), streams })
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        print::number(out, value.port)?;
        print::words(out, [&value.application])?;
        value.streams.iter().try_for_each(|streams| {
            out.write_str(" ")?;
            print::number(out, *streams)
        })
    }
}

/// `a=sctp-init`.
pub(crate) struct Base64;

impl Grammar for Base64 {
    type Value = Vec<u8>;

    fn parse(value: &str) -> Result<Vec<u8>, Fault> {
        base64::decode(value).ok_or(Fault { left: value.len(), expected: Expected::Base64 })
    }

    fn write<W: Write>(value: &Vec<u8>, out: &mut W) -> fmt::Result {
        base64::encode(value, out)
    }
}

/// `a=dcmap`: a data channel that needs no DCEP (RFC 8864 §5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataChannelMap {
    /// The SCTP stream, 0 to 65534.
    pub stream: u16,
    /// The subprotocol; none if empty.
    pub subprotocol: Option<String>,
    /// The label.
    pub label: Option<String>,
    /// How often a message is sent again at most.
    pub max_retr: Option<u32>,
    /// For how many milliseconds a message is sent at most.
    pub max_time: Option<u32>,
    /// Whether messages arrive in order; they do if nothing is said.
    pub ordered: Option<bool>,
    /// The priority, as in RFC 8831 §6.4.
    pub priority: Option<u16>,
}

impl Grammar for DataChannelMap {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        let mut map = Self::default();
        let (stream, options) =
            all((number, opt(after_space(separated_list1(sign(';'), channel_option)))), value)?;
        map.stream = stream;
        for option in options.into_iter().flatten() {
            match option {
                ChannelOption::Subprotocol(name) => map.subprotocol = Some(name),
                ChannelOption::Label(label) => map.label = Some(label),
                ChannelOption::MaxRetr(count) => map.max_retr = Some(count),
                ChannelOption::MaxTime(time) => map.max_time = Some(time),
                ChannelOption::Ordered(ordered) => map.ordered = ordered,
                ChannelOption::Priority(priority) => map.priority = Some(priority),
            }
        }
        Ok(map)
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        print::number(out, value.stream)?;
        let mut out = Options { out, first: true };
        if let Some(ordered) = value.ordered {
            out.start("ordered=")?;
            out.out.write_str(if ordered { "true" } else { "false" })?;
        }
        out.quoted("subprotocol=", value.subprotocol.as_deref())?;
        out.quoted("label=", value.label.as_deref())?;
        out.number("max-retr=", value.max_retr)?;
        out.number("max-time=", value.max_time)?;
        out.number("priority=", value.priority)
    }
}

/// Writes options with a space before the first and semicolons between.
struct Options<'a, W> {
    out: &'a mut W,
    first: bool,
}

impl<W: Write> Options<'_, W> {
    fn start(&mut self, name: &str) -> fmt::Result {
        self.out.write_str(if core::mem::take(&mut self.first) { " " } else { ";" })?;
        self.out.write_str(name)
    }

    fn number<T: Unsigned>(&mut self, name: &str, value: Option<T>) -> fmt::Result {
        value.into_iter().try_for_each(|value| {
            self.start(name)?;
            print::number(self.out, value)
        })
    }

    /// RFC 8864 §5.1.1, `quoted-string`: what is not visible ASCII is written as `%` and two digits for each byte.
    fn quoted(&mut self, name: &str, value: Option<&str>) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        self.start(name)?;
        self.out.write_str("\"")?;
        for byte in value.bytes() {
            match byte {
                b'"' | b'%' | 0..0x20 | 0x7f.. => write!(self.out, "%{byte:02X}")?,
                _ => self.out.write_char(byte.into())?,
            }
        }
        self.out.write_str("\"")
    }
}

enum ChannelOption {
    Subprotocol(String),
    Label(String),
    MaxRetr(u32),
    MaxTime(u32),
    Ordered(Option<bool>),
    Priority(u16),
}

fn channel_option(input: &str) -> Parsed<'_, ChannelOption> {
    let (rest, name) = terminated(token, sign('=')).parse(input)?;
    match name {
        "subprotocol" => quoted.map(ChannelOption::Subprotocol).parse(rest),
        "label" => quoted.map(ChannelOption::Label).parse(rest),
        "max-retr" => number.map(ChannelOption::MaxRetr).parse(rest),
        "max-time" => number.map(ChannelOption::MaxTime).parse(rest),
        "priority" => number.map(ChannelOption::Priority).parse(rest),
        "ordered" => token.map(ordered).parse(rest),
        _ => fault(input, Expected::Keyword("ordered")),
    }
}

/// RFC 8864 §5.1.7: what is neither `true` nor `false` is ignored.
fn ordered(value: &str) -> ChannelOption {
    match value {
        "true" => ChannelOption::Ordered(Some(true)),
        "false" => ChannelOption::Ordered(Some(false)),
        _ => ChannelOption::Ordered(None),
    }
}

fn quoted(input: &str) -> Parsed<'_, String> {
    let Some((inner, rest)) = input.strip_prefix('"').and_then(|inner| inner.split_once('"')) else {
        return fault(input, Expected::QuotedString);
    };
    let mut bytes = Vec::with_capacity(inner.len());
    let mut left = inner.bytes();
    while let Some(byte) = left.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || left.next().and_then(|digit| char::from(digit).to_digit(16));
        match (digit(), digit()) {
            (Some(high), Some(low)) => bytes.push(u8::try_from(high << 4 | low).unwrap_or_default()),
            _ => return fault(input, Expected::QuotedString),
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((rest, text)),
        Err(_) => fault(input, Expected::QuotedString),
    }
}

/// `a=dcsa`: an attribute of a data channel (RFC 8864 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataChannelAttribute {
    /// The SCTP stream of the channel.
    pub stream: u16,
    /// The attribute's name.
    pub name: String,
    /// Its value, if it has one.
    pub value: Option<String>,
}

impl Grammar for DataChannelAttribute {
    type Value = Self;

    fn parse(value: &str) -> Result<Self, Fault> {
        let (stream, name, value) =
            all((terminated(number, space), token, opt(preceded(sign(':'), rest))), value)?;
        Ok(Self { stream, name: name.into(), value: value.map(Into::into) })
    }

    fn write<W: Write>(value: &Self, out: &mut W) -> fmt::Result {
        print::number(out, value.stream)?;
        print::words(out, [&value.name])?;
        value.value.iter().try_for_each(|value| {
            out.write_str(":")?;
            out.write_str(value)
        })
    }
}
