//! X25519, P-256 and P-384.

use crate::{ActiveKeyExchange, Error, KeyExchange, NamedGroup, SharedSecret};
use alloc::boxed::Box;
use ring::{agreement, rand};
use siskin_base::Rng;

pub(super) static X25519: Exchange = Exchange(NamedGroup::X25519, &agreement::X25519);
pub(super) static P256: Exchange = Exchange(NamedGroup::SECP256R1, &agreement::ECDH_P256);
pub(super) static P384: Exchange = Exchange(NamedGroup::SECP384R1, &agreement::ECDH_P384);

pub(super) struct Exchange(NamedGroup, &'static agreement::Algorithm);

struct Active {
    algorithm: &'static agreement::Algorithm,
    secret: agreement::EphemeralPrivateKey,
    share: agreement::PublicKey,
}

impl KeyExchange for Exchange {
    fn group(&self) -> NamedGroup {
        self.0
    }

    fn start(&self, _: &mut Rng) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let secret = agreement::EphemeralPrivateKey::generate(self.1, &rand::SystemRandom::new());
        let secret = secret.map_err(|_| Error::Failed)?;
        let share = secret.compute_public_key().map_err(|_| Error::Failed)?;
        Ok(Box::new(Active { algorithm: self.1, secret, share }))
    }
}

impl ActiveKeyExchange for Active {
    fn share(&self) -> &[u8] {
        self.share.as_ref()
    }

    fn finish(self: Box<Self>, peer_share: &[u8]) -> Result<SharedSecret, Error> {
        let peer = agreement::UnparsedPublicKey::new(self.algorithm, peer_share);
        agreement::agree_ephemeral(self.secret, &peer, SharedSecret::new).map_err(|_| Error::InvalidShare)
    }
}
