//! What hides the record numbers of DTLS 1.3 (RFC 9147 §4.2.3): a block of AES, or of ChaCha20.

use super::keystream::{Aes128, Aes256, Cipher};
use crate::{AeadAlgorithm, Error, MaskKey};
use alloc::boxed::Box;
use chacha20::cipher::{KeyIvInit as _, StreamCipherCore as _};
use chacha20::{ChaChaCore, R20, variants::Ietf};
use zeroize::Zeroizing;

/// The key that goes with an AEAD.
pub(crate) fn key(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn MaskKey>, Error> {
    Ok(match algorithm {
        AeadAlgorithm::Aes128Gcm => Box::new(Block(Aes128::prepare(key)?)),
        AeadAlgorithm::Aes256Gcm => Box::new(Block(Aes256::prepare(key)?)),
        AeadAlgorithm::ChaCha20Poly1305 => {
            let key = key.try_into().map_err(|_| Error::InvalidKey)?;
            Box::new(ChaCha(Zeroizing::new(key)))
        }
    })
}

struct Block<C>(C);
struct ChaCha(Zeroizing<[u8; 32]>);

impl<C: Cipher> MaskKey for Block<C> {
    fn mask(&self, sample: &[u8; 16]) -> [u8; 2] {
        let [first, second, ..] = self.0.encrypt(sample);
        [first, second]
    }
}

impl MaskKey for ChaCha {
    fn mask(&self, sample: &[u8; 16]) -> [u8; 2] {
        let [a, b, c, d, nonce @ ..] = sample;
        let mut cipher = ChaChaCore::<R20, Ietf>::new((&*self.0).into(), nonce.into());
        cipher.set_block_pos(u32::from_le_bytes([*a, *b, *c, *d]));
        let mut block = [0; 64].into();
        cipher.write_keystream_block(&mut block);
        let [first, second, ..]: [u8; 64] = block.into();
        [first, second]
    }
}
