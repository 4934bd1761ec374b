//! The default provider: ring, and RustCrypto for what ring lacks or does more slowly.

pub(crate) mod aead;
pub(crate) mod kem;
mod key_exchange;
mod signature;

use crate::rustcrypto::gcm::ShortGcm;
use crate::rustcrypto::keystream::{Aes128, Aes256};
use crate::{KeyExchange, Provider, Signer, Verifier};

/// The provider built on ring. Its hashes and HMACs are RustCrypto's, which use the processor's SHA instructions
/// for SHA-1 as well, and so is AES-GCM for short messages; ML-KEM is libcrux's, and record numbers are hidden by RustCrypto's AES and ChaCha20.
///
/// ring draws from the operating system, not from the caller's [`Rng`](siskin_base::Rng): replaying a session needs
/// [`rustcrypto`](crate::rustcrypto).
pub fn provider() -> Provider {
    Provider {
        name: "ring",
        reproducible: false,
        aes128gcm: &AES_128_GCM,
        aes256gcm: &AES_256_GCM,
        chacha20poly1305: &aead::CHACHA20_POLY1305,
        key_exchanges: &KEY_EXCHANGES,
        signers: &SIGNERS,
        verifiers: &VERIFIERS,
        ..crate::rustcrypto()
    }
}

static AES_128_GCM: ShortGcm<Aes128, aead::Cipher> = ShortGcm::new(&aead::AES_128_GCM, Some(usize::MAX));
static AES_256_GCM: ShortGcm<Aes256, aead::Cipher> = ShortGcm::new(&aead::AES_256_GCM, Some(usize::MAX));
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
    &signature::RSA_PSS_SHA256,
    &signature::RSA_PSS_SHA384,
    &signature::RSA_PSS_SHA512,
    &signature::RSA_PKCS1_SHA256,
    &signature::RSA_PKCS1_SHA384,
    &signature::RSA_PKCS1_SHA512,
];
