//! Hybrid key agreement (RFC 10024): ML-KEM-768 and X25519 side by side, safe as long as either is.

use crate::{ActiveKeyExchange, Error, KeyExchange, NamedGroup, SharedSecret};
use alloc::boxed::Box;
use alloc::vec::Vec;
use siskin_base::Rng;
use zeroize::Zeroizing;

/// X25519MLKEM768, from a provider's ML-KEM-768 and its X25519.
pub(crate) struct X25519MlKem768 {
    pub(crate) kem: &'static dyn KeyExchange,
    pub(crate) traditional: &'static dyn KeyExchange,
}

/// Bytes of an ML-KEM-768 encapsulation key (FIPS 203 §8, table 3).
pub(crate) const ENCAPSULATION_KEY: usize = 1184;
/// Bytes of an ML-KEM-768 ciphertext (FIPS 203 §8, table 3).
pub(crate) const CIPHERTEXT: usize = 1088;

struct Active {
    kem: Box<dyn ActiveKeyExchange>,
    traditional: Box<dyn ActiveKeyExchange>,
    group: NamedGroup,
    share: Vec<u8>,
}

impl KeyExchange for X25519MlKem768 {
    fn group(&self) -> NamedGroup {
        NamedGroup::X25519MLKEM768
    }

    fn start(&self, rng: &mut Rng) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let (kem, traditional) = (self.kem.start(rng)?, self.traditional.start(rng)?);
        let share = [kem.share(), traditional.share()].concat();
        Ok(Box::new(Active { kem, traditional, group: self.traditional.group(), share }))
    }

    fn respond(&self, rng: &mut Rng, peer_share: &[u8]) -> Result<(Vec<u8>, SharedSecret), Error> {
        let (kem, traditional) = peer_share.split_at_checked(ENCAPSULATION_KEY).ok_or(Error::InvalidShare)?;
        let (mut share, kem) = self.kem.respond(rng, kem)?;
        let (traditional_share, traditional) = self.traditional.respond(rng, traditional)?;
        share.extend(traditional_share);
        Ok((share, joined(&kem, &traditional)))
    }
}

impl ActiveKeyExchange for Active {
    fn share(&self) -> &[u8] {
        &self.share
    }

    fn finish(self: Box<Self>, peer_share: &[u8]) -> Result<SharedSecret, Error> {
        let (kem, traditional) = peer_share.split_at_checked(CIPHERTEXT).ok_or(Error::InvalidShare)?;
        Ok(joined(&self.kem.finish(kem)?, &self.traditional.finish(traditional)?))
    }

    fn component(&self) -> Option<(NamedGroup, &[u8])> {
        Some((self.group, self.traditional.share()))
    }

    fn finish_component(self: Box<Self>, peer_share: &[u8]) -> Result<SharedSecret, Error> {
        self.traditional.finish(peer_share)
    }
}

/// RFC 10024 §4.3: for this group, ML-KEM's secret comes first.
fn joined(kem: &SharedSecret, traditional: &SharedSecret) -> SharedSecret {
    SharedSecret::new(&Zeroizing::new([kem.as_ref(), traditional.as_ref()].concat()))
}
