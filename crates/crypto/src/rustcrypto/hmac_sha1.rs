//! HMAC-SHA1 (RFC 2104) over input that is hashed where it lies: STUN signs each check with it, and SRTP each packet.

use crate::{Digest, MacKey};
use alloc::boxed::Box;
use sha1::block_api::compress;
use zeroize::Zeroize as _;

/// A key whose two blocks are hashed already.
pub(super) struct HmacSha1 {
    inner: [u32; 5],
    outer: [u32; 5],
}

impl HmacSha1 {
    /// FIPS 180-4 §5.3.1.
    const START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

    pub(super) fn new(key: &[u8]) -> Self {
        let mut block = [0; 64];
        if key.len() > 64 {
            let digest = <sha1::Sha1 as hmac::digest::Digest>::digest(key);
            block.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        } else {
            block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        }
        let [inner, outer] = [0x36, 0x5c].map(|pad| {
            let mut state = Self::START;
            let mut padded = block.map(|byte| byte ^ pad);
            compress(&mut state, &[padded]);
            padded.zeroize();
            state
        });
        block.zeroize();
        Self { inner, outer }
    }

    pub(super) fn boxed(key: &[u8]) -> Box<dyn MacKey> {
        Box::new(Self::new(key))
    }

    /// The tag over `message` and `suffix`, which is no longer than 55 bytes.
    #[inline]
    pub(super) fn tag(&self, message: &[u8], suffix: &[u8]) -> [u8; 20] {
        let mut state = self.inner;
        let (whole, rest) = message.as_chunks();
        compress(&mut state, whole);
        self.finish(state, rest, suffix, message.len() + suffix.len())
    }

    /// The tag over several parts as if they were one.
    #[inline]
    fn tag_of(&self, parts: &[&[u8]]) -> [u8; 20] {
        if let [message] = parts {
            return self.tag(message, &[]);
        }
        let mut state = self.inner;
        let (mut block, mut held, mut len) = ([0; 64], 0, 0);
        for mut part in parts.iter().copied() {
            len += part.len();
            if held > 0 {
                let free = block.get_mut(held..).unwrap_or_default();
                let (now, later) = part.split_at(part.len().min(free.len()));
                free.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
                held += now.len();
                part = later;
                if held < block.len() {
                    continue;
                }
                compress(&mut state, &[block]);
            }
            let (whole, rest) = part.as_chunks();
            compress(&mut state, whole);
            block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            held = rest.len();
        }
        self.finish(state, block.get(..held).unwrap_or_default(), &[], len)
    }

    /// Hashes the last bytes, which fill no block: `rest` and `suffix` of `len` bytes in all.
    #[inline]
    fn finish(&self, mut state: [u32; 5], rest: &[u8], suffix: &[u8], len: usize) -> [u8; 20] {
        let mut blocks = [[0; 64]; 2];
        let bytes = blocks.as_flattened_mut();
        // `rest` is shorter than a block, so everything fits into two.
        let (start, behind) = bytes.split_at_mut_checked(rest.len()).unwrap_or_default();
        start.copy_from_slice(rest);
        let end = suffix.iter().chain(&[0x80]);
        behind.iter_mut().zip(end).for_each(|(to, from)| *to = *from);
        let bits = (64 + len as u64) * 8;
        let [first, second] = &mut blocks;
        if rest.len() + suffix.len() + 9 <= 64 {
            put_length(first, bits);
            compress(&mut state, core::slice::from_ref(first));
        } else {
            put_length(second, bits);
            compress(&mut state, &blocks);
        }

        let mut block = [0; 64];
        put_words(&mut block, &state);
        if let Some(end) = block.get_mut(20) {
            *end = 0x80;
        }
        put_length(&mut block, (64 + 20) * 8);
        let mut outer = self.outer;
        compress(&mut outer, &[block]);
        let mut tag = [0; 20];
        put_words(&mut tag, &outer);
        tag
    }
}

impl MacKey for HmacSha1 {
    fn sign(&self, parts: &[&[u8]]) -> Digest {
        Digest::new(&self.tag_of(parts))
    }

    fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        crate::hash::belongs(&self.tag_of(parts), tag)
    }
}

impl Drop for HmacSha1 {
    fn drop(&mut self) {
        self.inner.zeroize();
        self.outer.zeroize();
    }
}

#[inline]
fn put_length(block: &mut [u8; 64], bits: u64) {
    if let Some(end) = block.last_chunk_mut() {
        *end = bits.to_be_bytes();
    }
}

#[inline]
fn put_words(bytes: &mut [u8], words: &[u32; 5]) {
    bytes.as_chunks_mut().0.iter_mut().zip(words).for_each(|(to, word)| *to = word.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use hmac::{Hmac, KeyInit, Mac as _};

    /// Against the general construction, for every length around the block boundaries, whole and cut anywhere.
    #[test]
    fn parts_are_as_one() {
        let message: Vec<u8> = (0..200).collect();
        for key_len in [0, 20, 64, 65] {
            let key = &message[..key_len];
            let mac = HmacSha1::new(key);
            for len in 0..message.len() {
                let message = &message[..len];
                let mut reference = <Hmac<sha1::Sha1> as KeyInit>::new_from_slice(key).unwrap();
                reference.update(message);
                let expected = reference.finalize().into_bytes();
                assert_eq!(mac.sign(&[message]).as_ref(), &expected[..]);
                for cut in 0..=len {
                    let (a, b) = message.split_at(cut);
                    let (b, c) = b.split_at(b.len() / 2);
                    assert_eq!(mac.tag_of(&[a, b, &[], c])[..], expected[..], "{len} {cut}");
                }
            }
            assert_eq!(mac.tag_of(&[]), mac.tag(&[], &[]));
        }
    }
}
