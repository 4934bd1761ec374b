//! USERNAME, USERHASH, REALM, NONCE and its cookie, PASSWORD-ALGORITHM and PASSWORD-ALGORITHMS, SOFTWARE
//! (RFC 8489 §14.3, §14.4, §14.9 to §14.12, §14.14; §9.2.1 for the cookie).

use super::attribute::padding;
use super::{AttributeType, Builder, Message};
use alloc::vec::Vec;
use siskin_base::wire::{Reader, Writer as _};

/// How a nonce begins that announces security features (RFC 8489 §9.2.1).
const COOKIE: &[u8] = b"obMatJos2";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

siskin_base::code_points! {
    /// How a password becomes a key (RFC 8489 §18.5).
    pub struct PasswordAlgorithm(u16) { MD5 = 0x0001, SHA256 = 0x0002, }
}

/// The STUN Security Features, 24 bits of which bit 0 is the first of the first byte (RFC 8489 §18.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SecurityFeatures(pub u32);

impl SecurityFeatures {
    /// The server wants PASSWORD-ALGORITHMS to be heeded.
    pub const PASSWORD_ALGORITHMS: Self = Self(0x80_0000);
    /// The server understands USERHASH.
    pub const USERNAME_ANONYMITY: Self = Self(0x40_0000);

    /// Whether all of `features` are here.
    pub const fn has(self, features: Self) -> bool {
        self.0 & features.0 == features.0
    }

    /// These and `features`.
    #[must_use]
    pub const fn with(self, features: Self) -> Self {
        Self(self.0 | features.0)
    }
}

/// A nonce that starts with the cookie: `obMatJos2`, four characters of base64 for the features, then the nonce proper.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NonceCookie<'a> {
    /// What the server announces.
    pub features: SecurityFeatures,
    /// The rest.
    pub rest: &'a [u8],
}

impl<'a> NonceCookie<'a> {
    /// Reads a NONCE value; `None` if it does not begin with the cookie.
    pub fn parse(nonce: &'a [u8]) -> Option<Self> {
        let (code, rest) = nonce.strip_prefix(COOKIE)?.split_first_chunk::<4>()?;
        let mut features = 0;
        for byte in code {
            features = features << 6 | BASE64.iter().position(|known| known == byte)? as u32;
        }
        Some(Self { features: SecurityFeatures(features), rest })
    }

    /// Appends the whole NONCE value.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.put(COOKIE);
        for shift in [18, 12, 6, 0] {
            let index = (self.features.0 >> shift & 63) as usize;
            out.put_u8(BASE64.get(index).copied().unwrap_or(b'A'));
        }
        out.put(self.rest);
    }
}

/// The algorithms in PASSWORD-ALGORITHMS with their parameters.
#[derive(Clone, Debug)]
pub struct PasswordAlgorithms<'a> {
    reader: Reader<'a>,
}

impl<'a> PasswordAlgorithms<'a> {
    /// Reads a value of PASSWORD-ALGORITHMS.
    pub fn new(value: &'a [u8]) -> Self {
        Self { reader: Reader::new(value) }
    }
}

impl<'a> Iterator for PasswordAlgorithms<'a> {
    type Item = (PasswordAlgorithm, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let algorithm = PasswordAlgorithm(self.reader.u16().ok()?);
        let parameters = self.reader.vec16().ok()?;
        // RFC 8489 §14.11: parameters are padded to four bytes; the last may lack it.
        let padding = padding(parameters.len()).min(self.reader.len());
        self.reader.take(padding).ok()?;
        Some((algorithm, parameters))
    }
}

impl<'a> Message<'a> {
    /// USERNAME, if it is UTF-8.
    pub fn username(&self) -> Option<&'a str> {
        core::str::from_utf8(self.get(AttributeType::USERNAME)?).ok()
    }

    /// REALM, if it is UTF-8.
    pub fn realm(&self) -> Option<&'a str> {
        core::str::from_utf8(self.get(AttributeType::REALM)?).ok()
    }

    /// NONCE.
    pub fn nonce(&self) -> Option<&'a [u8]> {
        self.get(AttributeType::NONCE)
    }

    /// USERHASH.
    pub fn userhash(&self) -> Option<&'a [u8; 32]> {
        self.get(AttributeType::USERHASH)?.try_into().ok()
    }

    /// SOFTWARE, if it is UTF-8.
    pub fn software(&self) -> Option<&'a str> {
        core::str::from_utf8(self.get(AttributeType::SOFTWARE)?).ok()
    }

    /// PASSWORD-ALGORITHM, without its parameters.
    pub fn password_algorithm(&self) -> Option<PasswordAlgorithm> {
        PasswordAlgorithms::new(self.get(AttributeType::PASSWORD_ALGORITHM)?).next().map(|(first, _)| first)
    }

    /// PASSWORD-ALGORITHMS.
    pub fn password_algorithms(&self) -> Option<PasswordAlgorithms<'a>> {
        self.get(AttributeType::PASSWORD_ALGORITHMS).map(PasswordAlgorithms::new)
    }
}

impl Builder<'_> {
    /// Appends USERNAME.
    pub fn username(self, username: &str) -> Self {
        self.attribute(AttributeType::USERNAME, username.as_bytes())
    }

    /// Appends REALM.
    pub fn realm(self, realm: &str) -> Self {
        self.attribute(AttributeType::REALM, realm.as_bytes())
    }

    /// Appends NONCE.
    pub fn nonce(self, nonce: &[u8]) -> Self {
        self.attribute(AttributeType::NONCE, nonce)
    }

    /// Appends USERHASH.
    pub fn userhash(self, hash: &[u8; 32]) -> Self {
        self.attribute(AttributeType::USERHASH, hash)
    }

    /// Appends SOFTWARE.
    pub fn software(self, software: &str) -> Self {
        self.attribute(AttributeType::SOFTWARE, software.as_bytes())
    }

    /// Appends PASSWORD-ALGORITHM without parameters.
    pub fn password_algorithm(self, algorithm: PasswordAlgorithm) -> Self {
        self.password_algorithms_as(AttributeType::PASSWORD_ALGORITHM, &[algorithm])
    }

    /// Appends PASSWORD-ALGORITHMS, none of them with parameters.
    pub fn password_algorithms(self, algorithms: &[PasswordAlgorithm]) -> Self {
        self.password_algorithms_as(AttributeType::PASSWORD_ALGORITHMS, algorithms)
    }

    fn password_algorithms_as(self, kind: AttributeType, algorithms: &[PasswordAlgorithm]) -> Self {
        self.attribute_with(kind, |out| {
            for algorithm in algorithms {
                out.put_u16(algorithm.0);
                out.put_u16(0);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nonce of RFC 8489 appendix B. Its features are bits 22 and below, counted as §9.2 says: none that is defined.
    #[test]
    fn rfc8489_9_2_cookie() {
        let nonce = b"obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA";
        let cookie = NonceCookie::parse(nonce).unwrap();
        assert_eq!(cookie.features, SecurityFeatures(2));
        let mut out = Vec::new();
        cookie.write(&mut out);
        assert_eq!(out, nonce);
        let features = SecurityFeatures::PASSWORD_ALGORITHMS.with(SecurityFeatures::USERNAME_ANONYMITY);
        out.clear();
        NonceCookie { features, rest: b"x" }.write(&mut out);
        assert_eq!(out, b"obMatJos2wAAAx");
        assert!(NonceCookie::parse(&out).unwrap().features.has(features));
        assert_eq!(NonceCookie::parse(b"f//499k954d6OL34oL9FSTvy64sA"), None);
        assert_eq!(NonceCookie::parse(b"obMatJos2AAA"), None);
        assert_eq!(NonceCookie::parse(b"obMatJos2AA!A"), None);
    }
}
