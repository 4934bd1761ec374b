//! ECDSA on P-256 and P-384, deterministic (RFC 6979).

use crate::{Error, Hash, KeyKind, PublicKey, SignatureScheme, Signer, SigningKey, Verifier};
use alloc::boxed::Box;
use alloc::vec::Vec;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::signature::hazmat::PrehashVerifier as _;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use siskin_base::Rng;
use zeroize::Zeroizing;

pub(crate) struct P256;
pub(crate) struct P384;

/// Draws until a draw is usable; it is nearly always the first one.
pub(super) fn draw<T>(mut attempt: impl FnMut() -> Option<T>) -> Result<T, Error> {
    (0..64).find_map(|_| attempt()).ok_or(Error::Failed)
}

macro_rules! nist_curve {
    ($signer:ident, $key:ident, $verify:ident, $curve:ident, $kind:ident, $scheme:ident, $size:literal) => {
        struct $key {
            key: $curve::ecdsa::SigningKey,
            public_key: PublicKey,
        }

        impl Signer for $signer {
            fn kind(&self) -> KeyKind {
                KeyKind::$kind
            }

            fn generate(&self, rng: &mut Rng) -> Result<Zeroizing<Vec<u8>>, Error> {
                let secret =
                    draw(|| $curve::SecretKey::from_slice(&*Zeroizing::new(rng.bytes::<$size>())).ok())?;
                secret.to_pkcs8_der().map(|document| document.to_bytes()).map_err(|_| Error::Failed)
            }

            fn load(&self, pkcs8: &[u8]) -> Result<Box<dyn SigningKey>, Error> {
                let secret = $curve::SecretKey::from_pkcs8_der(pkcs8).map_err(|_| Error::InvalidKey)?;
                let bytes = secret.public_key().to_sec1_point(false).as_bytes().into();
                let public_key = PublicKey { kind: KeyKind::$kind, bytes };
                Ok(Box::new($key { key: secret.into(), public_key }))
            }
        }

        impl SigningKey for $key {
            fn scheme(&self) -> SignatureScheme {
                SignatureScheme::$scheme
            }

            fn sign(&self, _: &mut Rng, message: &[u8]) -> Result<Vec<u8>, Error> {
                let signature: $curve::ecdsa::Signature =
                    self.key.try_sign(message).map_err(|_| Error::Failed)?;
                Ok(signature.to_der().as_bytes().into())
            }

            fn public_key(&self) -> &PublicKey {
                &self.public_key
            }
        }

        fn $verify(hash: &dyn Hash, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
            let key = $curve::ecdsa::VerifyingKey::from_sec1_bytes(key).map_err(|_| Error::InvalidKey)?;
            let signature =
                $curve::ecdsa::Signature::from_der(signature).map_err(|_| Error::InvalidSignature)?;
            let verified = key.verify_prehash(hash.digest(&[message]).as_ref(), &signature);
            verified.map_err(|_| Error::InvalidSignature)
        }
    };
}

nist_curve!(P256, P256Key, verify_p256, p256, EcdsaP256, ECDSA_SECP256R1_SHA256, 32);
nist_curve!(P384, P384Key, verify_p384, p384, EcdsaP384, ECDSA_SECP384R1_SHA384, 48);

type Verify = fn(&dyn Hash, &[u8], &[u8], &[u8]) -> Result<(), Error>;

pub(crate) struct Ecdsa {
    kind: KeyKind,
    scheme: SignatureScheme,
    hash: &'static dyn Hash,
    verify: Verify,
}

pub(crate) static P256_SHA256: Ecdsa = Ecdsa {
    kind: KeyKind::EcdsaP256,
    scheme: SignatureScheme::ECDSA_SECP256R1_SHA256,
    hash: &super::hash::SHA256,
    verify: verify_p256,
};
pub(crate) static P256_SHA384: Ecdsa = Ecdsa {
    kind: KeyKind::EcdsaP256,
    scheme: SignatureScheme::ECDSA_SECP384R1_SHA384,
    hash: &super::hash::SHA384,
    verify: verify_p256,
};
pub(crate) static P384_SHA256: Ecdsa = Ecdsa {
    kind: KeyKind::EcdsaP384,
    scheme: SignatureScheme::ECDSA_SECP256R1_SHA256,
    hash: &super::hash::SHA256,
    verify: verify_p384,
};
pub(crate) static P384_SHA384: Ecdsa = Ecdsa {
    kind: KeyKind::EcdsaP384,
    scheme: SignatureScheme::ECDSA_SECP384R1_SHA384,
    hash: &super::hash::SHA384,
    verify: verify_p384,
};

impl Verifier for Ecdsa {
    fn kind(&self) -> KeyKind {
        self.kind
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    fn verify(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Error> {
        (self.verify)(self.hash, public_key, message, signature)
    }
}
