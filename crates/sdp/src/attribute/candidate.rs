//! ICE candidates: `a=candidate` and `a=remote-candidates`, and candidates on their own, as they are trickled.

use crate::address::host;
use crate::error::{Expected, ParseError, Reason};
use crate::grammar::{Fault, Grammar, Parsed, all, fault, keyword, number, run, space, spaces, token, word};
use crate::print;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::combinator::opt;
use nom::multi::separated_list1;
use nom::sequence::{preceded, terminated};
use siskin_base::{Candidate, CandidateAddress, CandidateKind, CandidateTransport, TcpType};

/// Reads one candidate, with or without `candidate:` or `a=candidate:` before it (RFC 8839 §5.1).
// RFC 8839 §5.1: not done, because others are seen in the wild: foundations of the ICE alphabet only, names in one case,
// a value for each extension, one space between words.
///
/// # Errors
/// Where `text` departs from the grammar; the line is 1. An empty text is an error too: the end of candidates is
/// the caller's to recognise.
pub fn parse_candidate(text: &str) -> Result<Candidate, ParseError> {
    let value = text.trim_end_matches(['\r', '\n']);
    let value = value.strip_prefix("a=").unwrap_or(value);
    let value = value.strip_prefix("candidate:").unwrap_or(value);
    all(candidate, value).map_err(|Fault { left, expected }| {
        let before =
            text.len().saturating_sub(left + (text.len() - text.trim_end_matches(['\r', '\n']).len()));
        let before = text.get(..before).map_or(before, |text| text.chars().count());
        let column = u32::try_from(before + 1).unwrap_or(u32::MAX);
        ParseError { line: 1, column, reason: Reason::Expected(expected) }
    })
}

/// Prints a candidate as it is trickled: `candidate:…`, without `a=`.
#[derive(Clone, Copy, Debug)]
pub struct DisplayCandidate<'a>(pub &'a Candidate);

impl fmt::Display for DisplayCandidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("candidate:")?;
        write(self.0, f)
    }
}

/// `a=candidate`.
pub(crate) struct Value;

impl Grammar for Value {
    type Value = Box<Candidate>;

    fn parse(value: &str) -> Result<Box<Candidate>, Fault> {
        all(candidate, value).map(Box::new)
    }

    fn write<W: Write>(value: &Box<Candidate>, out: &mut W) -> fmt::Result {
        write(value, out)
    }
}

fn candidate(input: &str) -> Parsed<'_, Candidate> {
    let foundation = |input| run(input, Expected::Foundation, |byte| byte > b' ');
    let (rest, foundation) = terminated(foundation, gap).parse(input)?;
    let (rest, component) = terminated(number::<u16>, gap).parse(rest)?;
    let (rest, transport) = terminated(token, gap).parse(rest)?;
    let (rest, priority) = terminated(number::<u32>, gap).parse(rest)?;
    let (rest, (address, port)) = (terminated(host_address, gap), number::<u16>).parse(rest)?;
    let (rest, kind) = preceded((gap, keyword("typ"), gap), token).parse(rest)?;
    let mut candidate = Candidate {
        foundation: foundation.into(),
        component,
        transport: parse_transport(transport),
        priority,
        address,
        port,
        kind: parse_kind(kind),
        related: None,
        tcp_type: None,
        extensions: Vec::new(),
    };
    let related = (
        preceded((gap, keyword("raddr"), gap), host_address),
        preceded((gap, keyword("rport"), gap), number),
    );
    let (mut rest, related) = opt(related).parse(rest)?;
    candidate.related = related;
    while let (after, Some(())) = opt(gap).parse(rest)?
        && !after.is_empty()
    {
        let (after, name) = word(after)?;
        let (after, value) = opt(preceded(gap, word)).parse(after)?;
        let value = value.unwrap_or_default();
        match tcp_type(value) {
            Some(tcp_type) if name == "tcptype" && candidate.tcp_type.is_none() => {
                candidate.tcp_type = Some(tcp_type)
            }
            _ => candidate.extensions.push((name.into(), value.into())),
        }
        rest = after;
    }
    let (rest, ()) = spaces(rest)?;
    Ok((rest, candidate))
}

/// One space, or several.
fn gap(input: &str) -> Parsed<'_, ()> {
    preceded(space, spaces).parse(input)
}

fn host_address(input: &str) -> Parsed<'_, CandidateAddress> {
    let (rest, text) = host(input)?;
    if text.contains('%') {
        // A zone means something on the sender's machine only.
        return fault(input, Expected::Address);
    }
    Ok((rest, text.parse().map_or_else(|_| CandidateAddress::Name(text.into()), CandidateAddress::Ip)))
}

fn parse_transport(name: &str) -> CandidateTransport {
    if name.eq_ignore_ascii_case("udp") {
        CandidateTransport::Udp
    } else if name.eq_ignore_ascii_case("tcp") {
        CandidateTransport::Tcp
    } else {
        CandidateTransport::Other(name.into())
    }
}

fn parse_kind(name: &str) -> CandidateKind {
    match name {
        "host" => CandidateKind::Host,
        "srflx" => CandidateKind::ServerReflexive,
        "prflx" => CandidateKind::PeerReflexive,
        "relay" => CandidateKind::Relayed,
        _ => CandidateKind::Other(name.into()),
    }
}

fn tcp_type(name: &str) -> Option<TcpType> {
    match name {
        "active" => Some(TcpType::Active),
        "passive" => Some(TcpType::Passive),
        "so" => Some(TcpType::SimultaneousOpen),
        _ => None,
    }
}

fn write<W: Write>(candidate: &Candidate, out: &mut W) -> fmt::Result {
    out.write_str(&candidate.foundation)?;
    out.write_str(" ")?;
    print::number(out, candidate.component)?;
    out.write_str(" ")?;
    out.write_str(match &candidate.transport {
        CandidateTransport::Udp => "udp",
        CandidateTransport::Tcp => "tcp",
        CandidateTransport::Other(name) => name,
    })?;
    out.write_str(" ")?;
    print::number(out, candidate.priority)?;
    write_address(out, " ", &candidate.address)?;
    out.write_str(" ")?;
    print::number(out, candidate.port)?;
    out.write_str(" typ ")?;
    out.write_str(match &candidate.kind {
        CandidateKind::Host => "host",
        CandidateKind::ServerReflexive => "srflx",
        CandidateKind::PeerReflexive => "prflx",
        CandidateKind::Relayed => "relay",
        CandidateKind::Other(name) => name,
    })?;
    if let Some((address, port)) = &candidate.related {
        write_address(out, " raddr ", address)?;
        out.write_str(" rport ")?;
        print::number(out, *port)?;
    }
    match candidate.tcp_type {
        Some(TcpType::Active) => out.write_str(" tcptype active")?,
        Some(TcpType::Passive) => out.write_str(" tcptype passive")?,
        Some(TcpType::SimultaneousOpen) => out.write_str(" tcptype so")?,
        None => {}
    }
    candidate.extensions.iter().try_for_each(|(name, value)| print::words(out, [name, value]))
}

fn write_address<W: Write>(out: &mut W, before: &str, address: &CandidateAddress) -> fmt::Result {
    out.write_str(before)?;
    match address {
        CandidateAddress::Ip(ip) => write!(out, "{ip}"),
        CandidateAddress::Name(name) => out.write_str(name),
    }
}

/// One address that the controlling agent chose (RFC 8839 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteCandidate {
    /// Whose component.
    pub component: u16,
    /// The address.
    pub address: CandidateAddress,
    /// The port.
    pub port: u16,
}

/// `a=remote-candidates`.
pub(crate) struct RemoteCandidates;

impl Grammar for RemoteCandidates {
    type Value = Vec<RemoteCandidate>;

    fn parse(value: &str) -> Result<Self::Value, Fault> {
        let one = (terminated(number, space), terminated(host_address, space), number);
        let one = one.map(|(component, address, port)| RemoteCandidate { component, address, port });
        all(separated_list1(space, one), value)
    }

    fn write<W: Write>(value: &Self::Value, out: &mut W) -> fmt::Result {
        print::list(out, " ", value, |out, candidate| {
            print::number(out, candidate.component)?;
            write_address(out, " ", &candidate.address)?;
            out.write_str(" ")?;
            print::number(out, candidate.port)
        })
    }
}
