//! HKDF (RFC 5869), from any hash of a provider.

use crate::{Digest, Error, Hash, MacKey};
use alloc::boxed::Box;
use zeroize::Zeroizing;

/// A pseudorandom key (`PRK`), ready to be expanded.
///
/// ```
/// use siskin_crypto::Hkdf;
///
/// let sha256 = siskin_crypto::rustcrypto().sha256;
/// let prk = Hkdf::extract(sha256, b"salt", b"input keying material");
/// let mut key = [0; 16];
/// Hkdf::new(sha256, prk.as_ref()).expand(b"what for", &mut key)?;
/// # Ok::<(), siskin_crypto::Error>(())
/// ```
pub struct Hkdf(Box<dyn MacKey>);

impl Hkdf {
    /// HKDF-Extract (RFC 5869 §2.2). Without a salt: as many zeros as the hash is long, or none at all.
    pub fn extract(hash: &dyn Hash, salt: &[u8], secret: &[u8]) -> Zeroizing<Digest> {
        Zeroizing::new(hash.hmac(salt).sign(&[secret]))
    }

    /// Prepares `prk`, which is at least as long as the hash. Allocates once, here; its use does not.
    pub fn new(hash: &dyn Hash, prk: &[u8]) -> Self {
        Self(hash.hmac(prk))
    }

    /// HKDF-Expand (RFC 5869 §2.3): fills `out`. [`Error::Failed`] if that is longer than 255 hashes.
    pub fn expand(&self, info: &[u8], out: &mut [u8]) -> Result<(), Error> {
        let mut block = Zeroizing::new(Digest::new(&[]));
        let mut counter = 0u8;
        let mut rest = out;
        while !rest.is_empty() {
            counter = counter.checked_add(1).ok_or(Error::Failed)?;
            *block = self.0.sign(&[block.as_ref(), info, &[counter]]);
            let (now, later) = rest.split_at_mut(block.as_ref().len().min(rest.len()));
            now.iter_mut().zip(block.as_ref()).for_each(|(to, from)| *to = *from);
            rest = later;
        }
        Ok(())
    }
}
