//! X25519, P-256 and P-384.

use crate::{ActiveKeyExchange, Error, KeyExchange, NamedGroup, SharedSecret};
use alloc::boxed::Box;
use alloc::vec::Vec;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use siskin_base::Rng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

pub(crate) struct X25519;
pub(crate) struct P256;
pub(crate) struct P384;

struct ActiveX25519 {
    secret: StaticSecret,
    share: [u8; 32],
}

impl KeyExchange for X25519 {
    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }

    fn start(&self, rng: &mut Rng) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let secret = StaticSecret::from(*Zeroizing::new(rng.bytes::<32>()));
        let share = PublicKey::from(&secret).to_bytes();
        Ok(Box::new(ActiveX25519 { secret, share }))
    }
}

impl ActiveKeyExchange for ActiveX25519 {
    fn share(&self) -> &[u8] {
        &self.share
    }

    fn finish(self: Box<Self>, peer_share: &[u8]) -> Result<SharedSecret, Error> {
        let peer = <[u8; 32]>::try_from(peer_share).map_err(|_| Error::InvalidShare)?;
        let secret = self.secret.diffie_hellman(&PublicKey::from(peer));
        // RFC 7748 §6.1: an all-zero secret means a point of small order.
        if secret.was_contributory() {
            Ok(SharedSecret::new(secret.as_bytes()))
        } else {
            Err(Error::InvalidShare)
        }
    }
}

macro_rules! nist_curve {
    ($exchange:ident, $active:ident, $curve:ident, $group:ident, $size:literal) => {
        struct $active {
            secret: $curve::SecretKey,
            share: Vec<u8>,
        }

        impl KeyExchange for $exchange {
            fn group(&self) -> NamedGroup {
                NamedGroup::$group
            }

            fn start(&self, rng: &mut Rng) -> Result<Box<dyn ActiveKeyExchange>, Error> {
                let secret = super::signature::draw(|| {
                    $curve::SecretKey::from_slice(&*Zeroizing::new(rng.bytes::<$size>())).ok()
                })?;
                let share = secret.public_key().to_sec1_point(false).as_bytes().into();
                Ok(Box::new($active { secret, share }))
            }
        }

        impl ActiveKeyExchange for $active {
            fn share(&self) -> &[u8] {
                &self.share
            }

            fn finish(self: Box<Self>, peer_share: &[u8]) -> Result<SharedSecret, Error> {
                // RFC 8422 §5.1.2: uncompressed points only.
                if peer_share.first() != Some(&4) {
                    return Err(Error::InvalidShare);
                }
                let peer = $curve::PublicKey::from_sec1_bytes(peer_share).map_err(|_| Error::InvalidShare)?;
                let secret = $curve::ecdh::diffie_hellman(self.secret.to_nonzero_scalar(), peer.as_affine());
                Ok(SharedSecret::new(secret.raw_secret_bytes()))
            }
        }
    };
}

nist_curve!(P256, ActiveP256, p256, SECP256R1, 32);
nist_curve!(P384, ActiveP384, p384, SECP384R1, 48);
