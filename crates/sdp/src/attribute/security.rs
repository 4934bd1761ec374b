//! What DTLS needs to know: fingerprints, roles, association names.

use crate::error::Expected;
use crate::grammar::{Fault, Grammar, Parsed, all, fault, run, space, token};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};
use nom::Parser;
use nom::sequence::terminated;
use siskin_base::{Fingerprint, HashAlgorithm, SetupRole};

/// `a=fingerprint` (RFC 8122 §5).
pub(crate) struct Value;

impl Grammar for Value {
    type Value = Fingerprint;

    fn parse(value: &str) -> Result<Fingerprint, Fault> {
        all(fingerprint, value)
    }

    fn write<W: Write>(fingerprint: &Fingerprint, out: &mut W) -> fmt::Result {
        const HEX: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
        let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or('0');
        out.write_str(fingerprint.algorithm.name())?;
        for (i, byte) in fingerprint.value.iter().enumerate() {
            out.write_char(if i == 0 { ' ' } else { ':' })?;
            out.write_char(digit(byte >> 4))?;
            out.write_char(digit(byte & 15))?;
        }
        Ok(())
    }
}

fn fingerprint(input: &str) -> Parsed<'_, Fingerprint> {
    let (rest, name) = terminated(token, space).parse(input)?;
    let Some(algorithm) = HashAlgorithm::from_name(name) else { return fault(input, Expected::HashFunction) };
    let mut value = Vec::with_capacity(algorithm.output_len());
    let mut bytes = rest.as_bytes();
    // RFC 8122 §5 wants upper case; lower case is seen in the wild.
    while let [high, low, after @ ..] = bytes {
        match (hex(*high), hex(*low)) {
            (Some(high), Some(low)) => value.push(high << 4 | low),
            _ => break,
        }
        bytes = after;
        match after {
            [b':', next @ ..] if value.len() < algorithm.output_len() => bytes = next,
            _ => break,
        }
    }
    let at = rest.get(rest.len() - bytes.len()..).unwrap_or_default();
    if value.len() == algorithm.output_len() && at.is_empty() {
        return Ok((at, Fingerprint { algorithm, value }));
    }
    fault(at, Expected::FingerprintBytes)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// `a=setup` (RFC 4145 §4).
pub(crate) struct Setup;

const ROLES: [(&str, SetupRole); 4] = [
    ("active", SetupRole::Active),
    ("passive", SetupRole::Passive),
    ("actpass", SetupRole::ActPass),
    ("holdconn", SetupRole::HoldConn),
];

impl Grammar for Setup {
    type Value = SetupRole;

    fn parse(value: &str) -> Result<SetupRole, Fault> {
        let known = ROLES.iter().find(|(name, _)| value.eq_ignore_ascii_case(name));
        known.map(|(_, role)| *role).ok_or(Fault { left: value.len(), expected: Expected::SetupRole })
    }

    fn write<W: Write>(value: &SetupRole, out: &mut W) -> fmt::Result {
        out.write_str(match value {
            SetupRole::Active => "active",
            SetupRole::Passive => "passive",
            SetupRole::ActPass => "actpass",
            SetupRole::HoldConn => "holdconn",
        })
    }
}

/// `a=tls-id` (RFC 8842 §4): 20 to 255 characters.
pub(crate) struct TlsId;

impl Grammar for TlsId {
    type Value = String;

    fn parse(value: &str) -> Result<String, Fault> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
        let id = all(|input| run(input, Expected::Token, allowed), value)?;
        if (20..=255).contains(&id.len()) {
            return Ok(id.into());
        }
        Err(Fault { left: value.len(), expected: Expected::Token })
    }

    fn write<W: Write>(value: &String, out: &mut W) -> fmt::Result {
        out.write_str(value)
    }
}
