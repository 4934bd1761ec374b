//! AES-GCM and ChaCha20-Poly1305.

use super::mask;
use crate::aead::TypedAead;
use crate::{Aead, AeadAlgorithm, AeadKey, Error, MaskKey, Nonce, Tag};
use aes_gcm::aead::array::typenum::{U12, U16};
use aes_gcm::aead::{AeadCore, AeadInOut, KeyInit};
use alloc::boxed::Box;
use core::marker::PhantomData;

pub(crate) static AES_128_GCM: Cipher<aes_gcm::Aes128Gcm> = Cipher::new(AeadAlgorithm::Aes128Gcm);
pub(crate) static AES_256_GCM: Cipher<aes_gcm::Aes256Gcm> = Cipher::new(AeadAlgorithm::Aes256Gcm);
pub(crate) static CHACHA20_POLY1305: Cipher<chacha20poly1305::ChaCha20Poly1305> =
    Cipher::new(AeadAlgorithm::ChaCha20Poly1305);

pub(crate) struct Cipher<A> {
    algorithm: AeadAlgorithm,
    cipher: PhantomData<fn() -> A>,
}

impl<A> Cipher<A> {
    const fn new(algorithm: AeadAlgorithm) -> Self {
        Self { algorithm, cipher: PhantomData }
    }
}

pub(crate) struct Key<A>(A);

impl<A> Aead for Cipher<A>
where
    A: AeadInOut + AeadCore<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static,
{
    fn algorithm(&self) -> AeadAlgorithm {
        self.algorithm
    }

    fn key(&self, key: &[u8]) -> Result<Box<dyn AeadKey>, Error> {
        Ok(Box::new(self.typed_key(key)?))
    }

    fn mask_key(&self, key: &[u8]) -> Result<Box<dyn MaskKey>, Error> {
        mask::key(self.algorithm, key)
    }
}

impl<A> TypedAead for Cipher<A>
where
    A: AeadInOut + AeadCore<NonceSize = U12, TagSize = U16> + KeyInit + Send + Sync + 'static,
{
    type Key = Key<A>;

    fn typed_key(&self, key: &[u8]) -> Result<Key<A>, Error> {
        Ok(Key(A::new_from_slice(key).map_err(|_| Error::InvalidKey)?))
    }
}

impl<A> AeadKey for Key<A>
where
    A: AeadInOut + AeadCore<NonceSize = U12, TagSize = U16> + Send + Sync,
{
    fn seal_into(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &mut Tag) -> Result<(), Error> {
        let made = self.0.encrypt_inout_detached(nonce.into(), aad, in_out.into());
        *tag = made.map_err(|_| Error::Failed)?.into();
        Ok(())
    }

    fn open(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &Tag) -> Result<(), Error> {
        let opened = self.0.decrypt_inout_detached(nonce.into(), aad, in_out.into(), tag.into());
        opened.map_err(|_| Error::NotAuthentic)
    }
}
