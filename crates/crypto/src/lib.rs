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
#[inline]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    use subtle::ConstantTimeEq as _;
    if a.len() != b.len() {
        return false;
    }
    // `subtle`'s own comparison of slices hides each byte from the compiler by itself, 2 ns each: here it hides what is left
    // when all differences are in one word.
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks(), b.as_chunks());
    let number = |block: &[u8; 16]| u128::from_ne_bytes(*block);
    let blocks = a.iter().zip(b).fold(0, |found, (a, b)| found | number(a) ^ number(b));
    let rest = a_rest.iter().zip(b_rest).fold(0, |found, (a, b)| found | a ^ b);
    (blocks | u128::from(rest)).ct_eq(&0).into()
}

#[cfg(test)]
mod tests {
    use super::constant_time_eq;

    #[test]
    fn every_bit_and_length_counts() {
        let bytes: [u8; 40] = core::array::from_fn(|i| i as u8);
        for len in 0..=40 {
            let copy = bytes;
            assert!(constant_time_eq(&bytes[..len], &copy[..len]));
            for at in 0..len * 8 {
                let mut other = bytes;
                other[at / 8] ^= 1 << (at % 8);
                assert!(!constant_time_eq(&bytes[..len], &other[..len]), "{len} {at}");
            }
            assert!(!constant_time_eq(&bytes[..len], &[&bytes[..len], &[0]].concat()));
        }
    }
}
