//! Username fragments and passwords (RFC 8445 §5.3, RFC 8839 §5.4).

use crate::Misuse;
use alloc::string::String;
use core::fmt;
use siskin_base::Rng;
use siskin_base::wire::Reader;
use siskin_stun::wire::{AttributeType, is_stun};

const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What signs the checks of one ICE session in one direction.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `a=ice-ufrag`, 4 to 256 ice-chars.
    pub ufrag: String,
    /// `a=ice-pwd`, 22 to 256 ice-chars. A secret.
    pub password: String,
}

impl Credentials {
    /// Credentials that came from the peer.
    ///
    /// # Errors
    ///
    /// [`Misuse::BadCredentials`], if a length or a character is not allowed.
    pub fn new(ufrag: &str, password: &str) -> Result<Self, Misuse> {
        let ice_chars = |text: &str| text.bytes().all(|byte| ICE_CHARS.contains(&byte));
        let lengths = (4..=256).contains(&ufrag.len()) && (22..=256).contains(&password.len());
        if !lengths || !ice_chars(ufrag) || !ice_chars(password) {
            return Err(Misuse::BadCredentials);
        }
        Ok(Self { ufrag: ufrag.into(), password: password.into() })
    }

    /// New ones: 48 and 144 random bits, where RFC 8445 §5.3 asks for 24 and 128.
    pub fn random(rng: &mut Rng) -> Self {
        let mut text = |len: usize| -> String {
            let mut next = || ICE_CHARS.get(rng.below(64) as usize).map_or('A', |byte| char::from(*byte));
            (0..len).map(|_| next()).collect()
        };
        Self { ufrag: text(8), password: text(24) }
    }
}

/// Shows the username fragment only.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({}, ..)", self.ufrag)
    }
}

/// The receiver's username fragment in a STUN request: which of many agents on one port it is for. Reads the datagram up
/// to USERNAME and verifies nothing.
///
/// ```
/// # use siskin_stun::wire::{Builder, Class, Method, TransactionId};
/// let mut check = Vec::new();
/// Builder::new(&mut check, Class::Request, Method::BINDING, TransactionId([0; 12])).username("mine:yours").finish();
/// assert_eq!(siskin_ice::local_ufrag_of(&check), Some("mine"));
/// ```
pub fn local_ufrag_of(datagram: &[u8]) -> Option<&str> {
    if !is_stun(datagram) {
        return None;
    }
    let mut r = Reader::new(datagram.get(20..)?);
    loop {
        let kind = AttributeType(r.u16().ok()?);
        let value = r.vec16().ok()?;
        if kind == AttributeType::USERNAME {
            return core::str::from_utf8(value).ok()?.split_once(':').map(|(local, _)| local);
        }
        r.take(value.len().wrapping_neg() % 4).ok()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc8445_5_3_random_credentials_are_valid() {
        let mut rng = Rng::for_tests(1);
        let (a, b) = (Credentials::random(&mut rng), Credentials::random(&mut rng));
        assert_ne!(a, b);
        assert_eq!(Credentials::new(&a.ufrag, &a.password), Ok(a));
    }

    #[test]
    fn rfc8839_5_4_lengths_and_characters() {
        let password = "0123456789012345678901";
        assert!(Credentials::new("W+jL", password).is_ok());
        assert!(Credentials::new("W+j", password).is_err());
        assert!(Credentials::new("W-jL", password).is_err());
        assert!(Credentials::new("W+jL", &password[1..]).is_err());
    }
}
