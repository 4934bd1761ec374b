//! AES-GCM and ChaCha20-Poly1305.

use crate::aead::TypedAead;
use crate::{Aead, AeadAlgorithm, AeadKey, Error, MaskKey, Nonce, Tag};
use alloc::boxed::Box;
use ring::aead;

pub(crate) static AES_128_GCM: Cipher = Cipher(AeadAlgorithm::Aes128Gcm, &aead::AES_128_GCM);
pub(crate) static AES_256_GCM: Cipher = Cipher(AeadAlgorithm::Aes256Gcm, &aead::AES_256_GCM);
pub(super) static CHACHA20_POLY1305: Cipher =
    Cipher(AeadAlgorithm::ChaCha20Poly1305, &aead::CHACHA20_POLY1305);

pub(crate) struct Cipher(AeadAlgorithm, &'static aead::Algorithm);

pub(crate) struct Key(aead::LessSafeKey);

impl Aead for Cipher {
    fn algorithm(&self) -> AeadAlgorithm {
        self.0
    }

    fn key(&self, key: &[u8]) -> Result<Box<dyn AeadKey>, Error> {
        Ok(Box::new(self.typed_key(key)?))
    }

    fn mask_key(&self, key: &[u8]) -> Result<Box<dyn MaskKey>, Error> {
        crate::rustcrypto::mask::key(self.0, key)
    }
}

impl TypedAead for Cipher {
    type Key = Key;

    fn typed_key(&self, key: &[u8]) -> Result<Key, Error> {
        let key = aead::UnboundKey::new(self.1, key).map_err(|_| Error::InvalidKey)?;
        Ok(Key(aead::LessSafeKey::new(key)))
    }
}

impl AeadKey for Key {
    #[inline]
    fn seal_into(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &mut Tag) -> Result<(), Error> {
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        let made = self.0.seal_in_place_separate_tag(nonce, aead::Aad::from(aad), in_out);
        tag.copy_from_slice(made.map_err(|_| Error::Failed)?.as_ref());
        Ok(())
    }

    #[inline]
    fn open(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &Tag) -> Result<(), Error> {
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        let opened =
            self.0.open_in_place_separate_tag(nonce, aead::Aad::from(aad), (*tag).into(), in_out, 0..);
        opened.map(|_| ()).map_err(|_| Error::NotAuthentic)
    }
}
