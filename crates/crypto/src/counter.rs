//! AES in counter mode, alone and together with HMAC-SHA1: the transforms of SRTP (RFC 3711 §4).

use crate::Error;
use alloc::boxed::Box;

/// AES in counter mode.
///
/// Why the MAC is in the same slot: an implementation sees the whole packet, and may go over it in whatever order
/// its processor likes best.
pub trait CounterMode: Send + Sync {
    /// Prepares an AES key of 16 or 32 bytes. Allocates once, here; its use does not.
    fn key(&self, key: &[u8]) -> Result<Box<dyn CounterKey>, Error>;

    /// Prepares an AES key of 16 or 32 bytes and an HMAC-SHA1 key of any length.
    fn with_hmac_sha1(&self, key: &[u8], mac_key: &[u8]) -> Result<Box<dyn CounterMacKey>, Error>;
}

/// The first input block of counter mode; the next is one more, as a number of 128 bits.
pub type CounterBlock = [u8; 16];

/// An AES key, ready for counter mode. Its memory is wiped on drop where the provider can do so.
pub trait CounterKey: Send + Sync {
    /// Adds the keystream that starts at `counter`: encrypts, or decrypts. No block may be used twice with one key.
    fn apply(&self, counter: &CounterBlock, in_out: &mut [u8]);
}

/// An AES key and an HMAC-SHA1 key, ready for packets that are encrypted and then authenticated.
pub trait CounterMacKey: CounterKey {
    /// Encrypts `packet` but for its first `clear` bytes, and gives the tag over all of it and `suffix`, which is not
    /// encrypted.
    fn seal(&self, counter: &CounterBlock, packet: &mut [u8], clear: usize, suffix: &[u8; 4]) -> [u8; 20];

    /// The reverse of [`seal`](Self::seal). `tag` may be cut to no less than four bytes. On [`Error::NotAuthentic`] the
    /// bytes in `packet` are of no use to anyone.
    fn open(
        &self,
        counter: &CounterBlock,
        packet: &mut [u8],
        clear: usize,
        suffix: &[u8; 4],
        tag: &[u8],
    ) -> Result<(), Error>;
}
