//! The table of primitives.

use crate::Hash;
use core::fmt;
use siskin_base::HashAlgorithm;

/// A table of cryptographic primitives. Copying one is cheap; a table with a slot of one's own is
/// `Provider { sha1: &MySha1, ..siskin_crypto::rustcrypto() }`.
#[derive(Clone, Copy)]
pub struct Provider {
    /// For people.
    pub name: &'static str,
    /// Whether everything it draws comes from the caller's [`Rng`](siskin_base::Rng), so that a replay repeats it.
    pub reproducible: bool,
    /// MD5, for STUN's long-term credentials only.
    pub md5: &'static dyn Hash,
    /// SHA-1, for HMAC only.
    pub sha1: &'static dyn Hash,
    /// SHA-256.
    pub sha256: &'static dyn Hash,
    /// SHA-384.
    pub sha384: &'static dyn Hash,
    /// SHA-512.
    pub sha512: &'static dyn Hash,
}

impl Provider {
    /// The hash function of that name; SHA-256 for one that this version does not know.
    pub fn hash(&self, algorithm: HashAlgorithm) -> &'static dyn Hash {
        match algorithm {
            HashAlgorithm::Md5 => self.md5,
            HashAlgorithm::Sha1 => self.sha1,
            HashAlgorithm::Sha384 => self.sha384,
            HashAlgorithm::Sha512 => self.sha512,
            _ => self.sha256,
        }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider({})", self.name)
    }
}
