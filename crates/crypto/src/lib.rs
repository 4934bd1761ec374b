#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod aead;
#[cfg(feature = "aws-lc")]
mod aws_lc;
mod certificate;
mod counter;
mod error;
mod hash;
mod hkdf;
#[cfg(feature = "rustcrypto")]
mod hybrid;
mod key_exchange;
mod provider;
#[cfg(feature = "ring")]
mod ring;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;
mod signature;

pub use aead::{Aead, AeadAlgorithm, AeadKey, MaskKey, Nonce, Tag};
pub use certificate::{Certificate, CertificateView, fingerprint};
pub use counter::{CounterBlock, CounterKey, CounterMacKey, CounterMode};
pub use error::Error;
pub use hash::{Digest, Hash, HashContext, MacKey};
pub use hkdf::Hkdf;
pub use key_exchange::{ActiveKeyExchange, KeyExchange, NamedGroup, SharedSecret};
pub use provider::Provider;
pub use signature::{KeyKind, PublicKey, SignatureScheme, Signer, SigningKey, Verifier};

#[cfg(feature = "aws-lc")]
pub use aws_lc::provider as aws_lc;
#[cfg(feature = "ring")]
pub use ring::provider as ring;
#[cfg(feature = "rustcrypto")]
pub use rustcrypto::provider as rustcrypto;

/// The provider for everyday use, of those that were compiled in: `ring`, or else `rustcrypto`.
#[cfg(feature = "rustcrypto")]
pub fn default_provider() -> Provider {
    #[cfg(feature = "ring")]
    return ring();
    #[cfg(not(feature = "ring"))]
    return rustcrypto();
}

/// Whether two byte strings are equal, in time that depends on their lengths only.
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    a.ct_eq(b).into()
}
