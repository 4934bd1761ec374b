//! Keys for MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256 (RFC 8489 §9.1, §9.2.2, §14.5, §14.6).

use crate::wire::PasswordAlgorithm;
use alloc::boxed::Box;
use core::fmt;
use siskin_base::HashAlgorithm;
use siskin_crypto::{MacKey, Provider};

/// A password made ready to sign and verify messages. Make it once per credential: its use allocates nothing.
pub struct IntegrityKey {
    sha1: Box<dyn MacKey>,
    sha256: Box<dyn MacKey>,
}

impl IntegrityKey {
    /// The key is `password` itself (RFC 8489 §9.1.1). It is taken as it is.
    // RFC 8489 §9.1.1: not done, because ICE passwords are ASCII: whoever has others applies OpaqueString first.
    pub fn short_term(provider: &Provider, password: &str) -> Self {
        Self::from_bytes(provider, password.as_bytes())
    }

    /// The key is the hash of `username:realm:password` (RFC 8489 §9.2.2, §18.5.1); `None` for an algorithm that this
    /// version does not know. The three are taken as they are: prepared with OpaqueString (RFC 8265), without quotes.
    pub fn long_term(
        provider: &Provider,
        username: &str,
        realm: &str,
        password: &str,
        algorithm: PasswordAlgorithm,
    ) -> Option<Self> {
        let hash = match algorithm {
            PasswordAlgorithm::MD5 => HashAlgorithm::Md5,
            PasswordAlgorithm::SHA256 => HashAlgorithm::Sha256,
            _ => return None,
        };
        let parts = [username, ":", realm, ":", password].map(str::as_bytes);
        Some(Self::from_bytes(provider, provider.hash(hash).digest(&parts).as_ref()))
    }

    /// A key that was computed elsewhere, such as the stored hash of a long-term credential.
    pub fn from_bytes(provider: &Provider, key: &[u8]) -> Self {
        Self {
            sha1: provider.hash(HashAlgorithm::Sha1).hmac(key),
            sha256: provider.hash(HashAlgorithm::Sha256).hmac(key),
        }
    }

    pub(crate) fn sha1(&self) -> &dyn MacKey {
        &*self.sha1
    }

    pub(crate) fn sha256(&self) -> &dyn MacKey {
        &*self.sha256
    }
}

/// Shows nothing: the key is a secret.
impl fmt::Debug for IntegrityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IntegrityKey(..)")
    }
}
