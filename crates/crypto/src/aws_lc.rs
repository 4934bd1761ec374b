//! A provider with the AES-GCM of AWS-LC, which is the fastest on processors with wide registers.

use crate::rustcrypto::gcm::ShortGcm;
use crate::rustcrypto::keystream::{Aes128, Aes256};
use crate::{Aead, AeadAlgorithm, AeadKey, Error, MaskKey, Nonce, Provider, Tag};
use alloc::boxed::Box;
use aws_lc_rs::aead;

/// The provider whose AES-GCM is AWS-LC's, but for short messages; the rest is as in
/// [`default_provider`](crate::default_provider).
pub fn provider() -> Provider {
    let name = "AWS-LC";
    Provider { name, aes128gcm: &AES_128_GCM, aes256gcm: &AES_256_GCM, ..crate::default_provider() }
}

static AES_128_GCM: ShortGcm<Aes128> = ShortGcm::new(&LONG_AES_128_GCM);
static AES_256_GCM: ShortGcm<Aes256> = ShortGcm::new(&LONG_AES_256_GCM);
static LONG_AES_128_GCM: Cipher = Cipher(AeadAlgorithm::Aes128Gcm, &aead::AES_128_GCM);
static LONG_AES_256_GCM: Cipher = Cipher(AeadAlgorithm::Aes256Gcm, &aead::AES_256_GCM);

struct Cipher(AeadAlgorithm, &'static aead::Algorithm);

struct Key(aead::LessSafeKey);

impl Aead for Cipher {
    fn algorithm(&self) -> AeadAlgorithm {
        self.0
    }

    fn key(&self, key: &[u8]) -> Result<Box<dyn AeadKey>, Error> {
        let key = aead::UnboundKey::new(self.1, key).map_err(|_| Error::InvalidKey)?;
        Ok(Box::new(Key(aead::LessSafeKey::new(key))))
    }

    fn mask_key(&self, key: &[u8]) -> Result<Box<dyn MaskKey>, Error> {
        crate::rustcrypto::mask::key(self.0, key)
    }
}

impl AeadKey for Key {
    fn seal(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, Error> {
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, aead::Aad::from(aad), in_out);
        let tag = tag.map_err(|_| Error::Failed)?;
        tag.as_ref().try_into().map_err(|_| Error::Failed)
    }

    fn open(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &Tag) -> Result<(), Error> {
        let nonce = aead::Nonce::assume_unique_for_key(*nonce);
        let opened = self.0.open_in_place_separate_tag(nonce, aead::Aad::from(aad), tag, in_out);
        opened.map(|_| ()).map_err(|_| Error::NotAuthentic)
    }
}
