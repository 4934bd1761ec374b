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
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
        out.write_str(fingerprint.algorithm.name())?;
        // In one piece, because each piece is compared on its own while parsing.
        let mut text = [b':'; 3 * 64];
        for (three, byte) in text.chunks_exact_mut(3).zip(&fingerprint.value) {
            three.copy_from_slice(&[b':', digit(byte >> 4), digit(byte & 15)]);
        }
        let text = text.get(1..(3 * fingerprint.value.len()).clamp(1, 3 * 64)).unwrap_or_default();
        out.write_str(" ")?;
        out.write_str(core::str::from_utf8(text).unwrap_or_default())
    }
}

fn fingerprint(input: &str) -> Parsed<'_, Fingerprint> {
    let (rest, name) = terminated(token, space).parse(input)?;
    let Some(algorithm) = HashAlgorithm::from_name(name) else { return fault(input, Expected::HashFunction) };
    let mut value = Vec::with_capacity(algorithm.output_len());
    let mut bytes = rest.as_bytes();
    // RFC 8122 §5: not done, because lower case is seen in the wild: upper case only. We write upper case.
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
