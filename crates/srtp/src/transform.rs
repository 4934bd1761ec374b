//! The transforms of one key: encryption and authentication of a packet whose index is known.
//!
//! Both transforms count in one number: SSRC above 48 bits of index, under the salt. Counter mode puts 16 bits of block
//! counter behind (RFC 3711 §4.1.1), GCM nothing (RFC 7714 §8.1, §9.1).

use crate::extensions::{self, Ids};
use crate::shape::{CLEAR, Shape, gather, scatter};
use crate::{Misuse, SessionKey, SessionKeys, Suite};
use alloc::boxed::Box;
use siskin_crypto::{AeadKey, CounterKey, CounterMacKey, Provider};

/// A session's keys, prepared.
pub(crate) struct Transform {
    rtp: Cipher,
    rtcp: Cipher,
    header: Box<dyn CounterKey>,
    header_salt: u128,
}

enum Cipher {
    Cm { key: Box<dyn CounterMacKey>, salt: u128, tag_len: usize },
    Gcm { key: Box<dyn AeadKey>, salt: u128 },
}

/// The packet is not authentic, or the cryptography failed.
#[derive(Debug)]
pub(crate) struct Failed;

/// What follows a packet under CM: the rollover counter, or RTCP's index.
type Word = [u8; 4];

/// The E flag of SRTCP (RFC 3711 §3.4).
pub(crate) const ENCRYPTED: u32 = 1 << 31;

/// What GCM appends.
const GCM_TAG: usize = 16;

/// RTCP's header: length, type and SSRC (RFC 3711 §3.4).
pub(crate) const RTCP_HEADER: usize = 8;

impl Transform {
    pub(crate) fn new(provider: &Provider, suite: Suite, keys: &SessionKeys) -> Result<Self, Misuse> {
        let header = [keys.header.cipher.len(), keys.header.salt.len()];
        if header != [suite.key_len(), suite.salt_len()] {
            return Err(Misuse::WrongKeyLength);
        }
        Ok(Self {
            rtp: Cipher::new(provider, suite, &keys.rtp, suite.rtp_tag_len())?,
            rtcp: Cipher::new(provider, suite, &keys.rtcp, suite.rtcp_tag_len())?,
            header: provider.aes_ctr.key(&keys.header.cipher).map_err(|_| Misuse::Unsupported)?,
            // RFC 7714 §8.3 has the keystream of AES-CM for GCM, too, whose salt of 112 bits it does not have: RFC 6904 §3
            // makes this one as long as the payload's. Zeros follow it, as they follow the master salt (erratum 4938 of RFC
            // 7714), and as libsrtp does.
            header_salt: number(&keys.header.salt) << (8 * (16 - suite.salt_len())),
        })
    }

    /// Bytes of tag on an RTP packet.
    #[inline]
    pub(crate) fn rtp_tag_len(&self) -> usize {
        self.rtp.tag_len()
    }

    /// Encrypts or decrypts the header extensions that have one of `ids` (RFC 6904).
    pub(crate) fn extensions(&self, packet: &mut [u8], shape: Shape, index: u64, ids: Ids) {
        let counter = self.header_salt ^ (u128::from(shape.ssrc) << 48 | u128::from(index)) << 16;
        let data = packet.get_mut(shape.extension_data()..shape.payload).unwrap_or_default();
        extensions::apply(&*self.header, counter, shape.profile.unwrap_or_default(), data, ids);
    }

    /// Protects the RTP packet in the first `len` bytes of `buffer`, and puts the tag, and under CM before it `mki`,
    /// behind. Gives the new length.
    #[inline]
    pub(crate) fn seal_rtp(
        &self,
        buffer: &mut [u8],
        len: usize,
        shape: Shape,
        index: u64,
        cryptex: bool,
        mki: &[u8],
    ) -> Result<usize, Failed> {
        let (packet, behind) = buffer.split_at_mut_checked(len).ok_or(Failed)?;
        let clear = if cryptex { CLEAR } else { shape.payload };
        let gathered = cryptex && shape.csrcs > 0;
        if gathered {
            gather(packet, shape);
        }
        let tag_len = match &self.rtp {
            Cipher::Cm { key, salt, tag_len } => {
                let counter = counter_block(*salt, shape.ssrc, index);
                let suffix = rollovers(index);
                let tag = if gathered {
                    key.apply(&counter, packet.get_mut(clear..).unwrap_or_default());
                    scatter(packet, shape);
                    key.seal(&counter, packet, len, &suffix)
                } else {
                    key.seal(&counter, packet, clear, &suffix)
                };
                put(behind, &[mki, tag.get(..*tag_len).unwrap_or_default()])?;
                *tag_len
            }
            Cipher::Gcm { key, salt } => {
                let (packet, behind) = buffer.split_at_mut_checked(len + GCM_TAG).ok_or(Failed)?;
                let (aad, payload) = packet.split_at_mut_checked(clear).ok_or(Failed)?;
                let sealed = key.seal_with_tag(&nonce(*salt, shape.ssrc, index), aad, payload);
                sealed.map_err(|_| Failed)?;
                put(behind, &[mki])?;
                if gathered {
                    scatter(packet, shape);
                }
                GCM_TAG
            }
        };
        Ok(len + tag_len + mki.len())
    }

    /// Undoes [`seal_rtp`](Self::seal_rtp), where `packet` ends with tag and identifier.
    #[inline]
    pub(crate) fn open_rtp(
        &self,
        packet: &mut [u8],
        shape: Shape,
        index: u64,
        cryptex: bool,
        mki_len: usize,
    ) -> Result<usize, Failed> {
        let clear = if cryptex { CLEAR } else { shape.payload };
        let gathered = cryptex && shape.csrcs > 0;
        let overhead = self.rtp.tag_len() + mki_len;
        let len = packet.len().checked_sub(overhead).filter(|len| *len >= shape.payload).ok_or(Failed)?;
        match &self.rtp {
            Cipher::Cm { key, salt, .. } => {
                let (packet, behind) = packet.split_at_mut_checked(len).ok_or(Failed)?;
                let tag = behind.get(mki_len..).unwrap_or_default();
                let counter = counter_block(*salt, shape.ssrc, index);
                let suffix = rollovers(index);
                let clear = if gathered { len } else { clear };
                key.open(&counter, packet, clear, &suffix, tag).map_err(|_| Failed)?;
                if gathered {
                    gather(packet, shape);
                    key.apply(&counter, packet.get_mut(CLEAR..).unwrap_or_default());
                }
            }
            Cipher::Gcm { key, salt } => {
                if gathered {
                    gather(packet, shape);
                }
                let sealed = packet.get_mut(..len + GCM_TAG).ok_or(Failed)?;
                let (aad, payload) = sealed.split_at_mut_checked(clear).ok_or(Failed)?;
                let opened = key.open_with_tag(&nonce(*salt, shape.ssrc, index), aad, payload);
                opened.map_err(|_| Failed)?;
            }
        }
        if gathered {
            scatter(packet, shape);
        }
        Ok(len)
    }

    /// Protects the RTCP packet in the first `len` bytes of `buffer`; `word` is its index with the E flag.
    pub(crate) fn seal_rtcp(
        &self,
        buffer: &mut [u8],
        len: usize,
        ssrc: u32,
        word: u32,
        mki: &[u8],
    ) -> Result<usize, Failed> {
        let encrypted = word & ENCRYPTED != 0;
        let index = u64::from(word & !ENCRYPTED);
        let word: Word = word.to_be_bytes();
        let (packet, behind) = buffer.split_at_mut_checked(len).ok_or(Failed)?;
        let tag_len = match &self.rtcp {
            Cipher::Cm { key, salt, tag_len } => {
                let clear = if encrypted { RTCP_HEADER } else { len };
                let tag = key.seal(&counter_block(*salt, ssrc, index), packet, clear, &word);
                put(behind, &[&word, mki, tag.get(..*tag_len).unwrap_or_default()])?;
                *tag_len
            }
            Cipher::Gcm { key, salt } => {
                let nonce = nonce(*salt, ssrc, index);
                let tag = if encrypted {
                    let (header, payload) = packet.split_first_chunk_mut().ok_or(Failed)?;
                    key.seal(&nonce, &rtcp_aad(header, word), payload)
                } else {
                    put(behind, &[&word])?;
                    key.seal(&nonce, buffer.get(..len + 4).ok_or(Failed)?, &mut [])
                };
                let behind = buffer.get_mut(len..).ok_or(Failed)?;
                put(behind, &[&tag.map_err(|_| Failed)?, &word, mki])?;
                GCM_TAG
            }
        };
        Ok(len + tag_len + word.len() + mki.len())
    }

    /// Undoes [`seal_rtcp`](Self::seal_rtcp).
    pub(crate) fn open_rtcp(
        &self,
        packet: &mut [u8],
        ssrc: u32,
        word: u32,
        mki_len: usize,
    ) -> Result<usize, Failed> {
        let encrypted = word & ENCRYPTED != 0;
        let index = u64::from(word & !ENCRYPTED);
        let word: Word = word.to_be_bytes();
        let overhead = self.rtcp.tag_len() + word.len() + mki_len;
        let len = packet.len().checked_sub(overhead).filter(|len| *len >= RTCP_HEADER).ok_or(Failed)?;
        let (clear, behind) = packet.split_at_mut_checked(len).ok_or(Failed)?;
        match &self.rtcp {
            Cipher::Cm { key, salt, .. } => {
                let tag = behind.get(word.len() + mki_len..).unwrap_or_default();
                let counter = counter_block(*salt, ssrc, index);
                let from = if encrypted { RTCP_HEADER } else { len };
                key.open(&counter, clear, from, &word, tag).map_err(|_| Failed)?;
            }
            Cipher::Gcm { key, salt } => {
                let nonce = nonce(*salt, ssrc, index);
                let tag = *behind.first_chunk().ok_or(Failed)?;
                let opened = if encrypted {
                    let (header, payload) = clear.split_first_chunk_mut().ok_or(Failed)?;
                    key.open(&nonce, &rtcp_aad(header, word), payload, &tag)
                } else {
                    put(behind, &[&word])?;
                    key.open(&nonce, packet.get(..len + 4).ok_or(Failed)?, &mut [], &tag)
                };
                opened.map_err(|_| Failed)?;
            }
        }
        Ok(len)
    }
}

/// RFC 7714 §9.2: header and index.
fn rtcp_aad(header: &[u8; RTCP_HEADER], word: Word) -> [u8; RTCP_HEADER + 4] {
    let both = u128::from(u64::from_be_bytes(*header)) << 32 | u128::from(u32::from_be_bytes(word));
    low_bytes(both)
}

impl Cipher {
    fn new(provider: &Provider, suite: Suite, key: &SessionKey, tag_len: usize) -> Result<Self, Misuse> {
        let right = [suite.key_len(), suite.auth_key_len(), suite.salt_len()];
        if [key.cipher.len(), key.auth.len(), key.salt.len()] != right {
            return Err(Misuse::WrongKeyLength);
        }
        let salt = number(&key.salt);
        let aead = if suite.key_len() == 16 { provider.aes128gcm } else { provider.aes256gcm };
        let cipher = if suite.is_aead() {
            aead.key(&key.cipher).map(|key| Self::Gcm { key, salt })
        } else {
            let key = provider.aes_ctr.with_hmac_sha1(&key.cipher, &key.auth);
            key.map(|key| Self::Cm { key, salt: salt << 16, tag_len })
        };
        cipher.map_err(|_| Misuse::Unsupported)
    }

    const fn tag_len(&self) -> usize {
        match self {
            Self::Cm { tag_len, .. } => *tag_len,
            Self::Gcm { .. } => GCM_TAG,
        }
    }
}

/// RFC 3711 §4.1.1; the salt is in its place already.
#[inline]
fn counter_block(salt: u128, ssrc: u32, index: u64) -> [u8; 16] {
    (salt ^ (u128::from(ssrc) << 64 | u128::from(index) << 16)).to_be_bytes()
}

/// RFC 7714 §8.1 and §9.1.
#[inline]
fn nonce(salt: u128, ssrc: u32, index: u64) -> [u8; 12] {
    let number = salt ^ (u128::from(ssrc) << 48 | u128::from(index));
    // In the two words in which AES-GCM reads it: it would wait for others.
    let [a, b, c, d, e, f, g, h] = ((number >> 32) as u64).to_be_bytes();
    let [i, j, k, l] = (number as u32).to_be_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l]
}

/// A number of 96 bits.
#[inline]
fn low_bytes(number: u128) -> [u8; 12] {
    number.to_be_bytes().last_chunk().copied().unwrap_or_default()
}

/// The rollover counter, as it is authenticated (RFC 3711 §4.2).
#[inline]
fn rollovers(index: u64) -> Word {
    ((index >> 16) as u32).to_be_bytes()
}

fn number(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Writes `pieces` one behind the other.
#[inline]
fn put(mut to: &mut [u8], pieces: &[&[u8]]) -> Result<(), Failed> {
    for piece in pieces {
        let (now, later) = to.split_at_mut_checked(piece.len()).ok_or(Failed)?;
        now.copy_from_slice(piece);
        to = later;
    }
    Ok(())
}
