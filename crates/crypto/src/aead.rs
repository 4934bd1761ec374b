//! Authenticated encryption with associated data (RFC 5116).

use crate::Error;
use alloc::boxed::Box;

/// An AEAD with nonces of 12 and tags of 16 bytes.
pub trait Aead: Send + Sync {
    /// Which one.
    fn algorithm(&self) -> AeadAlgorithm;

    /// Prepares a key of [`AeadAlgorithm::key_len`] bytes. Allocates once, here; its use does not.
    fn key(&self, key: &[u8]) -> Result<Box<dyn AeadKey>, Error>;

    /// Prepares what hides record numbers beside this AEAD (RFC 9147 §4.2.3), from a `sn_key` of
    /// [`AeadAlgorithm::key_len`] bytes. Allocates once, here; its use does not.
    fn mask_key(&self, key: &[u8]) -> Result<Box<dyn MaskKey>, Error>;
}

/// A key that hides record numbers, ready for use.
pub trait MaskKey: Send + Sync {
    /// The first two bytes of the mask for a record whose ciphertext begins with `sample`: as many as a record number
    /// has on the wire. AES: one block in ECB mode; ChaCha20: a block of which the sample is counter and nonce.
    fn mask(&self, sample: &[u8; 16]) -> [u8; 2];
}

/// An AEAD key, ready for use. Its memory is wiped on drop where the provider can do so.
pub trait AeadKey: Send + Sync {
    /// Encrypts `in_out` where it is and writes the tag. A nonce must never be used twice with one key.
    ///
    /// [`Error::Failed`] if the message is longer than the algorithm allows (2^36 bytes and more), or there is no room for the tag.
    fn seal_into(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &mut Tag) -> Result<(), Error>;

    /// Decrypts `in_out` where it is. On [`Error::NotAuthentic`] the bytes in `in_out` are of no use to anyone.
    fn open(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &Tag) -> Result<(), Error>;

    /// [`seal_into`](Self::seal_into) for whoever has no place for the tag yet.
    fn seal(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, Error> {
        let mut tag = [0; 16];
        self.seal_into(nonce, aad, in_out, &mut tag)?;
        Ok(tag)
    }

    /// [`seal_into`](Self::seal_into) where the tag follows the message: to the last 16 bytes of `in_out`. The faster way, where an
    /// implementation can use that room to fill up the message's last block.
    fn seal_with_tag(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<(), Error> {
        let (message, tag) = in_out.split_last_chunk_mut().ok_or(Error::Failed)?;
        self.seal_into(nonce, aad, message, tag)
    }

    /// [`open`](Self::open) where the tag follows the message: the last 16 bytes of `in_out`, which are of no use to anyone
    /// afterwards. The faster way, where an implementation can use that room to fill up the message's last block.
    fn open_with_tag(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<(), Error> {
        let (message, tag) = in_out.split_last_chunk_mut().ok_or(Error::NotAuthentic)?;
        self.open(nonce, aad, message, tag)
    }
}

/// An [`Aead`] whose keys are of one type: what stands in front of it calls them without a table of functions, and so a twentieth
/// faster.
#[cfg(feature = "rustcrypto")]
pub(crate) trait TypedAead: Aead {
    type Key: AeadKey + 'static;

    fn typed_key(&self, key: &[u8]) -> Result<Self::Key, Error>;
}

/// A number used once.
pub type Nonce = [u8; 12];

/// What proves a ciphertext's origin.
pub type Tag = [u8; 16];

/// The AEADs that a provider supplies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AeadAlgorithm {
    /// AES-128 in Galois/Counter mode.
    Aes128Gcm,
    /// AES-256 in Galois/Counter mode.
    Aes256Gcm,
    /// RFC 8439.
    ChaCha20Poly1305,
}

impl AeadAlgorithm {
    /// Bytes of key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }

    /// How many records may be sealed with one key (RFC 9147 §4.5.3, RFC 8446 §5.5): 2^24.5 for AES-GCM; for
    /// ChaCha20-Poly1305 what the 48 bits of a record number can count.
    pub const fn seal_limit(self) -> u64 {
        match self {
            Self::Aes128Gcm | Self::Aes256Gcm => 23_726_566,
            Self::ChaCha20Poly1305 => (1 << 48) - 1,
        }
    }

    /// How many records may fail to open with one key (RFC 9147 §4.5.3): 2^36.
    pub const fn open_failure_limit(self) -> u64 {
        1 << 36
    }
}
