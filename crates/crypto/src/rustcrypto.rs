//! The all-RustCrypto provider: `no_std`, and everything it draws comes from the caller's `Rng`.

pub(crate) mod aead;
pub(crate) mod counter;
pub(crate) mod gcm;
pub(crate) mod hash;
mod hmac_sha1;
pub(crate) mod kem;
pub(crate) mod key_exchange;
pub(crate) mod keystream;
pub(crate) mod mask;
pub(crate) mod rsa;
pub(crate) mod signature;
mod whole_blocks;

use crate::{KeyExchange, Provider, Signer, Verifier};
use gcm::ShortGcm;
use keystream::{Aes128, Aes256};

/// The provider of which every primitive is from the RustCrypto project (X25519: from dalek).
pub fn provider() -> Provider {
    Provider {
        name: "RustCrypto",
        reproducible: true,
        md5: &hash::MD5,
        sha1: &hash::SHA1,
        sha256: &hash::SHA256,
        sha384: &hash::SHA384,
        sha512: &hash::SHA512,
        aes128gcm: &AES_128_GCM,
        aes256gcm: &AES_256_GCM,
        chacha20poly1305: &aead::CHACHA20_POLY1305,
        aes_ctr: &counter::AES,
        key_exchanges: &KEY_EXCHANGES,
        signers: &SIGNERS,
        verifiers: &VERIFIERS,
    }
}

static AES_128_GCM: ShortGcm<Aes128, aead::Cipher<aes_gcm::Aes128Gcm>> =
    ShortGcm::new(&aead::AES_128_GCM, None);
static AES_256_GCM: ShortGcm<Aes256, aead::Cipher<aes_gcm::Aes256Gcm>> =
    ShortGcm::new(&aead::AES_256_GCM, None);
static KEY_EXCHANGES: [&dyn KeyExchange; 5] = [
    &kem::X25519_ML_KEM_768,
    &key_exchange::X25519,
    &key_exchange::P256,
    &key_exchange::P384,
    &kem::MlKem768,
];
static SIGNERS: [&dyn Signer; 2] = [&signature::P256, &signature::P384];
static VERIFIERS: [&dyn Verifier; 10] = [
    &signature::P256_SHA256,
    &signature::P384_SHA384,
    &signature::P256_SHA384,
    &signature::P384_SHA256,
    &rsa::PSS_SHA256,
    &rsa::PSS_SHA384,
    &rsa::PSS_SHA512,
    &rsa::PKCS1_SHA256,
    &rsa::PKCS1_SHA384,
    &rsa::PKCS1_SHA512,
];

#[cfg(test)]
mod tests {
    /// What the keys of this provider are made of; hash states: `hash.rs`. (`GHash` has no mark, but is wiped by what it holds.)
    #[test]
    fn keys_are_wiped_on_drop() {
        fn is_wiped<T: zeroize::ZeroizeOnDrop>() {}
        is_wiped::<aes_gcm::Aes128Gcm>();
        is_wiped::<aes_gcm::Aes256Gcm>();
        is_wiped::<chacha20poly1305::ChaCha20Poly1305>();
        is_wiped::<super::keystream::Aes128>();
        is_wiped::<super::keystream::Aes256>();
        is_wiped::<x25519_dalek::StaticSecret>();
        is_wiped::<p256::SecretKey>();
        is_wiped::<p384::SecretKey>();
        is_wiped::<p256::ecdsa::SigningKey>();
        is_wiped::<p384::ecdsa::SigningKey>();
        is_wiped::<ml_kem::ml_kem_768::DecapsulationKey>();
    }
}
