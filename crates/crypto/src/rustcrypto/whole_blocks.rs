//! How a message that ends within a block goes through an implementation of AES-GCM as whole blocks.
//!
//! Why: what is left behind the last whole block takes a library up to 40 ns of 250, since it is done by itself, in steps that
//! wait for each other. Where the tag follows the message there is room to fill the block up: with zeros before it is opened, with what
//! the keystream makes zeros of before it is sealed. Only the tag has to be put right.
//!
//! The hash of SP 800-38D §6.4 is a sum of blocks, each times a power of its key H. If the ciphertext is filled up with zeros,
//! both hashes are over the same blocks but for the last one, which has the lengths, and which is multiplied by H once. So the
//! two tags differ by the difference of the lengths times H: a sum of products that a key can have ready, since of the powers of
//! two in such a difference there are few. Each tag stands for one of the other kind, so one is as hard to forge as the other.

use zeroize::Zeroize as _;

/// Products of a hash key and what lengths differ by.
pub(super) struct LengthProducts {
    /// Of 8, 16, 32 and 64 bits: bytes of the last block.
    bytes: [u128; 4],
    /// Of what changes, from 128 bits on, when one block is added to so many that their number ends with 0, 1, 2 … ones.
    carries: [u128; CARRIES],
}

/// Enough for 2^10 blocks, and for every number of them that does not end with ten ones.
const CARRIES: usize = 10;

/// SP 800-38D §6.3: what a product is reduced by.
const R: u128 = 0xe1 << 120;

impl LengthProducts {
    pub(super) fn new(hash_key: [u8; 16]) -> Self {
        // Bit i of a block, seen as a number, stands for the (127-i)-th power of the variable: the products come in the order
        // of falling bits.
        let mut product = u128::from_be_bytes(hash_key);
        let mut products = [0; 7 + CARRIES];
        for bit in (0..127).rev() {
            product = product >> 1 ^ (R & (product & 1).wrapping_neg());
            if let Some(place) = products.get_mut(bit) {
                *place = product;
            }
        }
        let [_, _, _, one, two, four, eight, mut carries @ ..] = products;
        let mut sum = 0;
        for product in &mut carries {
            sum ^= *product;
            *product = sum;
        }
        products.zeroize();
        Self { bytes: [one, two, four, eight], carries }
    }

    /// What the tag over `len` bytes and that over as many and zeros up to the end of the block differ by. `None` if it is
    /// not here, or if there are no zeros.
    #[inline]
    pub(super) fn difference(&self, len: usize) -> Option<u128> {
        let rest = len % 16;
        if rest == 0 {
            return None;
        }
        let carry = *self.carries.get((len / 16).trailing_ones() as usize)?;
        let bytes = self.bytes.iter().enumerate();
        Some(bytes.fold(carry, |sum, (bit, product)| if rest >> bit & 1 == 1 { sum ^ product } else { sum }))
    }
}

impl Drop for LengthProducts {
    fn drop(&mut self) {
        self.bytes.zeroize();
        self.carries.zeroize();
    }
}
