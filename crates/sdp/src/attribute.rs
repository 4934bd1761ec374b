//! One attribute: the table of those we know, and what becomes of the others.

pub(crate) mod candidate;
pub(crate) mod codec;
pub(crate) mod extmap;
pub(crate) mod general;
pub(crate) mod group;
pub(crate) mod ice;
pub(crate) mod image;
pub(crate) mod rid;
pub(crate) mod rtcp;
pub(crate) mod sctp;
pub(crate) mod security;
pub(crate) mod simulcast;
pub(crate) mod source;

use crate::attributes::Attributes;
use crate::error::Expected;
use crate::grammar::{Fault, Grammar, token};
use crate::print::spelled;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use siskin_base::{Candidate, Fingerprint, SetupRole};

use candidate::RemoteCandidates;
use codec::{Fmtp, RtcpFeedback, RtpMap};
use extmap::ExtMap;
use general::{ConnectionReuse, Direction, Number, Orientation, Real, SaturatingNumber, Text, Token, Words};
use group::Group;
use ice::{Pwd, Ufrag};
use image::ImageAttr;
use rid::Rid;
use rtcp::{Rtcp, RtcpXr};
use sctp::{Base64, DataChannelAttribute, DataChannelMap, SctpMap};
use security::TlsId;
use simulcast::Simulcast;
use source::{Msid, MsidSemantic, Source, SourceGroup};

/// Defines [`Attribute`] and its dispatch from one table. `must` attributes that do not parse are errors; `may`
/// attributes that do not parse are kept as [`Attribute::Other`], as are flags with a value; `hash` is `must`, unless
/// the hash function is unknown.
macro_rules! attributes {
    (
        flags { $($(#[$flag_doc:meta])* $flag:ident = $flag_name:literal,)* }
        values { $($(#[$doc:meta])* $class:ident $variant:ident($type:ty) = $name:literal as $grammar:ty,)* }
    ) => {
        /// One `a=` line (RFC 8866 §5.13): the attributes that WebRTC uses, as values.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Attribute {
            $($(#[$doc])* $variant($type),)*
            $($(#[$flag_doc])* $flag,)*
            /// `sendrecv`, `sendonly`, `recvonly` or `inactive` (RFC 8866 §6.7).
            Direction(Direction),
            /// An attribute that we do not know, or cannot read; verbatim.
            Other {
                /// What stands before the colon.
                name: String,
                /// What stands behind it, if there is one.
                value: Option<String>,
            },
        }

        impl Attribute {
            /// The attribute's name.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$variant(_) => $name,)*
                    $(Self::$flag => $flag_name,)*
                    Self::Direction(direction) => direction.as_str(),
                    Self::Other { name, .. } => name,
                }
            }

            pub(crate) fn write<W: Write>(&self, out: &mut W) -> fmt::Result {
                out.write_str(self.name())?;
                match self {
                    $(Self::$variant(value) => {
                        out.write_str(":")?;
                        <$grammar>::write(value, out)
                    })*
                    $(Self::$flag => Ok(()),)*
                    Self::Direction(_) | Self::Other { value: None, .. } => Ok(()),
                    Self::Other { value: Some(value), .. } => {
                        out.write_str(":")?;
                        out.write_str(value)
                    }
                }
            }
        }

        fn parse_value(line: &str, name: &str, value: &str, out: &mut Attributes) -> Result<(), Fault> {
            match name {
                $($name => match spelled::<$grammar>(value) {
                    Ok((value, exact)) => {
                        out.push_spelled(Attribute::$variant(value), (!exact).then_some(line));
                        return Ok(());
                    }
                    Err(fault) => attributes!(@$class fault),
                },)*
                _ => {}
            }
            out.push(other(name, Some(value)));
            Ok(())
        }

        fn parse_flag(name: &str) -> Result<Attribute, Fault> {
            match name {
                $($flag_name => Ok(Attribute::$flag),)*
                $($name => attributes!(@$class flag name),)*
                _ => Ok(match Direction::from_name(name) {
                    Some(direction) => Attribute::Direction(direction),
                    None => other(name, None),
                }),
            }
        }
    };
    (@must $fault:ident) => { return Err($fault) };
    (@may $fault:ident) => {{ let Fault { .. } = $fault; }};
    (@hash $fault:ident) => { if $fault.expected != Expected::HashFunction { return Err($fault) } };
    (@hash flag $name:ident) => { attributes!(@must flag $name) };
    (@must flag $name:ident) => { Err(Fault { left: 0, expected: Expected::Value }) };
    (@may flag $name:ident) => { Ok(other($name, None)) };
}

attributes! {
    flags {
        /// A lite ICE agent (RFC 8839 §5.3).
        IceLite = "ice-lite",
        /// The default address is not among the candidates (RFC 8839 §5.3).
        IceMismatch = "ice-mismatch",
        /// No more candidates will come (RFC 8840 §8.2).
        EndOfCandidates = "end-of-candidates",
        /// RTP and RTCP can share a port (RFC 5761 §5.1.1).
        RtcpMux = "rtcp-mux",
        /// RTP and RTCP must share a port (RFC 8858).
        RtcpMuxOnly = "rtcp-mux-only",
        /// Reduced-size RTCP (RFC 5506 §5).
        RtcpRsize = "rtcp-rsize",
        /// One-byte and two-byte header extensions may be mixed (RFC 8285 §6).
        ExtMapAllowMixed = "extmap-allow-mixed",
        /// Header extensions and CSRCs are encrypted (RFC 9335 §4).
        Cryptex = "cryptex",
        /// The section lives only as part of its bundle (RFC 9143 §6).
        BundleOnly = "bundle-only",
    }
    values {
        /// Sections that belong together (RFC 5888 §5).
        must Group(Group) = "group" as Group,
        /// The section's name (RFC 5888 §4).
        must Mid(String) = "mid" as Token,
        /// The ICE user fragment (RFC 8839 §5.4).
        must IceUfrag(String) = "ice-ufrag" as Ufrag,
        /// The ICE password (RFC 8839 §5.4).
        must IcePwd(String) = "ice-pwd" as Pwd,
        /// What the ICE agent supports, `trickle` for one (RFC 8839 §5.6).
        may IceOptions(Vec<String>) = "ice-options" as Words,
        /// The time between two checks, in milliseconds (RFC 8839 §5.5).
        may IcePacing(u32) = "ice-pacing" as Number<u32>,
        /// An address to try (RFC 8839 §5.1).
        may Candidate(Box<Candidate>) = "candidate" as candidate::Value,
        /// The candidates that the controlling agent chose (RFC 8839 §5.2).
        may RemoteCandidates(Vec<candidate::RemoteCandidate>) = "remote-candidates" as RemoteCandidates,
        /// The hash of a certificate (RFC 8122 §5). One with a hash function that we do not know becomes `Other`.
        hash Fingerprint(Fingerprint) = "fingerprint" as security::Value,
        /// Who starts DTLS (RFC 4145 §4, RFC 8842 §5.2).
        must Setup(SetupRole) = "setup" as security::Setup,
        /// Names a DTLS association (RFC 8842 §4).
        may TlsId(String) = "tls-id" as TlsId,
        /// Whether a TCP connection is reused (RFC 4145 §5).
        may Connection(ConnectionReuse) = "connection" as ConnectionReuse,
        /// An identity assertion in base 64 (RFC 8827 §5).
        may Identity(String) = "identity" as Text,
        /// The SCTP port (RFC 8841 §5).
        must SctpPort(u16) = "sctp-port" as Number<u16>,
        /// The largest message that may be sent here, in bytes; 0: any (RFC 8841 §6). Larger numbers than 64 bits
        /// hold are read as the largest.
        must MaxMessageSize(u64) = "max-message-size" as SaturatingNumber,
        /// The SCTP port as early drafts had it.
        may SctpMap(SctpMap) = "sctpmap" as SctpMap,
        /// An SCTP INIT chunk (draft-hancke-tsvwg-snap).
        may SctpInit(Vec<u8>) = "sctp-init" as Base64,
        /// A data channel (RFC 8864 §5.1).
        may DataChannelMap(DataChannelMap) = "dcmap" as DataChannelMap,
        /// An attribute of a data channel (RFC 8864 §5.2).
        may DataChannelAttribute(DataChannelAttribute) = "dcsa" as DataChannelAttribute,
        /// Where RTCP goes if not to the next port (RFC 3605).
        may Rtcp(Rtcp) = "rtcp" as Rtcp,
        /// RTCP feedback (RFC 4585 §4.2).
        may RtcpFeedback(RtcpFeedback) = "rtcp-fb" as RtcpFeedback,
        /// RTCP extended reports (RFC 3611 §5.1).
        may RtcpXr(RtcpXr) = "rtcp-xr" as RtcpXr,
        /// What a payload type is (RFC 8866 §6.6).
        may RtpMap(RtpMap) = "rtpmap" as RtpMap,
        /// Parameters of a format (RFC 8866 §6.15).
        may Fmtp(Fmtp) = "fmtp" as Fmtp,
        /// A header extension (RFC 8285 §5).
        may ExtMap(ExtMap) = "extmap" as ExtMap,
        /// The media stream and track of a section (RFC 8830 §2).
        may Msid(Msid) = "msid" as Msid,
        /// How to read `msid` in early drafts.
        may MsidSemantic(MsidSemantic) = "msid-semantic" as MsidSemantic,
        /// About one RTP source (RFC 5576 §4.1).
        may Source(Source) = "ssrc" as Source,
        /// RTP sources that belong together (RFC 5576 §4.2).
        may SourceGroup(SourceGroup) = "ssrc-group" as SourceGroup,
        /// A restricted RTP stream (RFC 8851 §4).
        may Rid(Rid) = "rid" as Rid,
        /// RTP streams with different encodings of the same (RFC 8853 §5.1).
        may Simulcast(Simulcast) = "simulcast" as Simulcast,
        /// Sizes of images (RFC 6236 §3.1).
        may ImageAttr(ImageAttr) = "imageattr" as ImageAttr,
        /// Media in one packet, in milliseconds (RFC 8866 §6.4).
        may Ptime(Real) = "ptime" as Real,
        /// The most media in one packet, in milliseconds (RFC 8866 §6.5).
        may MaxPtime(Real) = "maxptime" as Real,
        /// The most frames in a second (RFC 8866 §6.13).
        may FrameRate(Real) = "framerate" as Real,
        /// From 0, worst, to 10, best (RFC 8866 §6.14).
        may Quality(u8) = "quality" as Number<u8>,
        /// How a whiteboard lies (RFC 8866 §6.8).
        may Orientation(Orientation) = "orient" as Orientation,
        /// The kind of conference (RFC 8866 §6.9).
        may ConferenceType(String) = "type" as Token,
        /// The character set of other texts (RFC 8866 §6.10).
        may Charset(String) = "charset" as Token,
        /// The language of the description (RFC 8866 §6.11).
        may SdpLanguage(String) = "sdplang" as Token,
        /// A language of the media (RFC 8866 §6.12).
        may Language(String) = "lang" as Token,
        /// The tool that made the description (RFC 8866 §6.3).
        may Tool(String) = "tool" as Text,
        /// The session's category; obsolete (RFC 8866 §6.1).
        may Category(String) = "cat" as Text,
        /// Keywords; obsolete (RFC 8866 §6.2).
        may Keywords(String) = "keywds" as Text,
        /// A pointer to the section (RFC 4574).
        may Label(String) = "label" as Token,
        /// What the media shows (RFC 4796).
        may Content(String) = "content" as Text,
    }
}

/// Adds to `out` what stands behind `a=`.
pub(crate) fn parse(line: &str, out: &mut Attributes) -> Result<(), Fault> {
    let Ok((rest, name)) = token(line) else {
        return Err(Fault { left: line.len(), expected: Expected::Token });
    };
    if rest.trim_end_matches(' ').is_empty() {
        out.push_spelled(parse_flag(name)?, (!rest.is_empty()).then_some(line));
        return Ok(());
    }
    match rest.strip_prefix(':') {
        // Straight into the list: an attribute is large, and every move of it shows.
        Some(value) => parse_value(line, name, value, out),
        None => Err(Fault { left: rest.len(), expected: Expected::Char(':') }),
    }
}

fn other(name: &str, value: Option<&str>) -> Attribute {
    Attribute::Other { name: name.into(), value: value.map(Into::into) }
}
