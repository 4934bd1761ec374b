//! The AEADs of libraries through their own calls: what ours are measured by, beside the bare calls of ours.

use siskin_crypto::{AeadAlgorithm, AeadKey, Error, Nonce, Tag};

macro_rules! library {
    ($(#[$doc:meta])* $name:ident, $library:ident, |$tag:ident| $as_tag:expr, ($($from:expr)?)) => {
        $(#[$doc])*
        pub struct $name($library::aead::LessSafeKey);

        impl $name {
            /// A key of the algorithm's length.
            pub fn new(algorithm: AeadAlgorithm, key: &[u8]) -> Option<Self> {
                let algorithm = match algorithm {
                    AeadAlgorithm::Aes128Gcm => &$library::aead::AES_128_GCM,
                    AeadAlgorithm::Aes256Gcm => &$library::aead::AES_256_GCM,
                    _ => &$library::aead::CHACHA20_POLY1305,
                };
                let key = $library::aead::UnboundKey::new(algorithm, key).ok()?;
                Some(Self($library::aead::LessSafeKey::new(key)))
            }
        }

        impl AeadKey for $name {
            fn seal_into(&self, nonce: &Nonce, aad: &[u8], bytes: &mut [u8], tag: &mut Tag) -> Result<(), Error> {
                let nonce = $library::aead::Nonce::assume_unique_for_key(*nonce);
                let made = self.0.seal_in_place_separate_tag(nonce, $library::aead::Aad::from(aad), bytes);
                tag.copy_from_slice(made.map_err(|_| Error::Failed)?.as_ref());
                Ok(())
            }

            fn open(&self, nonce: &Nonce, aad: &[u8], bytes: &mut [u8], $tag: &Tag) -> Result<(), Error> {
                let nonce = $library::aead::Nonce::assume_unique_for_key(*nonce);
                let aad = $library::aead::Aad::from(aad);
                let opened = self.0.open_in_place_separate_tag(nonce, aad, $as_tag, bytes $(, $from)?);
                opened.map(|_| ()).map_err(|_| Error::NotAuthentic)
            }
        }
    };
}

library!(
    /// ring's.
    Ring, ring, |tag| (*tag).into(), (0..)
);
library!(
    /// That of AWS-LC.
    AwsLc, aws_lc_rs, |tag| tag, ()
);
