//! What hides the record numbers of DTLS 1.3 (RFC 9147 §4.2.3): a block of AES, or of ChaCha20.

use crate::{AeadAlgorithm, Error, MaskKey};
use aes::cipher::{BlockCipherEncrypt, KeyInit, KeyIvInit as _, StreamCipher as _, StreamCipherSeek as _};
use alloc::boxed::Box;
use chacha20::ChaCha20;
use zeroize::Zeroizing;

/// The key that goes with an AEAD.
pub(crate) fn key(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn MaskKey>, Error> {
    Ok(match algorithm {
        AeadAlgorithm::Aes128Gcm => aes::<aes::Aes128Enc>(key)?,
        AeadAlgorithm::Aes256Gcm => aes::<aes::Aes256Enc>(key)?,
        AeadAlgorithm::ChaCha20Poly1305 => {
            let key = key.try_into().map_err(|_| Error::InvalidKey)?;
            Box::new(ChaCha(Zeroizing::new(key)))
        }
    })
}

fn aes<C>(key: &[u8]) -> Result<Box<dyn MaskKey>, Error>
where
    Block<C>: MaskKey + 'static,
    C: KeyInit,
{
    Ok(Box::new(Block(C::new_from_slice(key).map_err(|_| Error::InvalidKey)?)))
}

struct Block<C>(C);
struct ChaCha(Zeroizing<[u8; 32]>);

impl<C: BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16> + Send + Sync> MaskKey for Block<C> {
    fn mask(&self, sample: &[u8; 16]) -> [u8; 2] {
        let mut block = (*sample).into();
        self.0.encrypt_block(&mut block);
        let [first, second, ..]: [u8; 16] = block.into();
        [first, second]
    }
}

impl MaskKey for ChaCha {
    fn mask(&self, sample: &[u8; 16]) -> [u8; 2] {
        let [a, b, c, d, nonce @ ..] = sample;
        let mut cipher = ChaCha20::new((&*self.0).into(), nonce.into());
        cipher.seek(u64::from(u32::from_le_bytes([*a, *b, *c, *d])) * 64);
        let mut mask = [0; 2];
        cipher.apply_keystream(&mut mask);
        mask
    }
}
