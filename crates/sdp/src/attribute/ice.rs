//! The ICE credentials (RFC 8839 §5.4).

use crate::error::Expected;
use crate::grammar::{Fault, Grammar};
use alloc::string::String;
use core::fmt::{self, Write};

/// `a=ice-ufrag`.
pub(crate) struct Ufrag;

/// `a=ice-pwd`.
pub(crate) struct Pwd;

impl Grammar for Ufrag {
    type Value = String;

    fn parse(value: &str) -> Result<String, Fault> {
        credential(value, 4, Expected::IceUfrag)
    }

    fn write<W: Write>(value: &String, out: &mut W) -> fmt::Result {
        out.write_str(value)
    }
}

impl Grammar for Pwd {
    type Value = String;

    fn parse(value: &str) -> Result<String, Fault> {
        credential(value, 22, Expected::IcePwd)
    }

    fn write<W: Write>(value: &String, out: &mut W) -> fmt::Result {
        out.write_str(value)
    }
}

/// `4*256ice-char`, `22*256ice-char`.
// RFC 8839 §5.4: not done, because older stacks use `-`, `_`, `=` and `#` too, and browsers take them: ice-char only.
fn credential(value: &str, min: usize, expected: Expected) -> Result<String, Fault> {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'=' | b'#');
    if let Some(bad) = value.bytes().position(|byte| !allowed(byte)) {
        return Err(Fault { left: value.len() - bad, expected });
    }
    if (min..=256).contains(&value.len()) {
        Ok(value.into())
    } else {
        Err(Fault { left: value.len(), expected })
    }
}
