//! ML-KEM-768 (FIPS 203), libcrux's: ring has none. It draws from the caller's `Rng`.

use crate::hybrid::X25519MlKem768;
use crate::{ActiveKeyExchange, Error, KeyExchange, NamedGroup, SharedSecret};
use alloc::boxed::Box;
use alloc::vec::Vec;
use libcrux_ml_kem::mlkem768::{self, MlKem768Ciphertext, MlKem768PrivateKey, MlKem768PublicKey};
use siskin_base::Rng;
use zeroize::{Zeroize as _, Zeroizing};

pub(super) static X25519_ML_KEM_768: X25519MlKem768 =
    X25519MlKem768 { kem: &MlKem768, traditional: &super::key_exchange::X25519 };

pub(super) struct MlKem768;

struct Active {
    key: MlKem768PrivateKey,
    share: MlKem768PublicKey,
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
    let (key, share) = mlkem768::generate_key_pair(*seed).into_parts();
    Box::new(Active { key, share })
}

/// With the message `m` of FIPS 203 §7.2.
pub(crate) fn respond(message: &[u8; 32], peer_share: &[u8]) -> Result<(Vec<u8>, SharedSecret), Error> {
    let key = MlKem768PublicKey::try_from(peer_share).map_err(|_| Error::InvalidShare)?;
    // RFC 10024 §4.2: FIPS 203 §7.2.
    if !mlkem768::validate_public_key(&key) {
        return Err(Error::InvalidShare);
    }
    let (ciphertext, secret) = mlkem768::encapsulate(&key, *message);
    Ok((ciphertext.as_ref().into(), SharedSecret::new(&*Zeroizing::new(secret))))
}

impl ActiveKeyExchange for Active {
    fn share(&self) -> &[u8] {
        self.share.as_ref()
    }

    /// A ciphertext that was not made for this key yields a secret that nobody knows (FIPS 203 §6.3): the handshake
    /// then fails at its Finished.
    fn finish(self: Box<Self>, peer_share: &[u8]) -> Result<SharedSecret, Error> {
        let ciphertext = MlKem768Ciphertext::try_from(peer_share).map_err(|_| Error::InvalidShare)?;
        let secret = mlkem768::decapsulate(&self.key, &ciphertext);
        Ok(SharedSecret::new(&*Zeroizing::new(secret)))
    }
}

/// libcrux wipes nothing itself: what it leaves on the stack stays there until something else is.
impl Drop for Active {
    fn drop(&mut self) {
        self.key[0..].zeroize();
    }
}
