//! ECDSA on P-256 and P-384; verification of RSA.

use crate::{Error, KeyKind, PublicKey, SignatureScheme, Signer, SigningKey, Verifier};
use alloc::boxed::Box;
use alloc::vec::Vec;
use ring::rand::SystemRandom;
use ring::signature::{self as ring_signature, EcdsaKeyPair, KeyPair as _};
use siskin_base::Rng;
use zeroize::Zeroizing;

pub(super) static P256: Ecdsa = Ecdsa {
    kind: KeyKind::EcdsaP256,
    scheme: SignatureScheme::ECDSA_SECP256R1_SHA256,
    algorithm: &ring_signature::ECDSA_P256_SHA256_ASN1_SIGNING,
};
pub(super) static P384: Ecdsa = Ecdsa {
    kind: KeyKind::EcdsaP384,
    scheme: SignatureScheme::ECDSA_SECP384R1_SHA384,
    algorithm: &ring_signature::ECDSA_P384_SHA384_ASN1_SIGNING,
};

pub(super) struct Ecdsa {
    kind: KeyKind,
    scheme: SignatureScheme,
    algorithm: &'static ring_signature::EcdsaSigningAlgorithm,
}

struct Key {
    scheme: SignatureScheme,
    pair: EcdsaKeyPair,
    public_key: PublicKey,
}

impl Signer for Ecdsa {
    fn kind(&self) -> KeyKind {
        self.kind
    }

    fn generate(&self, _: &mut Rng) -> Result<Zeroizing<Vec<u8>>, Error> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(self.algorithm, &SystemRandom::new());
        Ok(Zeroizing::new(pkcs8.map_err(|_| Error::Failed)?.as_ref().into()))
    }

    fn load(&self, pkcs8: &[u8]) -> Result<Box<dyn SigningKey>, Error> {
        let pair = EcdsaKeyPair::from_pkcs8(self.algorithm, pkcs8, &SystemRandom::new());
        let pair = pair.map_err(|_| Error::InvalidKey)?;
        let public_key = PublicKey { kind: self.kind, bytes: pair.public_key().as_ref().into() };
        Ok(Box::new(Key { scheme: self.scheme, pair, public_key }))
    }
}

impl SigningKey for Key {
    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    fn sign(&self, _: &mut Rng, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.pair.sign(&SystemRandom::new(), message).map_err(|_| Error::Failed)?;
        Ok(signature.as_ref().into())
    }

    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

pub(super) struct Verify {
    kind: KeyKind,
    scheme: SignatureScheme,
    algorithm: &'static dyn ring_signature::VerificationAlgorithm,
}

impl Verifier for Verify {
    fn kind(&self) -> KeyKind {
        self.kind
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let key = ring_signature::UnparsedPublicKey::new(self.algorithm, public_key);
        key.verify(message, signature).map_err(|_| Error::InvalidSignature)
    }
}

macro_rules! verifiers {
    ($($name:ident = $kind:ident, $scheme:ident, $algorithm:ident;)*) => {
        $(pub(super) static $name: Verify = Verify {
            kind: KeyKind::$kind,
            scheme: SignatureScheme::$scheme,
            algorithm: &ring_signature::$algorithm,
        };)*
    };
}

verifiers! {
    P256_SHA256 = EcdsaP256, ECDSA_SECP256R1_SHA256, ECDSA_P256_SHA256_ASN1;
    P256_SHA384 = EcdsaP256, ECDSA_SECP384R1_SHA384, ECDSA_P256_SHA384_ASN1;
    P384_SHA256 = EcdsaP384, ECDSA_SECP256R1_SHA256, ECDSA_P384_SHA256_ASN1;
    P384_SHA384 = EcdsaP384, ECDSA_SECP384R1_SHA384, ECDSA_P384_SHA384_ASN1;
    RSA_PSS_SHA256 = Rsa, RSA_PSS_RSAE_SHA256, RSA_PSS_2048_8192_SHA256;
    RSA_PSS_SHA384 = Rsa, RSA_PSS_RSAE_SHA384, RSA_PSS_2048_8192_SHA384;
    RSA_PSS_SHA512 = Rsa, RSA_PSS_RSAE_SHA512, RSA_PSS_2048_8192_SHA512;
    RSA_PKCS1_SHA256 = Rsa, RSA_PKCS1_SHA256, RSA_PKCS1_2048_8192_SHA256;
    RSA_PKCS1_SHA384 = Rsa, RSA_PKCS1_SHA384, RSA_PKCS1_2048_8192_SHA384;
    RSA_PKCS1_SHA512 = Rsa, RSA_PKCS1_SHA512, RSA_PKCS1_2048_8192_SHA512;
}
