//! ML-KEM-768 (FIPS 203), the `ml-kem` crate's.

use crate::hybrid::{self, X25519MlKem768};
use crate::{ActiveKeyExchange, Error, KeyExchange, NamedGroup, SharedSecret};
use alloc::boxed::Box;
use alloc::vec::Vec;
use ml_kem::kem::{Decapsulate as _, KeyExport as _};
use ml_kem::ml_kem_768::{DecapsulationKey, EncapsulationKey};
use siskin_base::Rng;
use zeroize::Zeroizing;

pub(crate) static X25519_ML_KEM_768: X25519MlKem768 =
    X25519MlKem768 { kem: &MlKem768, traditional: &super::key_exchange::X25519 };

pub(crate) struct MlKem768;

struct Active {
    key: DecapsulationKey,
    share: Vec<u8>,
}

impl KeyExchange for MlKem768 {
    fn group(&self) -> NamedGroup {
        NamedGroup::MLKEM768
    }

    fn start(&self, rng: &mut Rng) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        Ok(start(&Zeroizing::new(rng.bytes())))
    }

    fn respond(&self, rng: &mut Rng, peer_share: &[u8]) -> Result<(Vec<u8>, SharedSecret), Error> {
        respond(&Zeroizing::new(rng.bytes()), peer_share)
    }
}

/// From the seeds `d` and `z` of FIPS 203 §7.1.
pub(crate) fn start(seed: &[u8; 64]) -> Box<dyn ActiveKeyExchange> {
    let key = DecapsulationKey::from_seed((*seed).into());
    let share = key.encapsulation_key().to_bytes().as_slice().into();
    Box::new(Active { key, share })
}

/// With the message `m` of FIPS 203 §7.2.
pub(crate) fn respond(message: &[u8; 32], peer_share: &[u8]) -> Result<(Vec<u8>, SharedSecret), Error> {
    let peer = <&[u8; hybrid::ENCAPSULATION_KEY]>::try_from(peer_share).map_err(|_| Error::InvalidShare)?;
    // RFC 10024 §4.2: this is where the key is checked (FIPS 203 §7.2).
    let key = EncapsulationKey::new(peer.into()).map_err(|_| Error::InvalidShare)?;
    let (ciphertext, secret) = key.encapsulate_deterministic(message.into());
    Ok((ciphertext.as_slice().into(), SharedSecret::new(Zeroizing::new(secret).as_slice())))
}

impl ActiveKeyExchange for Active {
    fn share(&self) -> &[u8] {
        &self.share
    }

    /// A ciphertext that was not made for this key yields a secret that nobody knows (FIPS 203 §6.3): the handshake
    /// then fails at its Finished.
    fn finish(self: Box<Self>, peer_share: &[u8]) -> Result<SharedSecret, Error> {
        let ciphertext =
            <&[u8; hybrid::CIPHERTEXT]>::try_from(peer_share).map_err(|_| Error::InvalidShare)?;
        Ok(SharedSecret::new(Zeroizing::new(self.key.decapsulate(ciphertext.into())).as_slice()))
    }
}
