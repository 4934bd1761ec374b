//! Where: `o=`, `c=` and `b=` lines, and the addresses in them.

use crate::error::Expected;
use crate::grammar::{Parsed, fault, number, run, sign, space, token, word};
use crate::print;
use alloc::string::{String, ToString};
use core::fmt::{self, Write};
use core::net::{IpAddr, Ipv6Addr};
use nom::Parser;
use nom::combinator::{cut, opt};
use nom::sequence::{preceded, terminated};

names! {
    /// `<addrtype>` (RFC 8866 §8.2.7).
    pub enum AddressFamily {
        /// IPv4.
        Ip4 = "IP4",
        /// IPv6.
        Ip6 = "IP6",
    }
}

/// `<nettype> <addrtype> <address>`: `IN IP4 192.0.2.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The network: `IN` for the Internet.
    pub network: String,
    /// The kind of address.
    pub family: AddressFamily,
    /// The address or host name as it stands in the text.
    /// On other networks than the Internet whatever stands there.
    pub host: String,
}

impl Address {
    /// The address if it is one and not a name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    pub(crate) fn parse(input: &str) -> Parsed<'_, Self> {
        let (rest, (network, family)) = (terminated(token, space), terminated(token, space)).parse(input)?;
        let family = AddressFamily::from(family);
        let internet = network == "IN" && !matches!(family, AddressFamily::Other(_));
        let (rest, host) = if internet { host(rest)? } else { word(rest)? };
        Ok((rest, Self { network: network.into(), family, host: host.into() }))
    }

    pub(crate) fn write<W: Write>(&self, out: &mut W) -> fmt::Result {
        out.write_str(&self.network)?;
        out.write_char(' ')?;
        out.write_str(self.family.as_str())?;
        out.write_char(' ')?;
        out.write_str(&self.host)
    }
}

/// The Internet address `ip`.
impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        let family = if ip.is_ipv4() { AddressFamily::Ip4 } else { AddressFamily::Ip6 };
        Self { network: "IN".into(), family, host: ip.to_string() }
    }
}

/// An IP address, with a zone (RFC 4007 §11) or without, or what may be a host name.
// RFC 8866 §9: not done, because others are seen in the wild: a name of four characters at least, without underscores.
pub(crate) fn host(input: &str) -> Parsed<'_, &str> {
    let (rest, host) = run(input, Expected::Address, |byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'%')
    })?;
    let is_name = || !host.contains([':', '%']) && host.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_zoned = || host.split_once('%').is_some_and(|(ip, _)| ip.parse::<Ipv6Addr>().is_ok());
    if host.parse::<IpAddr>().is_ok() || is_name() || is_zoned() {
        Ok((rest, host))
    } else {
        fault(input, Expected::Address)
    }
}

/// `c=` (RFC 8866 §5.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Where media is to be sent; `0.0.0.0` or `::` until ICE knows.
    pub address: Address,
    /// Time to live of IPv4 multicast, 0 to 255 hops.
    pub ttl: Option<u8>,
    /// How many multicast addresses from this one upwards; at least 1.
    pub count: Option<u32>,
}

impl Connection {
    pub(crate) fn parse(input: &str) -> Parsed<'_, Self> {
        let (rest, address) = Address::parse(input)?;
        if matches!(address.family, AddressFamily::Other(_)) || address.network != "IN" {
            return Ok((rest, Self { address, ttl: None, count: None }));
        }
        let mut count = opt(preceded(sign('/'), cut(number)));
        if address.family != AddressFamily::Ip4 {
            let (rest, count) = count.parse(rest)?;
            return Ok((rest, Self { address, ttl: None, count }));
        }
        let (rest, ttl) = opt(preceded(sign('/'), cut(number))).parse(rest)?;
        let (rest, count) = if ttl.is_some() { count.parse(rest)? } else { (rest, None) };
        Ok((rest, Self { address, ttl, count }))
    }

    pub(crate) fn write<W: Write>(&self, out: &mut W) -> fmt::Result {
        self.address.write(out)?;
        if let Some(ttl) = self.ttl {
            out.write_char('/')?;
            print::number(out, ttl)?;
        }
        if let Some(count) = self.count {
            out.write_char('/')?;
            print::number(out, count)?;
        }
        Ok(())
    }
}

impl From<IpAddr> for Connection {
    fn from(ip: IpAddr) -> Self {
        Self { address: ip.into(), ttl: None, count: None }
    }
}

/// `o=` (RFC 8866 §5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// A login name, or `-`.
    pub username: String,
    /// Tells sessions apart; at most 2⁶³ − 1 (RFC 3264 §5).
    pub session_id: u64,
    /// One more with each new description of the session (RFC 3264 §8).
    pub session_version: u64,
    /// The machine that made the session; never used to connect.
    pub address: Address,
}

impl Origin {
    pub(crate) fn parse(input: &str) -> Parsed<'_, Self> {
        let (rest, (username, session_id, session_version, address)) =
            (terminated(word, space), terminated(number, space), terminated(number, space), Address::parse)
                .parse(input)?;
        Ok((rest, Self { username: username.into(), session_id, session_version, address }))
    }

    pub(crate) fn write<W: Write>(&self, out: &mut W) -> fmt::Result {
        out.write_str(&self.username)?;
        out.write_char(' ')?;
        print::number(out, self.session_id)?;
        out.write_char(' ')?;
        print::number(out, self.session_version)?;
        out.write_char(' ')?;
        self.address.write(out)
    }
}

names! {
    /// `<bwtype>` (RFC 8866 §5.8, RFC 3890, RFC 3556).
    pub enum BandwidthKind {
        /// All media of the conference, in kbit/s.
        ConferenceTotal = "CT",
        /// One medium or session, in kbit/s.
        ApplicationSpecific = "AS",
        /// One medium without the transport's overhead, in bit/s.
        TransportIndependent = "TIAS",
        /// RTCP of active senders, in bit/s.
        RtcpSenders = "RS",
        /// RTCP of receivers, in bit/s.
        RtcpReceivers = "RR",
    }
}

/// `b=` (RFC 8866 §5.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// What is limited.
    pub kind: BandwidthKind,
    /// The limit, in the unit of its kind.
    pub value: u64,
}

impl Bandwidth {
    pub(crate) fn parse(input: &str) -> Parsed<'_, Self> {
        let (rest, (kind, value)) = (terminated(token, sign(':')), number).parse(input)?;
        Ok((rest, Self { kind: kind.into(), value }))
    }

    pub(crate) fn write<W: Write>(&self, out: &mut W) -> fmt::Result {
        out.write_str(self.kind.as_str())?;
        out.write_char(':')?;
        print::number(out, self.value)
    }
}
