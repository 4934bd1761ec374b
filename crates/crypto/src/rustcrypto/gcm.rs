//! AES-GCM for short messages (NIST SP 800-38D), in front of an implementation for long ones.
//!
//! Why: in a packet of voice, what a library does before and after the bytes takes longer than the bytes. Here the
//! keystream of a whole short message, the mask of its tag included, is one call to AES, and everything that is hashed
//! is one call to GHASH.

use super::keystream::Cipher;
use super::whole_blocks::LengthProducts;
use crate::aead::TypedAead;
use crate::{Aead, AeadAlgorithm, AeadKey, Error, MaskKey, Nonce, Tag, constant_time_eq};
use alloc::boxed::Box;
use core::marker::PhantomData;
use ghash::GHash;
use ghash::universal_hash::UniversalHash as _;

/// An AEAD that does short messages itself.
pub(crate) struct ShortGcm<C, L: 'static> {
    long: &'static L,
    /// See [`new`](Self::new).
    whole_blocks: Option<usize>,
    cipher: PhantomData<fn() -> C>,
}

struct Key<C, K> {
    aes: C,
    ghash: GHash,
    /// If messages go to `long` as whole blocks; to be sealed, those of up to `longest_sealed` bytes.
    lengths: Option<Box<LengthProducts>>,
    longest_sealed: usize,
    long: K,
}

/// Blocks of message that count as short: with the block that masks the tag, as many as AES does at once.
const SHORT: usize = 7;

/// Blocks of associated data that do.
const SHORT_AAD: usize = 2;

/// And the block with both lengths, and as many as may be unused.
const HASHED: usize = SHORT_AAD + SHORT + 1 + 2;

impl<C, L> ShortGcm<C, L> {
    /// In front of `long`. If that is faster with whole blocks, messages are made such for it where there is room: to be opened all,
    /// to be sealed those of up to as many bytes as `whole_blocks` says.
    pub(crate) const fn new(long: &'static L, whole_blocks: Option<usize>) -> Self {
        Self { long, whole_blocks, cipher: PhantomData }
    }
}

impl<C: Cipher, L: TypedAead + Sync> Aead for ShortGcm<C, L> {
    fn algorithm(&self) -> AeadAlgorithm {
        self.long.algorithm()
    }

    fn key(&self, key: &[u8]) -> Result<Box<dyn AeadKey>, Error> {
        let aes = C::prepare(key)?;
        let mut hash_key = [[0; 16]];
        aes.apply(0, &mut hash_key);
        let [hash_key] = hash_key;
        let lengths = self.whole_blocks.map(|_| Box::new(LengthProducts::new(hash_key)));
        let ghash = GHash::new(&hash_key.into());
        let longest_sealed = self.whole_blocks.unwrap_or_default();
        Ok(Box::new(Key { aes, ghash, lengths, longest_sealed, long: self.long.typed_key(key)? }))
    }

    fn mask_key(&self, key: &[u8]) -> Result<Box<dyn MaskKey>, Error> {
        self.long.mask_key(key)
    }
}

impl<C: Cipher, K: AeadKey> AeadKey for Key<C, K> {
    #[inline]
    fn seal_into(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &mut Tag) -> Result<(), Error> {
        if !is_short(aad, in_out) {
            return self.long.seal_into(nonce, aad, in_out, tag);
        }
        self.seal_short(nonce, aad, in_out, tag);
        Ok(())
    }

    #[inline]
    fn seal_with_tag(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<(), Error> {
        let (message, room) = in_out.split_last_chunk_mut().ok_or(Error::Failed)?;
        if is_short(aad, message) {
            self.seal_short(nonce, aad, message, room);
            return Ok(());
        }
        let len = message.len();
        let Some(difference) = self.difference(len).filter(|_| len <= self.longest_sealed) else {
            return self.long.seal_into(nonce, aad, message, room);
        };
        // What the keystream makes zeros of. The block that masks the tag has the number 1.
        let counter = counter(nonce, ((len / 16) as u32).wrapping_add(2));
        let key = self.aes.encrypt(&block((counter >> 64) as u64, counter as u64));
        *room = (u128::from_be_bytes(key) << (8 * (len % 16))).to_be_bytes();
        let mut tag = [0; 16];
        let whole = in_out.get_mut(..len.next_multiple_of(16)).ok_or(Error::Failed)?;
        self.long.seal_into(nonce, aad, whole, &mut tag)?;
        *in_out.last_chunk_mut().ok_or(Error::Failed)? =
            (u128::from_be_bytes(tag) ^ difference).to_be_bytes();
        Ok(())
    }

    #[inline]
    fn open(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &Tag) -> Result<(), Error> {
        if !is_short(aad, in_out) {
            return self.long.open(nonce, aad, in_out, tag);
        }
        self.open_short(nonce, aad, in_out, tag)
    }

    #[inline]
    fn open_with_tag(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<(), Error> {
        let (message, room) = in_out.split_last_chunk_mut().ok_or(Error::NotAuthentic)?;
        if is_short(aad, message) {
            return self.open_short(nonce, aad, message, room);
        }
        let Some(difference) = self.difference(message.len()) else {
            return self.long.open(nonce, aad, message, room);
        };
        let tag = (u128::from_be_bytes(*room) ^ difference).to_be_bytes();
        *room = [0; 16];
        let whole = message.len().next_multiple_of(16);
        self.long.open(nonce, aad, in_out.get_mut(..whole).ok_or(Error::NotAuthentic)?, &tag)
    }
}

fn is_short(aad: &[u8], message: &[u8]) -> bool {
    aad.len() <= SHORT_AAD * 16 && message.len() <= SHORT * 16
}

/// What is hashed: associated data, ciphertext and their lengths, each padded to blocks.
///
/// Every block is written in one piece: one that was written in several is waited for until all before it is done.
struct Hashed {
    blocks: [[u8; 16]; HASHED],
    /// Where the ciphertext begins, and where the lengths are.
    message: usize,
    lengths: usize,
}

impl Hashed {
    const NOTHING: Self = Self { blocks: [[0; 16]; HASHED], message: 0, lengths: 0 };

    /// Everything but the ciphertext.
    #[inline(always)]
    fn begin(&mut self, aad: &[u8], len: usize) {
        let (aad_blocks, message_blocks) = (aad.len().div_ceil(16), len.div_ceil(16));
        // GHASH takes four blocks at once in little more time than one; zeros in front are nothing to it.
        let unused = match (aad_blocks + message_blocks + 1) % 4 {
            2 => 2,
            3 => 1,
            _ => 0,
        };
        self.message = unused + aad_blocks;
        self.lengths = self.message + message_blocks;
        let (whole, last) = aad.as_chunks();
        let mut places = self.blocks.get_mut(unused..).unwrap_or_default().iter_mut();
        whole.iter().zip(&mut places).for_each(|(from, to)| *to = *from);
        if let Some(to) = places.next() {
            *to = padded(last);
        }
        if let Some(to) = self.blocks.get_mut(self.lengths) {
            *to = block(8 * aad.len() as u64, 8 * len as u64);
        }
    }

    /// Where the ciphertext belongs.
    #[inline]
    fn message(&mut self) -> &mut [[u8; 16]] {
        self.blocks.get_mut(self.message..self.lengths).unwrap_or_default()
    }
}

/// Encrypts, or decrypts; what comes out goes into `copy` as well, instead of being read back.
#[inline]
fn encrypt(bytes: &mut [u8], stream: &[[u8; 16]], copy: &mut [[u8; 16]]) {
    let (blocks, last) = bytes.as_chunks_mut::<16>();
    let mut places = stream.iter().zip(copy);
    for (block, (key, copy)) in blocks.iter_mut().zip(&mut places) {
        *copy = (u128::from_ne_bytes(*block) ^ u128::from_ne_bytes(*key)).to_ne_bytes();
        *block = *copy;
    }
    if !last.is_empty()
        && let Some((key, copy)) = places.next()
    {
        *copy = encrypt_last(last, key);
    }
}

/// Encrypts what is behind the last whole block, in the words in which [`padded`] would read it; what comes out, padded.
#[inline(always)]
fn encrypt_last(bytes: &mut [u8], key: &[u8; 16]) -> [u8; 16] {
    let [front, back] = [(u128::from_be_bytes(*key) >> 64) as u64, u128::from_be_bytes(*key) as u64];
    match bytes.split_first_chunk_mut() {
        Some((first, rest)) => {
            let word = u64::from_be_bytes(*first) ^ front;
            *first = word.to_be_bytes();
            block(word, encrypt_word(rest, back))
        }
        None => block(encrypt_word(bytes, front), 0),
    }
}

/// The same, of less than 8 bytes.
#[inline(always)]
fn encrypt_word(bytes: &mut [u8], mut key: u64) -> u64 {
    let (four, rest) = bytes.as_chunks_mut();
    let (mut word, mut unused) = (0, u64::BITS);
    if let Some(four) = four.first_mut() {
        let half = u32::from_be_bytes(*four) ^ (key >> 32) as u32;
        *four = half.to_be_bytes();
        (word, unused, key) = (u64::from(half) << 32, 32, key << 32);
    }
    for byte in rest {
        *byte ^= (key >> 56) as u8;
        (unused, key) = (unused - 8, key << 8);
        word |= u64::from(*byte) << unused;
    }
    word
}

impl<C: Cipher, K> Key<C, K> {
    /// What masks the tag, then the keystream.
    #[inline]
    fn stream(&self, nonce: &Nonce) -> [[u8; 16]; SHORT + 1] {
        let mut stream = [[0; 16]; SHORT + 1];
        // All of them: eight at once are as fast as one.
        self.aes.apply(counter(nonce, 1), &mut stream);
        stream
    }

    /// What the tags of a message and of its whole blocks differ by, if it is to go through as such.
    #[inline(always)]
    fn difference(&self, len: usize) -> Option<u128> {
        self.lengths.as_deref()?.difference(len)
    }

    #[inline(always)]
    fn seal_short(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &mut Tag) {
        let mut hashed = Hashed::NOTHING;
        hashed.begin(aad, in_out.len());
        let [mask, stream @ ..] = self.stream(nonce);
        encrypt(in_out, &stream, hashed.message());
        *tag = self.tag(mask, &hashed);
    }

    // Inlined: one call less for whoever has the tag behind the message.
    #[inline(always)]
    fn open_short(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8], tag: &Tag) -> Result<(), Error> {
        // The keystream first: it is what takes longest, and what is hashed needs nothing of it.
        let [mask, stream @ ..] = self.stream(nonce);
        let mut hashed = Hashed::NOTHING;
        hashed.begin(aad, in_out.len());
        put(hashed.message(), in_out);
        if !constant_time_eq(&self.tag(mask, &hashed), tag) {
            return Err(Error::NotAuthentic);
        }
        encrypt(in_out, &stream, &mut [[0; 16]; SHORT]);
        Ok(())
    }

    #[inline]
    fn tag(&self, mask: [u8; 16], hashed: &Hashed) -> Tag {
        let mut ghash = self.ghash.clone();
        let hashed = hashed.blocks.get(..=hashed.lengths).unwrap_or_default();
        ghash.update(ghash::Block::cast_slice_from_core(hashed));
        let hash: [u8; 16] = ghash.finalize().into();
        (u128::from_ne_bytes(hash) ^ u128::from_ne_bytes(mask)).to_ne_bytes()
    }
}

/// SP 800-38D §7.1: the nonce, then a counter of 32 bits, whose first block masks the tag.
#[inline(always)]
fn counter(nonce: &Nonce, block: u32) -> u128 {
    // The nonce is read in the two words in which who has just made it writes it: a word over both would be waited for until
    // all before it is done.
    let [n0, n1, n2, n3, n4, n5, n6, n7, last @ ..] = *nonce;
    let front = u128::from(u64::from_be_bytes([n0, n1, n2, n3, n4, n5, n6, n7]));
    front << 64 | u128::from(u32::from_be_bytes(last)) << 32 | u128::from(block)
}

/// At most 16 bytes, then zeros; read in words that who has just written them will have written as one.
#[inline(always)]
fn padded(bytes: &[u8]) -> [u8; 16] {
    let (front, back) = match bytes.split_first_chunk() {
        Some((front, back)) => (u64::from_be_bytes(*front), padded_word(back)),
        None => (padded_word(bytes), 0),
    };
    block(front, back)
}

/// Two words, written as one: whoever reads both at once would have to wait until everything before them is done.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn block(front: u64, back: u64) -> [u8; 16] {
    let words: core::arch::x86_64::__m128i = bytemuck::must_cast([front.to_be(), back.to_be()]);
    bytemuck::must_cast(words)
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn block(front: u64, back: u64) -> [u8; 16] {
    (u128::from(front) << 64 | u128::from(back)).to_be_bytes()
}

/// At most 8 bytes, then zeros.
#[inline(always)]
fn padded_word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk() {
        return u64::from_be_bytes(*word);
    }
    let (mut word, mut unused, mut bytes) = (0, u64::BITS, bytes);
    if let Some((four, rest)) = bytes.split_first_chunk() {
        (unused, bytes) = (unused - 32, rest);
        word |= u64::from(u32::from_be_bytes(*four)) << unused;
    }
    for byte in bytes {
        unused -= 8;
        word |= u64::from(*byte) << unused;
    }
    word
}

/// Copies `bytes` into as many blocks as they need.
#[inline(always)]
fn put(blocks: &mut [[u8; 16]], bytes: &[u8]) {
    let (whole, last) = bytes.as_chunks();
    let Some((to, behind)) = blocks.split_at_mut_checked(whole.len()) else { return };
    to.copy_from_slice(whole);
    if let Some(to) = behind.first_mut() {
        *to = padded(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rustcrypto::aead::{AES_128_GCM, AES_256_GCM, Cipher as Long};
    use crate::rustcrypto::keystream::{Aes128, Aes256};
    use aes_gcm::{Aes128Gcm, Aes256Gcm};
    use alloc::vec;

    static SHORT_128: ShortGcm<Aes128, Long<Aes128Gcm>> = ShortGcm::new(&AES_128_GCM, None);
    static SHORT_256: ShortGcm<Aes256, Long<Aes256Gcm>> = ShortGcm::new(&AES_256_GCM, None);

    /// Every length around those that are short, with several of associated data, against the other implementation.
    #[test]
    fn short_and_long_agree() {
        let pairs: [(&dyn Aead, &dyn Aead); 2] = [(&SHORT_128, &AES_128_GCM), (&SHORT_256, &AES_256_GCM)];
        for (short, long) in pairs {
            let key = vec![3; short.algorithm().key_len()];
            let (short, long) = (short.key(&key).unwrap(), long.key(&key).unwrap());
            for len in 0..130 {
                for aad_len in [0, 1, 12, 13, 16, 17, 31, 32, 33] {
                    let (mut a, aad) = (vec![5; len], vec![6; aad_len]);
                    let mut b = a.clone();
                    let tag = short.seal(&[9; 12], &aad, &mut a).unwrap();
                    assert_eq!(long.seal(&[9; 12], &aad, &mut b), Ok(tag), "{len} {aad_len}");
                    assert_eq!(a, b, "{len} {aad_len}");
                    let mut wrong = tag;
                    wrong[15] ^= 1;
                    let opened = short.open(&[9; 12], &aad, &mut a.clone(), &wrong);
                    assert_eq!(opened, Err(Error::NotAuthentic));
                    assert_eq!(short.open(&[9; 12], &aad, &mut a, &tag), Ok(()));
                    assert_eq!(a, vec![5; len]);
                }
            }
        }
    }

    /// Every rest and every carry: up to the carries that are ready, and where they are not any more.
    #[test]
    fn whole_blocks_make_no_difference() {
        static WHOLE_128: ShortGcm<Aes128, Long<Aes128Gcm>> = ShortGcm::new(&AES_128_GCM, Some(17_000));
        static WHOLE_256: ShortGcm<Aes256, Long<Aes256Gcm>> = ShortGcm::new(&AES_256_GCM, Some(usize::MAX));
        for whole in [&WHOLE_128 as &dyn Aead, &WHOLE_256] {
            let key = vec![3; whole.algorithm().key_len()];
            let key = whole.key(&key).unwrap();
            let lens = (0..1300).chain(2030..2066).chain(8175..8210).chain(16_350..16_420).chain([65_519]);
            for len in lens {
                let (mut sealed, aad) = (vec![5; len + 16], [6; 12]);
                let (message, tag) = sealed.split_last_chunk_mut().unwrap();
                key.seal_into(&[9; 12], &aad, message, tag).unwrap();
                let mut as_one = vec![5; len + 16];
                assert_eq!(key.seal_with_tag(&[9; 12], &aad, &mut as_one), Ok(()));
                assert!(as_one == sealed, "{len}");
                for wrong in [0, 8 * len, 8 * len + 127 - len % 128] {
                    let mut wrong_bit = sealed.clone();
                    wrong_bit[wrong / 8] ^= 0x80 >> (wrong % 8);
                    let opened = key.open_with_tag(&[9; 12], &aad, &mut wrong_bit);
                    assert_eq!(opened, Err(Error::NotAuthentic), "{len} {wrong}");
                }
                let opened = key.open_with_tag(&[9; 12], &[7; 12], &mut sealed.clone());
                assert_eq!(opened, Err(Error::NotAuthentic), "{len}");
                assert_eq!(key.open_with_tag(&[9; 12], &aad, &mut sealed), Ok(()), "{len}");
                assert_eq!(sealed[..len], vec![5; len]);
            }
            assert_eq!(key.open_with_tag(&[9; 12], &[], &mut [0; 15]), Err(Error::NotAuthentic));
            assert_eq!(key.seal_with_tag(&[9; 12], &[], &mut [0; 15]), Err(Error::Failed));
        }
    }
}
