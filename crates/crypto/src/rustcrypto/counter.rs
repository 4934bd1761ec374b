//! AES in counter mode, and with HMAC-SHA1.

use super::hmac_sha1::HmacSha1;
use super::keystream::{Cipher, Keystream};
use crate::{CounterBlock, CounterKey, CounterMacKey, CounterMode, Error, constant_time_eq};
use alloc::boxed::Box;

pub(crate) static AES: Aes = Aes;

pub(crate) struct Aes;

impl CounterMode for Aes {
    fn key(&self, key: &[u8]) -> Result<Box<dyn CounterKey>, Error> {
        match key.len() {
            16 => Ok(Box::new(Key(super::keystream::Aes128::prepare(key)?))),
            32 => Ok(Box::new(Key(super::keystream::Aes256::prepare(key)?))),
            _ => Err(Error::InvalidKey),
        }
    }

    fn with_hmac_sha1(&self, key: &[u8], mac_key: &[u8]) -> Result<Box<dyn CounterMacKey>, Error> {
        let mac = HmacSha1::new(mac_key);
        match key.len() {
            16 => Ok(Box::new(MacKey { aes: super::keystream::Aes128::prepare(key)?, mac })),
            32 => Ok(Box::new(MacKey { aes: super::keystream::Aes256::prepare(key)?, mac })),
            _ => Err(Error::InvalidKey),
        }
    }
}

struct Key<C>(C);

impl<C: Cipher> CounterKey for Key<C> {
    fn apply(&self, counter: &CounterBlock, in_out: &mut [u8]) {
        Keystream::new(&self.0, counter).apply(in_out);
    }
}

struct MacKey<C> {
    aes: C,
    mac: HmacSha1,
}

impl<C: Cipher> CounterKey for MacKey<C> {
    fn apply(&self, counter: &CounterBlock, in_out: &mut [u8]) {
        Keystream::new(&self.aes, counter).apply(in_out);
    }
}

impl<C: Cipher> CounterMacKey for MacKey<C> {
    #[inline]
    fn seal(&self, counter: &CounterBlock, packet: &mut [u8], clear: usize, suffix: &[u8; 4]) -> [u8; 20] {
        Keystream::new(&self.aes, counter).apply(packet.get_mut(clear..).unwrap_or_default());
        self.mac.tag(packet, suffix)
    }

    #[inline]
    fn open(
        &self,
        counter: &CounterBlock,
        packet: &mut [u8],
        clear: usize,
        suffix: &[u8; 4],
        tag: &[u8],
    ) -> Result<(), Error> {
        let expected = self.mac.tag(packet, suffix);
        let authentic =
            tag.len() >= 4 && expected.get(..tag.len()).is_some_and(|cut| constant_time_eq(cut, tag));
        if !authentic {
            return Err(Error::NotAuthentic);
        }
        Keystream::new(&self.aes, counter).apply(packet.get_mut(clear..).unwrap_or_default());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// Every length around the block boundaries, with every length of header, against the separate primitives.
    #[test]
    fn the_pair_does_what_each_does() {
        let reference_mac = crate::rustcrypto().sha1.hmac(&[9; 20]);
        for key in [&[1; 16][..], &[1; 32]] {
            let both = AES.with_hmac_sha1(key, &[9; 20]).unwrap();
            let cipher = AES.key(key).unwrap();
            for len in 0..=300 {
                for clear in [0, 8, 12, 28, 64, len, len + 1] {
                    let plain: Vec<u8> = (0..len).map(|i| i as u8).collect();
                    let (mut packet, mut expected) = (plain.clone(), plain.clone());
                    let tag = both.seal(&[0xff; 16], &mut packet, clear, b"tail");
                    cipher.apply(&[0xff; 16], expected.get_mut(clear..).unwrap_or_default());
                    assert_eq!(packet, expected, "{len} {clear}");
                    assert_eq!(tag, reference_mac.sign(&[&expected, b"tail"]).as_ref(), "{len} {clear}");
                    let forged = both.open(&[0xff; 16], &mut packet.clone(), clear, b"tali", &tag);
                    assert_eq!(forged, Err(Error::NotAuthentic));
                    assert_eq!(both.open(&[0xff; 16], &mut packet, clear, b"tail", &tag[..4]), Ok(()));
                    assert_eq!(packet, plain, "{len} {clear}");
                }
            }
            let short = both.open(&[0; 16], &mut [], 0, b"tail", &[]);
            assert_eq!(short, Err(Error::NotAuthentic));
        }
    }

    /// RFC 2202 §3, test cases 2 and 6: a short key, and one that is longer than a block.
    #[test]
    fn rfc2202_3_hmac_sha1() {
        let tag = |key: &[u8], message: &[u8]| {
            let (mut message, suffix) = (message.to_vec(), *message.last_chunk().unwrap());
            message.truncate(message.len() - 4);
            let clear = message.len();
            let key = AES.with_hmac_sha1(&[0; 16], key).unwrap();
            alloc::format!("{:?}", crate::Digest::new(&key.seal(&[0; 16], &mut message, clear, &suffix)))
        };
        assert_eq!(tag(b"Jefe", b"what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        let message = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(tag(&[0xaa; 80], message), "aa4ae5e15272d00e95705637ce8a3b55ed402112");
    }
}
