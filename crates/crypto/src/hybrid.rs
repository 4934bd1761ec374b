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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;
    use shake::Shake128;
    use shake::digest::{ExtendableOutput as _, Update as _, XofReader as _};

    type Start = fn(&[u8; 64]) -> Box<dyn ActiveKeyExchange>;
    type Respond = fn(&[u8; 32], &[u8]) -> Result<(Vec<u8>, SharedSecret), Error>;

    /// The vectors that Go's `crypto/mlkem` and others pin as one hash: a SHAKE128 stream gives the seed, the message
    /// and a ciphertext out of nowhere; what keys, encapsulation and (implicitly rejecting) decapsulation make of them
    /// goes into another.
    fn accumulated(start: Start, respond: Respond) -> String {
        let mut stream = Shake128::default().finalize_xof();
        let mut results = Shake128::default();
        let (mut seed, mut message, mut strange) = ([0; 64], [0; 32], [0; CIPHERTEXT]);
        for _ in 0..100 {
            stream.read(&mut seed);
            let key = start(&seed);
            results.update(key.share());
            stream.read(&mut message);
            let (ciphertext, secret) = respond(&message, key.share()).unwrap();
            results.update(&ciphertext);
            results.update(secret.as_ref());
            assert_eq!(key.finish(&ciphertext).unwrap().as_ref(), secret.as_ref());
            stream.read(&mut strange);
            results.update(start(&seed).finish(&strange).unwrap().as_ref());
        }
        let mut hash = [0; 32];
        results.finalize_xof().read(&mut hash);
        hash.iter().map(|byte| alloc::format!("{byte:02x}")).collect()
    }

    #[test]
    fn ml_kem_768_accumulated_vectors() {
        let expected = "1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415";
        use crate::rustcrypto::kem::{respond, start};
        assert_eq!(accumulated(start, respond), expected);
        #[cfg(feature = "ring")]
        assert_eq!(accumulated(crate::ring::kem::start, crate::ring::kem::respond), expected);
    }
}
