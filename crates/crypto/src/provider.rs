//! The table of primitives.

use crate::{
    Aead, AeadAlgorithm, CounterMode, Error, Hash, KeyExchange, KeyKind, NamedGroup, PublicKey,
    SignatureScheme, Signer, Verifier,
};
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
    /// AES-128-GCM.
    pub aes128gcm: &'static dyn Aead,
    /// AES-256-GCM.
    pub aes256gcm: &'static dyn Aead,
    /// ChaCha20-Poly1305.
    pub chacha20poly1305: &'static dyn Aead,
    /// AES in counter mode, and that with HMAC-SHA1, for SRTP.
    pub aes_ctr: &'static dyn CounterMode,
    /// Key exchanges, the preferred one first.
    pub key_exchanges: &'static [&'static dyn KeyExchange],
    /// Private keys, the preferred kind first.
    pub signers: &'static [&'static dyn Signer],
    /// Signatures that can be verified, the preferred scheme first.
    pub verifiers: &'static [&'static dyn Verifier],
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

    /// The AEAD of that name.
    pub fn aead(&self, algorithm: AeadAlgorithm) -> &'static dyn Aead {
        match algorithm {
            AeadAlgorithm::Aes128Gcm => self.aes128gcm,
            AeadAlgorithm::Aes256Gcm => self.aes256gcm,
            AeadAlgorithm::ChaCha20Poly1305 => self.chacha20poly1305,
        }
    }

    /// The key exchange in `group`, if there is one.
    pub fn key_exchange(&self, group: NamedGroup) -> Option<&'static dyn KeyExchange> {
        self.key_exchanges.iter().copied().find(|exchange| exchange.group() == group)
    }

    /// What makes and loads private keys of that kind, if there is one.
    pub fn signer(&self, kind: KeyKind) -> Option<&'static dyn Signer> {
        self.signers.iter().copied().find(|signer| signer.kind() == kind)
    }

    /// Whether a signature of that scheme could be verified with a key of that kind.
    pub fn can_verify(&self, kind: KeyKind, scheme: SignatureScheme) -> bool {
        self.verifier(kind, scheme).is_some()
    }

    /// Whether `signature` belongs to `message` and `key`; [`Error::Unsupported`] if that cannot be told.
    pub fn verify(
        &self,
        key: &PublicKey,
        scheme: SignatureScheme,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Error> {
        let verifier = self.verifier(key.kind, scheme).ok_or(Error::Unsupported)?;
        verifier.verify(&key.bytes, message, signature)
    }

    fn verifier(&self, kind: KeyKind, scheme: SignatureScheme) -> Option<&'static dyn Verifier> {
        let mut verifiers = self.verifiers.iter().copied();
        verifiers.find(|verifier| verifier.kind() == kind && verifier.scheme() == scheme)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Provider({})", self.name)
    }
}
