//! One media section: `m=` and what follows it.

use crate::address::{Bandwidth, Connection};
use crate::attributes::Attributes;
use crate::error::{Expected, ParseError};
use crate::grammar::{Parsed, all, fault, number, sign, space, spaces, text, token};
use crate::lines::{Line, Lines};
use crate::print;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::combinator::{cut, opt, recognize};
use nom::multi::many0_count;
use nom::sequence::{preceded, terminated};

/// A media section (RFC 8866 §5.14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// What is sent.
    pub kind: MediaKind,
    /// The transport port; 9 until ICE knows, 0 if the section is rejected or only part of a bundle.
    pub port: u16,
    /// How many ports from that one upwards; at least 1.
    pub port_count: Option<u32>,
    /// How it is sent.
    pub protocol: MediaProtocol,
    /// Payload types, or what the protocol has instead; at least one.
    pub formats: Vec<Format>,
    /// `i=`: a title.
    pub information: Option<String>,
    /// `c=`: where to send. More than one for layered multicast only.
    pub connections: Vec<Connection>,
    /// `b=`.
    pub bandwidth: Vec<Bandwidth>,
    /// `k=`: obsolete (RFC 8866 §5.12), kept but never used.
    pub key: Option<String>,
    /// `a=`.
    pub attributes: Attributes,
}

names! {
    /// `<media>` (RFC 8866 §5.14).
    pub enum MediaKind {
        /// Sound.
        Audio = "audio",
        /// Moving pictures.
        Video = "video",
        /// Data channels, among others.
        Application = "application",
        /// Text in real time.
        Text = "text",
        /// Fax.
        Image = "image",
        /// Messages.
        Message = "message",
    }
}

names! {
    /// `<proto>` (RFC 8866 §5.14).
    pub enum MediaProtocol {
        /// Data channels (RFC 8841).
        UdpDtlsSctp = "UDP/DTLS/SCTP",
        /// Data channels over ICE-TCP (RFC 8841).
        TcpDtlsSctp = "TCP/DTLS/SCTP",
        /// Data channels of early drafts.
        DtlsSctp = "DTLS/SCTP",
        /// DTLS-SRTP with feedback: what WebRTC sends (RFC 5764, RFC 9429 §5.1.2).
        UdpTlsRtpSavpf = "UDP/TLS/RTP/SAVPF",
        /// DTLS-SRTP over ICE-TCP (RFC 7850).
        TcpDtlsRtpSavpf = "TCP/DTLS/RTP/SAVPF",
        /// DTLS-SRTP.
        UdpTlsRtpSavp = "UDP/TLS/RTP/SAVP",
        /// DTLS-SRTP over ICE-TCP.
        TcpDtlsRtpSavp = "TCP/DTLS/RTP/SAVP",
        /// SRTP with feedback (RFC 5124).
        RtpSavpf = "RTP/SAVPF",
        /// SRTP.
        RtpSavp = "RTP/SAVP",
        /// RTP with feedback (RFC 4585).
        RtpAvpf = "RTP/AVPF",
        /// RTP.
        RtpAvp = "RTP/AVP",
        /// Datagrams.
        Udp = "udp",
    }
}

/// One `<fmt>` of a media section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// A number from 0 to 127.
    PayloadType(u8),
    /// Anything else.
    Token(String),
}

impl Format {
    /// The payload type, if it is one.
    pub const fn payload_type(&self) -> Option<u8> {
        match self {
            Self::PayloadType(number) => Some(*number),
            Self::Token(_) => None,
        }
    }

    pub(crate) fn parse(input: &str) -> Parsed<'_, Self> {
        let (rest, token) = token(input)?;
        Ok((rest, token.into()))
    }

    pub(crate) fn write<W: Write>(&self, out: &mut W) -> fmt::Result {
        match self {
            Self::PayloadType(payload_type) => print::number(out, *payload_type),
            Self::Token(token) => out.write_str(token),
        }
    }
}

impl From<u8> for Format {
    fn from(number: u8) -> Self {
        if number < 128 { Self::PayloadType(number) } else { Self::Token(alloc::format!("{number}")) }
    }
}

impl From<&str> for Format {
    fn from(token: &str) -> Self {
        canonical_payload_type(token).map_or_else(|| Self::Token(token.into()), Self::PayloadType)
    }
}

impl PartialEq<str> for Format {
    fn eq(&self, other: &str) -> bool {
        match self {
            Self::PayloadType(number) => canonical_payload_type(other) == Some(*number),
            Self::Token(token) => token == other,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// A payload type without leading zeros.
fn canonical_payload_type(token: &str) -> Option<u8> {
    match payload_type(token) {
        Ok(("", number)) if token.len() == 1 || !token.starts_with('0') => Some(number),
        _ => None,
    }
}

/// An RTP payload type.
pub(crate) fn payload_type(input: &str) -> Parsed<'_, u8> {
    match number(input) {
        Ok((rest, number)) if number < 128 => Ok((rest, number)),
        Err(error @ nom::Err::Error(crate::grammar::Fault { expected: Expected::Number, .. })) => Err(error),
        _ => fault(input, Expected::NumberUpTo(127)),
    }
}

impl Media {
    /// A section with no more than its `m=` line; port 9.
    pub fn new(kind: MediaKind, protocol: MediaProtocol, formats: impl IntoIterator<Item = Format>) -> Self {
        Self {
            kind,
            port: 9,
            port_count: None,
            protocol,
            formats: formats.into_iter().collect(),
            information: None,
            connections: Vec::new(),
            bandwidth: Vec::new(),
            key: None,
            attributes: Attributes::new(),
        }
    }

    /// Whether the section describes WebRTC data channels (RFC 8841 §4).
    pub fn is_data_channel(&self) -> bool {
        let sctp = matches!(self.protocol, MediaProtocol::UdpDtlsSctp | MediaProtocol::TcpDtlsSctp);
        sctp && self.kind == MediaKind::Application && self.formats.iter().any(|f| f == "webrtc-datachannel")
    }

    /// The `m=` line.
    fn parse_line(input: &str) -> Parsed<'_, Self> {
        let (rest, kind) = terminated(token, space).parse(input)?;
        let (rest, port) = number(rest)?;
        let (rest, port_count) = opt(preceded(sign('/'), cut(positive))).parse(rest)?;
        let (rest, protocol) = preceded(space, protocol).parse(rest)?;
        let mut formats = Vec::with_capacity(rest.bytes().filter(|byte| *byte == b' ').count());
        let (mut rest, first) = preceded(space, Format::parse).parse(rest)?;
        formats.push(first);
        // A space behind the last format is seen in the wild.
        while let (after, ()) = spaces(rest)?
            && !after.is_empty()
            && after.len() < rest.len()
        {
            let (after, format) = Format::parse(after)?;
            formats.push(format);
            rest = after;
        }
        let (rest, ()) = spaces(rest)?;
        let mut media = Self::new(kind.into(), protocol.into(), formats);
        (media.port, media.port_count) = (port, port_count);
        Ok((rest, media))
    }

    /// The section that starts with the line `m`.
    // RFC 8866 §5: not done, because some senders write `c=` or `b=` late: the order `i c b k a` of a section's lines.
    pub(crate) fn parse(m: Line<'_>, lines: &mut Lines<'_>) -> Result<Self, ParseError> {
        let mut media = all(Self::parse_line, m.value).map_err(|fault| m.error(fault))?;
        while let Some(line) = lines.peek() {
            let error = |fault| line.error(fault);
            match line.kind {
                b'a' => {
                    media.attributes.parse_lines(lines)?;
                    continue;
                }
                b'c' => media.connections.push(all(Connection::parse, line.value).map_err(error)?),
                b'b' => media.bandwidth.push(all(Bandwidth::parse, line.value).map_err(error)?),
                b'i' if media.information.is_none() => {
                    media.information = Some(all(text, line.value).map_err(error)?.into());
                }
                b'k' if media.key.is_none() => media.key = Some(all(text, line.value).map_err(error)?.into()),
                b'm' => break,
                _ => return Err(line.misplaced(Expected::LineInOrder)),
            }
            lines.next_if(line.kind)?;
        }
        Ok(media)
    }

    pub(crate) fn write(&self, out: &mut String) -> fmt::Result {
        print::line(out, "m=", |out| {
            out.write_str(self.kind.as_str())?;
            out.write_char(' ')?;
            print::number(out, self.port)?;
            if let Some(count) = self.port_count {
                out.write_char('/')?;
                print::number(out, count)?;
            }
            out.write_char(' ')?;
            out.write_str(self.protocol.as_str())?;
            self.formats.iter().try_for_each(|format| {
                out.write_char(' ')?;
                format.write(out)
            })
        })?;
        print::text_lines(out, "i=", &self.information)?;
        for connection in &self.connections {
            print::line(out, "c=", |out| connection.write(out))?;
        }
        for bandwidth in &self.bandwidth {
            print::line(out, "b=", |out| bandwidth.write(out))?;
        }
        print::text_lines(out, "k=", &self.key)?;
        self.attributes.write(out)
    }
}

/// `integer`: not zero.
fn positive(input: &str) -> Parsed<'_, u32> {
    match number(input)? {
        (_, 0) => fault(input, Expected::Number),
        result => Ok(result),
    }
}

/// `token *("/" token)`.
fn protocol(input: &str) -> Parsed<'_, &str> {
    recognize((token, many0_count(preceded(sign('/'), token)))).parse(input)
}
