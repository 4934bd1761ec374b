//! Base 64 (RFC 4648 §4).

use alloc::vec::Vec;
use core::fmt::{self, Write};

/// The bytes that `text` stands for; `None` if it is no base 64 with padding.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut groups = text.as_bytes().chunks(4).peekable();
    if text.is_empty() || !text.len().is_multiple_of(4) {
        return None;
    }
    while let Some(group) = groups.next() {
        let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
        if padding > 2 || (padding > 0 && groups.peek().is_some()) {
            return None;
        }
        let mut bits = 0_u32;
        for byte in group.iter().take(4 - padding) {
            bits = bits << 6 | value(*byte)?;
        }
        bits <<= 6 * padding;
        out.extend(bits.to_be_bytes().into_iter().skip(1).take(3 - padding));
    }
    Some(out)
}

/// Writes `bytes` with padding.
pub(crate) fn encode<W: Write>(bytes: &[u8], out: &mut W) -> fmt::Result {
    for group in bytes.chunks(3) {
        let mut bits = 0_u32;
        for i in 0..3 {
            bits = bits << 8 | u32::from(group.get(i).copied().unwrap_or(0));
        }
        for i in 0..4 {
            let index = (bits >> (18 - 6 * i)) & 63;
            out.write_char(if i > group.len() { '=' } else { digit(index) })?;
        }
    }
    Ok(())
}

fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

fn digit(value: u32) -> char {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    usize::try_from(value).ok().and_then(|value| DIGITS.get(value)).copied().unwrap_or(b'A').into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn rfc4648_10_vectors() {
        let vectors = [
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in vectors {
            let mut out = String::new();
            encode(bytes.as_bytes(), &mut out).unwrap();
            assert_eq!(out, text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
    }

    #[test]
    fn what_is_no_base64() {
        for text in ["", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Zm9v Zm9v", "Zm9\u{e9}"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
