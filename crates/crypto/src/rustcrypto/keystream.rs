//! The keystream of AES in counter mode.
//!
//! Why two generations of one crate: on x86, `aes` 0.9 spreads the round keys over its widest registers in every
//! call, some 40 ns; its predecessor does not, and wins for everything that fits into a packet. Elsewhere it is 0.9
//! that knows the processor.

use crate::{CounterBlock, Error};

#[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
pub(crate) use aes::{Aes128Enc as Aes128, Aes256Enc as Aes256};
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
pub(crate) use aes_x86::{Aes128Enc as Aes128, Aes256Enc as Aes256};

/// An AES key that makes keystream.
pub(crate) trait Cipher: Sized + Send + Sync + 'static {
    /// From a key of the cipher's length.
    fn prepare(key: &[u8]) -> Result<Self, Error>;

    /// Adds to whole blocks the keystream that starts at `counter`.
    fn apply(&self, counter: u128, blocks: &mut [[u8; 16]]);

    /// Encrypts a block.
    fn encrypt(&self, block: &[u8; 16]) -> [u8; 16];
}

/// The keystream from some block on; a piece that is not the last must end with a block.
pub(super) struct Keystream<'a, C> {
    aes: &'a C,
    counter: u128,
}

impl<'a, C: Cipher> Keystream<'a, C> {
    #[inline]
    pub(super) fn new(aes: &'a C, counter: &CounterBlock) -> Self {
        Self { aes, counter: u128::from_be_bytes(*counter) }
    }

    #[inline]
    pub(super) fn apply(&mut self, in_out: &mut [u8]) {
        let (blocks, last) = in_out.as_chunks_mut::<16>();
        self.aes.apply(self.counter, blocks);
        self.counter = self.counter.wrapping_add(blocks.len() as u128);
        if !last.is_empty() {
            let mut block = [[0; 16]];
            self.aes.apply(self.counter, &mut block);
            last.iter_mut().zip(block.as_flattened()).for_each(|(byte, key)| *byte ^= key);
            self.counter = self.counter.wrapping_add(1);
        }
    }
}

#[inline(always)]
fn add(block: &mut [u8; 16], key: [u8; 16]) {
    *block = (u128::from_ne_bytes(*block) ^ u128::from_ne_bytes(key)).to_ne_bytes();
}

/// `aes` 0.9.
mod current {
    use super::{Cipher, add};
    use crate::Error;
    use aes::cipher::array::Array;
    use aes::cipher::consts::U16;
    use aes::cipher::{
        BlockCipherEncBackend, BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, KeyInit,
    };

    struct Apply<'a>(u128, &'a mut [[u8; 16]]);

    impl BlockSizeUser for Apply<'_> {
        type BlockSize = U16;
    }

    impl BlockCipherEncClosure for Apply<'_> {
        #[inline(always)]
        fn call<B: BlockCipherEncBackend<BlockSize = U16>>(self, backend: &B) {
            let Self(mut counter, blocks) = self;
            for block in blocks {
                let mut key = Array(counter.to_be_bytes());
                counter = counter.wrapping_add(1);
                backend.encrypt_block((&mut key).into());
                add(block, key.0);
            }
        }
    }

    macro_rules! cipher {
        ($($aes:ty),*) => {$(
            impl Cipher for $aes {
                fn prepare(key: &[u8]) -> Result<Self, Error> {
                    Self::new_from_slice(key).map_err(|_| Error::InvalidKey)
                }

                #[inline]
                fn apply(&self, counter: u128, blocks: &mut [[u8; 16]]) {
                    self.encrypt_with_backend(Apply(counter, blocks));
                }

                #[inline]
                fn encrypt(&self, block: &[u8; 16]) -> [u8; 16] {
                    let mut block = (*block).into();
                    self.encrypt_block(&mut block);
                    block.into()
                }
            }
        )*};
    }
    cipher!(aes::Aes128Enc, aes::Aes256Enc);
}

/// `aes` 0.8.
#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
mod x86 {
    use super::{Cipher, add};
    use crate::Error;
    use aes_x86::cipher::consts::U16;
    use aes_x86::cipher::{
        Block, BlockBackend, BlockClosure, BlockEncrypt, BlockSizeUser, KeyInit, ParBlocks,
    };

    struct Apply<'a>(u128, &'a mut [[u8; 16]]);

    impl BlockSizeUser for Apply<'_> {
        type BlockSize = U16;
    }

    impl BlockClosure for Apply<'_> {
        #[inline(always)]
        fn call<B: BlockBackend<BlockSize = U16>>(self, backend: &mut B) {
            let Self(mut counter, blocks) = self;
            let (front, mut back) = ((counter >> 64) as u64, counter as u64);
            // A carry into the front half is seldom, and costs as much as what else there is to a counter.
            if back.checked_add(blocks.len() as u64).is_some() {
                apply(backend, blocks, || {
                    let block = u128::from(front) << 64 | u128::from(back);
                    back += 1;
                    block
                });
            } else {
                apply(backend, blocks, || {
                    let block = counter;
                    counter = counter.wrapping_add(1);
                    block
                });
            }
        }
    }

    #[inline(always)]
    fn apply<B: BlockBackend<BlockSize = U16>>(
        backend: &mut B,
        blocks: &mut [[u8; 16]],
        mut next: impl FnMut() -> u128,
    ) {
        let mut next = || Block::<B>::from(next().to_be_bytes());
        let mut keys = ParBlocks::<B>::default();
        let mut several = blocks.chunks_exact_mut(keys.len());
        for blocks in several.by_ref() {
            keys.iter_mut().for_each(|key| *key = next());
            backend.proc_par_blocks((&mut keys).into());
            blocks.iter_mut().zip(&keys).for_each(|(block, key)| add(block, (*key).into()));
        }
        for block in several.into_remainder() {
            let mut key = next();
            backend.proc_block((&mut key).into());
            add(block, key.into());
        }
    }

    macro_rules! cipher {
        ($($aes:ty),*) => {$(
            impl Cipher for $aes {
                fn prepare(key: &[u8]) -> Result<Self, Error> {
                    Self::new_from_slice(key).map_err(|_| Error::InvalidKey)
                }

                #[inline]
                fn apply(&self, counter: u128, blocks: &mut [[u8; 16]]) {
                    self.encrypt_with_backend(Apply(counter, blocks));
                }

                #[inline]
                fn encrypt(&self, block: &[u8; 16]) -> [u8; 16] {
                    let mut block = (*block).into();
                    self.encrypt_block(&mut block);
                    block.into()
                }
            }
        )*};
    }
    cipher!(aes_x86::Aes128Enc, aes_x86::Aes256Enc);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    /// Whichever generation this machine does not use does the same.
    #[test]
    fn both_generations_agree() {
        // With a carry out of the whole counter, out of its back half, and without.
        fn stream<C: Cipher>(key: &[u8], len: usize) -> Vec<u8> {
            let cipher = C::prepare(key).unwrap();
            let streams = [u128::MAX, 5 << 64 | 0xffff_ffff_ffff_fff8, 7].map(|counter| {
                let mut bytes = vec![0; len];
                Keystream::new(&cipher, &counter.to_be_bytes()).apply(&mut bytes);
                bytes
            });
            streams.concat()
        }
        for len in 0..300 {
            assert_eq!(stream::<Aes128>(&[1; 16], len), stream::<aes::Aes128Enc>(&[1; 16], len), "{len}");
            assert_eq!(stream::<Aes256>(&[1; 32], len), stream::<aes::Aes256Enc>(&[1; 32], len), "{len}");
        }
        let (one, other) = (Aes128::prepare(&[1; 16]).unwrap(), aes::Aes128Enc::prepare(&[1; 16]).unwrap());
        assert_eq!(one.encrypt(&[2; 16]), other.encrypt(&[2; 16]));
        assert!(Aes128::prepare(&[0; 15]).is_err());
    }
}
