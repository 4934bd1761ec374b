//! Signatures: making them with ECDSA, verifying ECDSA and RSA.

use crate::Error;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use siskin_base::Rng;
use zeroize::Zeroizing;

siskin_base::code_points! {
    /// A signature algorithm by its TLS number (RFC 8446 §4.2.3). In TLS 1.2 the numbers of ECDSA name the hash
    /// only, and the curve is the key's.
    pub struct SignatureScheme(u16) {
        RSA_PKCS1_SHA256 = 0x0401,
        ECDSA_SECP256R1_SHA256 = 0x0403,
        RSA_PKCS1_SHA384 = 0x0501,
        ECDSA_SECP384R1_SHA384 = 0x0503,
        RSA_PKCS1_SHA512 = 0x0601,
        RSA_PSS_RSAE_SHA256 = 0x0804,
        RSA_PSS_RSAE_SHA384 = 0x0805,
        RSA_PSS_RSAE_SHA512 = 0x0806,
    }
}

/// What kind of key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyKind {
    /// ECDSA on P-256 (secp256r1).
    EcdsaP256,
    /// ECDSA on P-384 (secp384r1).
    EcdsaP384,
    /// RSA, 2048 bits or more.
    Rsa,
}

/// A public key as a certificate carries it.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// What it can verify.
    pub kind: KeyKind,
    /// An uncompressed point (SEC 1 §2.3.3), or `RSAPublicKey` in DER (RFC 8017 §A.1.1).
    pub bytes: Vec<u8>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:?}, {} bytes)", self.kind, self.bytes.len())
    }
}

/// Makes and loads private keys of one kind.
pub trait Signer: Send + Sync {
    /// The kind of key.
    fn kind(&self) -> KeyKind;

    /// A fresh private key as PKCS #8 DER (RFC 5208), with the public key in it.
    fn generate(&self, rng: &mut Rng) -> Result<Zeroizing<Vec<u8>>, Error>;

    /// The private key in `pkcs8`, DER.
    fn load(&self, pkcs8: &[u8]) -> Result<Box<dyn SigningKey>, Error>;
}

/// A private key, ready to sign.
pub trait SigningKey: Send + Sync {
    /// How it signs.
    fn scheme(&self) -> SignatureScheme;

    /// Signs `message`, which it hashes; ECDSA signatures are `ECDSA-Sig-Value` in DER (RFC 3279 §2.2.3).
    fn sign(&self, rng: &mut Rng, message: &[u8]) -> Result<Vec<u8>, Error>;

    /// The public key that belongs to it.
    fn public_key(&self) -> &PublicKey;
}

/// Verifies signatures of one scheme with one kind of key.
pub trait Verifier: Send + Sync {
    /// The kind of key.
    fn kind(&self) -> KeyKind;

    /// The scheme.
    fn scheme(&self) -> SignatureScheme;

    /// Whether `signature` belongs to `message` and the key in `public_key`, in the form of [`PublicKey::bytes`].
    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error>;
}
