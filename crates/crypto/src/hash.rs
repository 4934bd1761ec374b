//! Hash functions and HMAC.

use alloc::boxed::Box;
use core::fmt;
use siskin_base::HashAlgorithm;
use zeroize::Zeroize;

/// A hash function, and HMAC with it (RFC 2104).
pub trait Hash: Send + Sync {
    /// Which one.
    fn algorithm(&self) -> HashAlgorithm;

    /// Hashes `parts` as if they were one. Allocates nothing.
    fn digest(&self, parts: &[&[u8]]) -> Digest;

    /// Starts a hash whose input comes bit by bit.
    fn start(&self) -> Box<dyn HashContext>;

    /// Prepares an HMAC key. Allocates once, here; its use does not.
    fn hmac(&self, key: &[u8]) -> Box<dyn MacKey>;
}

/// A hash in progress.
pub trait HashContext: Send + Sync {
    /// Adds input.
    fn update(&mut self, bytes: &[u8]);

    /// The hash of everything so far; more may follow.
    fn current(&self) -> Digest;

    /// A second context in the same state.
    fn fork(&self) -> Box<dyn HashContext>;
}

/// An HMAC key, ready for use.
pub trait MacKey: Send + Sync {
    /// The tag over `parts` as if they were one.
    fn sign(&self, parts: &[&[u8]]) -> Digest;

    /// Whether `tag`, which may be cut to no less than half of the output, belongs to `parts`; in constant time.
    fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        belongs(self.sign(parts).as_ref(), tag)
    }
}

/// Whether `tag` is the beginning of `full`, and no less than half of it; in constant time.
pub(crate) fn belongs(full: &[u8], tag: &[u8]) -> bool {
    tag.len() * 2 >= full.len()
        && full.get(..tag.len()).is_some_and(|full| crate::constant_time_eq(full, tag))
}

/// The output of a hash function or an HMAC, at most 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    bytes: [u8; 64],
    len: u8,
}

impl Digest {
    /// From the output; what is beyond 64 bytes is cut.
    pub fn new(output: &[u8]) -> Self {
        let mut bytes = [0; 64];
        let len = output.len().min(64);
        if let (Some(bytes), Some(output)) = (bytes.get_mut(..len), output.get(..len)) {
            bytes.copy_from_slice(output);
        }
        Self { bytes, len: len as u8 }
    }
}

impl AsRef<[u8]> for Digest {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// For digests that are secrets.
impl Zeroize for Digest {
    fn zeroize(&mut self) {
        self.bytes.zeroize();
        self.len = 0;
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
